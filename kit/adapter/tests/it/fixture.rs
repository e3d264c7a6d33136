//! An adapter of the stories, which keeps what it provisions in memory, and its host.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use kit_adapter::{
    Adapter, AdapterClient, AdapterCredentials, AdapterError, AdapterHost, HostDeps, Instance,
    InstanceContext, InstanceParameters, Offers, OperationState, PlanOffer, Progress, TABLES, Usage,
};
use kit_db::Migrations;
use kit_rpc::pool::PoolSettings;
use kit_rpc::{Deadline, RpcPool};
use kit_runtime::{Ids, Secret, Timestamp};
use kit_service::Units;
use kit_testing::{Fixture, TestProcess, eventually, open_database};
use kit_values::Money;
use serde_json::{Value, json};
use tokio::sync::Notify;

/// The adapter, and what it has provisioned.
#[derive(Clone, Default)]
pub(crate) struct MemoryAdapter(Arc<Inner>);

#[derive(Default)]
struct Inner {
    things: Mutex<Things>,
    /// Somebody has begun to do something and waits.
    begun: Notify,
    /// Whoever waits may go on.
    go_on: Notify,
}

/// What there is, what was done, and what goes wrong next.
#[derive(Default)]
pub(crate) struct Things {
    /// By instance: the bindings, and whether it is suspended.
    pub instances: BTreeMap<String, (Vec<String>, bool)>,
    /// What was done, in its order.
    pub done: Vec<String>,
    /// What is answered instead of doing anything, the last first.
    pub faults: Vec<AdapterError>,
    /// Whether what is done waits before it is answered.
    pub waits: bool,
}

impl MemoryAdapter {
    pub(crate) fn things(&self) -> MutexGuard<'_, Things> {
        self.0.things.lock().unwrap()
    }

    pub(crate) fn done(&self) -> Vec<String> {
        self.things().done.clone()
    }

    /// Until something has begun that waits.
    pub(crate) async fn has_begun(&self) {
        self.0.begun.notified().await;
    }

    /// Lets go on what waits, and what comes.
    pub(crate) fn go_on(&self) {
        self.things().waits = false;
        self.0.go_on.notify_waiters();
    }

    async fn act(&self, what: &str, change: impl FnOnce(&mut Things)) -> Result<(), AdapterError> {
        let waiting = {
            let mut things = self.things();
            if let Some(fault) = things.faults.pop() {
                return Err(fault);
            }
            things.done.push(what.to_owned());
            change(&mut things);
            things.waits.then(|| self.0.go_on.notified())
        };
        if let Some(waiting) = waiting {
            self.0.begun.notify_one();
            waiting.await;
        }
        Ok(())
    }
}

impl Adapter for MemoryAdapter {
    async fn offers(&self) -> Result<Offers, AdapterError> {
        let plan = |id: &str, retired| PlanOffer {
            id: id.to_owned(),
            name: id.to_owned(),
            description: "A place on the shelf".to_owned(),
            retired,
        };
        Ok(Offers {
            service_id: "shelf".to_owned(),
            name: "shelf".to_owned(),
            description: "Places on a shelf".to_owned(),
            plans: vec![plan("SMALL", false), plan("LARGE", false), plan("OLD", true)],
        })
    }

    async fn provision(&self, instance: &Instance) -> Result<(), AdapterError> {
        let id = instance.id.clone();
        self.act("provision", |things| {
            things.instances.entry(id).or_default();
        })
        .await
    }

    async fn bind(&self, instance: &Instance, binding_id: &str) -> Result<Value, AdapterError> {
        let (id, binding) = (instance.id.clone(), binding_id.to_owned());
        let change = |things: &mut Things| things.instances.entry(id).or_default().0.push(binding);
        self.act("bind", change).await?;
        Ok(json!({ "key": "of the shelf" }))
    }

    async fn unbind(&self, instance: &Instance, binding_id: &str) -> Result<(), AdapterError> {
        let (id, binding) = (instance.id.clone(), binding_id.to_owned());
        let change = |things: &mut Things| {
            things
                .instances
                .entry(id)
                .or_default()
                .0
                .retain(|one| *one != binding);
        };
        self.act("unbind", change).await
    }

    async fn deprovision(&self, instance: &Instance) -> Result<(), AdapterError> {
        let id = instance.id.clone();
        self.act("deprovision", |things| {
            things.instances.remove(&id);
        })
        .await
    }

    async fn usage(&self, _: &Instance) -> Result<Usage, AdapterError> {
        self.act("usage", |_| ()).await?;
        Ok(Usage {
            bytes: 7,
            objects: 1,
            measured_at: Timestamp::from_seconds(1),
        })
    }

    async fn suspend(&self, instance: &Instance) -> Result<(), AdapterError> {
        let id = instance.id.clone();
        self.act("suspend", |things| {
            things.instances.entry(id).or_default().1 = true;
        })
        .await
    }

    async fn resume(&self, instance: &Instance) -> Result<(), AdapterError> {
        let id = instance.id.clone();
        self.act("resume", |things| {
            things.instances.entry(id).or_default().1 = false;
        })
        .await
    }

    async fn health(&self) -> Result<(), AdapterError> {
        self.act("health", |_| ()).await
    }
}

/// A process that hosts the adapter.
pub(crate) struct Host {
    pub process: Arc<TestProcess>,
    pub address: SocketAddr,
    pub adapter: AdapterHost<MemoryAdapter>,
}

impl Host {
    pub(crate) async fn start(fixture: &Fixture, adapter: &MemoryAdapter) -> Self {
        let host = Self::open(fixture, adapter).await;
        host.adapter.start();
        host
    }

    /// One that accepts and does nothing of it.
    pub(crate) async fn open(fixture: &Fixture, adapter: &MemoryAdapter) -> Self {
        let process = fixture.process();
        let migrations = Migrations::new(&[TABLES]);
        let db = open_database(
            &process,
            ("shelf", process.clock()),
            fixture.target(),
            &migrations,
        )
        .await;
        let deps = HostDeps {
            units: Units::new(db, process.clock(), Ids::system()),
            tasks: process.lifecycle.tasks(),
            internal_keys: process.internal_keys(),
            credentials: Some(credentials("secret")),
            poll: Duration::from_millis(5),
        };
        let host = AdapterHost::new(adapter.clone(), deps);
        let address = process.serve(host.router()).await;
        Self {
            process,
            address,
            adapter: host,
        }
    }

    /// As services of the platform call it, from another process.
    pub(crate) fn client(&self) -> AdapterClient {
        client_of(&self.process, self.address)
    }

    pub(crate) async fn provision(&self, instance: &Instance) {
        self.client().provision(instance, soon()).await.unwrap();
        becomes(&self.client(), instance, OperationState::Succeeded).await;
    }
}

pub(crate) fn client_of(process: &TestProcess, address: SocketAddr) -> AdapterClient {
    let pool = RpcPool::new(PoolSettings::default(), process.lifecycle.tasks());
    let address = format!("http://{address}").parse().unwrap();
    AdapterClient::of_peer(&pool, &address, process.internal_keys()).unwrap()
}

pub(crate) fn credentials(password: &str) -> AdapterCredentials {
    AdapterCredentials {
        username: "stoa".to_owned(),
        password: Secret::new(password.to_owned()),
    }
}

pub(crate) fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

pub(crate) fn instance(id: &str) -> Instance {
    Instance {
        id: id.to_owned(),
        plan_id: "SMALL".to_owned(),
        context: InstanceContext {
            platform: "stoa".to_owned(),
            user_id: "0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c".to_owned(),
            username: "ada".to_owned(),
        },
        parameters: InstanceParameters {
            sku: "SMALL".parse().unwrap(),
            price: Money {
                amount_minor: 499,
                currency: "USD".parse().unwrap(),
            },
            duration_days: 30,
        },
    }
}

/// Returns once an operation is so far.
pub(crate) async fn becomes(client: &AdapterClient, instance: &Instance, state: OperationState) {
    let looks = async || {
        let now = client.last_operation(instance, None, soon()).await.unwrap();
        (now == state).then_some(())
    };
    eventually("the operation is so far", looks).await;
}

pub(crate) fn operation(progress: Progress) -> Option<String> {
    match progress {
        Progress::Done => None,
        Progress::InProgress { operation } => operation,
    }
}
