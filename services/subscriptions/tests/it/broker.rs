//! An adapter as its author writes it, in memory, behind real HTTP, with a line to it that can go wrong.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kit_adapter::{
    Adapter, AdapterCredentials, AdapterError, AdapterHost, HostDeps, Instance, Offers, PlanOffer, TABLES,
    Usage,
};
use kit_db::Migrations;
use kit_runtime::{Ids, Secret};
use kit_service::Units;
use kit_testing::{Fixture, open_database};
use serde_json::{Value, json};

pub(crate) const USERNAME: &str = "platform";
pub(crate) const PASSWORD: &str = "the password of the tests";

/// What is never to be seen outside of the adapter.
pub(crate) const CREDENTIALS: &str = "a secret access key";

/// How the line is, and what the adapter does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Works,
    /// Whatever is asked is answered with this, and not done.
    Answers(StatusCode),
    /// It is done, and answered with 500.
    LosesAnswers,
    /// It is done, and answered with something else than JSON.
    Mumbles,
    /// It does nothing that it accepts.
    Rejects,
}

/// How far an instance is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Made {
    pub is_suspended: bool,
    pub bindings: usize,
    pub username: String,
    pub duration_days: u32,
}

/// The adapter, and what it has made.
#[derive(Clone)]
pub(crate) struct Broker {
    inner: Arc<Mutex<Inner>>,
    pub(crate) address: SocketAddr,
}

struct Inner {
    mood: Mood,
    made: BTreeMap<String, Made>,
    /// How often each thing was done, by its name.
    done: BTreeMap<&'static str, usize>,
}

#[derive(Clone)]
struct Maker(Arc<Mutex<Inner>>);

impl Broker {
    pub(crate) async fn start(fixture: &Fixture) -> Self {
        let inner = Arc::new(Mutex::new(Inner {
            mood: Mood::Works,
            made: BTreeMap::new(),
            done: BTreeMap::new(),
        }));
        let process = fixture.process();
        let target = fixture.target_of("broker").await;
        let named = ("broker", process.clock());
        let db = open_database(&process, named, target, &Migrations::new(&[TABLES])).await;
        let host = AdapterHost::new(
            Maker(inner.clone()),
            HostDeps {
                units: Units::new(db, process.clock(), Ids::system()),
                tasks: process.lifecycle.tasks(),
                internal_keys: process.internal_keys(),
                credentials: Some(AdapterCredentials {
                    username: USERNAME.to_owned(),
                    password: Secret::new(PASSWORD.to_owned()),
                }),
                poll: Duration::from_millis(20),
            },
        );
        host.start();
        let router: Router = host.router();
        let router = router.layer(from_fn_with_state(inner.clone(), line));
        let address = process.serve(router).await;
        Self { inner, address }
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.inner.lock().unwrap().mood = mood;
    }

    /// What there is of a subscription.
    pub(crate) fn made(&self, id: &str) -> Option<Made> {
        self.inner.lock().unwrap().made.get(id).cloned()
    }

    pub(crate) fn count(&self) -> usize {
        self.inner.lock().unwrap().made.len()
    }

    /// How often something was done.
    pub(crate) fn done(&self, what: &str) -> usize {
        self.inner
            .lock()
            .unwrap()
            .done
            .get(what)
            .copied()
            .unwrap_or_default()
    }
}

async fn line(State(inner): State<Arc<Mutex<Inner>>>, request: Request, next: Next) -> Response {
    let mood = inner.lock().unwrap().mood;
    match mood {
        Mood::Works | Mood::Rejects => next.run(request).await,
        Mood::Answers(status) => (status, axum::Json(json!({ "description": "not now" }))).into_response(),
        Mood::LosesAnswers => {
            next.run(request).await;
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Mood::Mumbles => {
            let status = next.run(request).await.status();
            (status, "<html>").into_response()
        }
    }
}

impl Maker {
    /// Does something to an instance, unless the adapter is in no mood.
    fn act<T>(
        &self,
        what: &'static str,
        act: impl FnOnce(&mut BTreeMap<String, Made>) -> T,
    ) -> Result<T, AdapterError> {
        let mut inner = self.0.lock().unwrap();
        if inner.mood == Mood::Rejects {
            return Err(AdapterError::Rejected("there is no room".to_owned()));
        }
        *inner.done.entry(what).or_default() += 1;
        Ok(act(&mut inner.made))
    }
}

impl Adapter for Maker {
    async fn offers(&self) -> Result<Offers, AdapterError> {
        let plan = |id: &str| PlanOffer {
            id: id.to_owned(),
            name: id.to_lowercase(),
            description: "a plan".to_owned(),
            retired: false,
        };
        Ok(Offers {
            service_id: "0199f3a5-0000-7000-8000-000000000001".to_owned(),
            name: "test".to_owned(),
            description: "things in memory".to_owned(),
            plans: ["S3-10GB", "S3-20GB"].map(plan).to_vec(),
        })
    }

    async fn provision(&self, instance: &Instance) -> Result<(), AdapterError> {
        self.act("provision", |made| {
            let new = Made {
                username: instance.context.username.clone(),
                duration_days: instance.parameters.duration_days,
                ..Made::default()
            };
            made.entry(instance.id.clone()).or_insert(new);
        })
    }

    async fn bind(&self, instance: &Instance, _: &str) -> Result<Value, AdapterError> {
        self.act("bind", |made| {
            if let Some(made) = made.get_mut(&instance.id) {
                made.bindings = 1;
            }
        })?;
        Ok(json!({ "secret_access_key": CREDENTIALS }))
    }

    async fn unbind(&self, instance: &Instance, _: &str) -> Result<(), AdapterError> {
        self.act("unbind", |made| {
            if let Some(made) = made.get_mut(&instance.id) {
                made.bindings = 0;
            }
        })
    }

    async fn deprovision(&self, instance: &Instance) -> Result<(), AdapterError> {
        self.act("deprovision", |made| {
            made.remove(&instance.id);
        })
    }

    async fn usage(&self, _: &Instance) -> Result<Usage, AdapterError> {
        Err(AdapterError::Unavailable("nobody measures".to_owned()))
    }

    async fn suspend(&self, instance: &Instance) -> Result<(), AdapterError> {
        self.act("suspend", |made| {
            if let Some(made) = made.get_mut(&instance.id) {
                made.is_suspended = true;
            }
        })
    }

    async fn resume(&self, instance: &Instance) -> Result<(), AdapterError> {
        self.act("resume", |made| {
            if let Some(made) = made.get_mut(&instance.id) {
                made.is_suspended = false;
            }
        })
    }

    async fn health(&self) -> Result<(), AdapterError> {
        self.act("health", |_| ())
    }
}
