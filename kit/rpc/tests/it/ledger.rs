//! A small contract, a service that does what a test tells it, and the three ways to call it.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kit_config::BaseUrl;
use kit_http::server::{Server, ServerSettings, Stack};
use kit_rpc::pool::{Pool, PoolSettings};
use kit_rpc::{Actor, CallContext, CallError, Deadline, InternalKeys, Remote, RpcPool};
use kit_runtime::{Ids, Lifecycle, Secret};
use kit_telemetry::Metrics;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Ask {
    /// What each attempt shall do; those beyond answer.
    pub(crate) script: Vec<Act>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Act {
    Answer,
    Refuse,
    Panic,
    Hang,
    Unavailable,
    Unknown,
    Internal,
}

/// What the service saw of a call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) attempt: u32,
    pub(crate) actor: Actor,
    pub(crate) remaining: Duration,
    pub(crate) trace: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) idempotency_key: Option<String>,
}

kit_http::refusals! {
    /// What the ledger refuses.
    pub(crate) enum LedgerRefusal("Ledger") {
        /// There is not enough on the account.
        Overdrawn {
            /// How much is missing.
            missing: i64,
        } = CONFLICT, "overdrawn", "{missing} are missing";
    }
}

pub(crate) type LedgerError = CallError<LedgerRefusal>;

kit_rpc::contract! {
    /// For the tests.
    pub(crate) trait Ledger("ledger"), client LedgerClient, error LedgerError {
        /// Changes nothing.
        query look(Ask) -> Seen;
        /// Changes something.
        command change(Ask) -> Seen;
    }
}

/// A service that follows the script and counts.
#[derive(Default)]
pub(crate) struct Scripted {
    attempts: AtomicU32,
    /// Told when a hanging call is dropped.
    pub(crate) dropped: Notify,
    /// Told when a call hangs.
    pub(crate) hanging: Notify,
}

impl Scripted {
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::SeqCst)
    }

    async fn play(&self, call: &CallContext, ask: Ask) -> Result<Seen, LedgerError> {
        let earlier = self.attempts.fetch_add(1, Ordering::SeqCst);
        match ask.script.get(earlier as usize).unwrap_or(&Act::Answer) {
            Act::Answer => Ok(Seen {
                attempt: earlier + 1,
                actor: call.actor().clone(),
                remaining: call.deadline().remaining(),
                trace: call.trace().map(|trace| trace.to_string()),
                request_id: call.request_id().map(ToString::to_string),
                idempotency_key: call.idempotency_key().map(ToString::to_string),
            }),
            Act::Refuse => Err(CallError::Refused(LedgerRefusal::Overdrawn { missing: 7 })),
            Act::Panic => panic!("as the test asked"),
            Act::Hang => {
                let _notify = NotifyOnDrop(&self.dropped);
                self.hanging.notify_one();
                pending().await
            }
            Act::Unavailable => Err(LedgerError::Unavailable),
            Act::Unknown => Err(LedgerError::Unknown),
            Act::Internal => Err(LedgerError::Internal),
        }
    }
}

struct NotifyOnDrop<'a>(&'a Notify);

impl Drop for NotifyOnDrop<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Ledger for Scripted {
    async fn look(&self, call: &CallContext, request: Ask) -> Result<Seen, LedgerError> {
        self.play(call, request).await
    }

    async fn change(&self, call: &CallContext, request: Ask) -> Result<Seen, LedgerError> {
        self.play(call, request).await
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Transport {
    Local,
    Loopback,
    Http,
}

/// A service and a client that reaches it one way.
pub(crate) struct Fixture {
    pub(crate) transport: Transport,
    pub(crate) service: Arc<Scripted>,
    pub(crate) client: LedgerClient,
    _lifecycle: Lifecycle,
}

/// Runs a test each way, with a fresh service.
pub(crate) async fn each_transport(test: impl AsyncFn(Fixture)) {
    for transport in [Transport::Local, Transport::Loopback, Transport::Http] {
        let (lifecycle, service) = (Lifecycle::new(), Arc::new(Scripted::default()));
        let client = match transport {
            Transport::Local => LedgerClient::local(service.clone()),
            Transport::Loopback => LedgerClient::loopback(service.clone()),
            Transport::Http => {
                let address = serve(&lifecycle, &service, &keys(&["one"])).await;
                client(&lifecycle, &address, &keys(&["one"]))
            }
        };
        test(Fixture {
            transport,
            service,
            client,
            _lifecycle: lifecycle,
        })
        .await;
    }
}

/// Keys by short names.
pub(crate) fn keys(names: &[&str]) -> InternalKeys {
    let key = |name: &&str| Secret::new(format!("{name}-is-the-name-of-this-internal-key"));
    InternalKeys::new(names.iter().map(key).collect()).unwrap()
}

/// Serves the internal routes behind the real stack.
pub(crate) async fn serve(lifecycle: &Lifecycle, service: &Arc<Scripted>, keys: &InternalKeys) -> BaseUrl {
    let server = Server::bind("127.0.0.1:0".parse().unwrap(), ServerSettings::default())
        .await
        .unwrap();
    let address = format!("http://{}", server.address().unwrap());
    let stack = Stack::new(Ids::system(), &Metrics::new());
    let router = LedgerClient::router(service.clone(), keys.clone());
    server.serve(router, stack, &lifecycle.tasks());
    address.parse().unwrap()
}

pub(crate) fn client(lifecycle: &Lifecycle, address: &BaseUrl, keys: &InternalKeys) -> LedgerClient {
    let pool: RpcPool = Pool::new(PoolSettings::default(), lifecycle.tasks());
    LedgerClient::remote(Remote::new(&pool, address, keys.clone()).unwrap())
}

/// How long a call may take.
pub(crate) const CALL_LIMIT: Duration = Duration::from_mins(1);

pub(crate) fn call() -> CallContext {
    CallContext::new(Actor::Anonymous, Deadline::after(CALL_LIMIT))
}

pub(crate) fn script(acts: &[Act]) -> Ask {
    Ask {
        script: acts.to_vec(),
    }
}
