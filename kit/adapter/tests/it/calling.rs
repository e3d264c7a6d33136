//! What the platform makes of the answers of an adapter that is not ours.
#![expect(
    clippy::expect_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use kit_adapter::{AdapterClient, AdapterFault, OperationState, Progress};
use kit_rpc::pool::PoolSettings;
use kit_rpc::{Deadline, RpcPool};
use kit_testing::TestProcess;
use serde_json::json;

use crate::fixture::{credentials, instance, soon};

/// What is answered next, the last first; nothing is answered where there is nothing.
type Script = Arc<Mutex<Vec<(u16, &'static str)>>>;

async fn answer(State(script): State<Script>, uri: Uri, headers: HeaderMap) -> Response {
    assert_eq!(headers["authorization"], "Basic c3RvYTpzZWNyZXQ=");
    if uri.path() == "/broker/v2/catalog" {
        let service =
            json!({ "id": "x", "name": "x", "description": "x", "bindable": true, "plans": [], "tags": [] });
        return axum::Json(json!({ "services": [service] })).into_response();
    }
    let next = script.lock().expect("nobody panics").pop();
    match next {
        Some((status, body)) => (StatusCode::from_u16(status).expect("a status"), body).into_response(),
        None => std::future::pending().await,
    }
}

struct Foreign {
    process: TestProcess,
    script: Script,
    client: AdapterClient,
}

impl Foreign {
    async fn start() -> Self {
        let (process, script) = (TestProcess::new(), Script::default());
        let address = process
            .serve(Router::new().fallback(answer).with_state(script.clone()))
            .await;
        let client = client_of(&process, address);
        Self {
            process,
            script,
            client,
        }
    }

    fn says(&self, status: u16, body: &'static str) {
        self.script.lock().expect("nobody panics").push((status, body));
    }
}

fn client_of(process: &TestProcess, address: SocketAddr) -> AdapterClient {
    let pool = RpcPool::new(PoolSettings::default(), process.lifecycle.tasks());
    let address = format!("http://{address}/broker").parse().expect("an address");
    AdapterClient::foreign(&pool, &address, &credentials("secret")).expect("no certificates are needed")
}

#[tokio::test]
async fn answers_say_what_was_done() {
    let foreign = Foreign::start().await;
    let (client, a) = (&foreign.client, instance("a"));
    let unknown = |fault: &Result<Progress, AdapterFault>| matches!(fault, Err(AdapterFault::Unknown(_)));
    let refused = |status| {
        Err(AdapterFault::Refused {
            status,
            description: "no".to_owned(),
        })
    };
    let not_now = Err(AdapterFault::NotNow("busy".to_owned()));
    let running = |operation: Option<&str>| {
        Ok(Progress::InProgress {
            operation: operation.map(str::to_owned),
        })
    };
    for (status, body, expected) in [
        (200, "{}", Ok(Progress::Done)),
        (
            201,
            r#"{"dashboard_url":"http://example.com"}"#,
            Ok(Progress::Done),
        ),
        (202, r#"{"operation":"op"}"#, running(Some("op"))),
        (202, "{}", running(None)),
        (400, r#"{"description":"no"}"#, refused(400)),
        (401, r#"{"description":"no"}"#, refused(401)),
        (409, r#"{"description":"no"}"#, refused(409)),
        (412, r#"{"description":"no"}"#, refused(412)),
        (
            422,
            r#"{"error":"AsyncRequired","description":"no"}"#,
            refused(422),
        ),
        (
            422,
            r#"{"error":"ConcurrencyError","description":"busy"}"#,
            not_now.clone(),
        ),
        (429, r#"{"description":"busy"}"#, not_now),
    ] {
        foreign.says(status, body);
        assert_eq!(client.provision(&a, soon()).await, expected, "{status} {body}");
    }
    for (status, body) in [
        (200, "<html>"),
        (202, ""),
        (301, "{}"),
        (408, "{}"),
        (500, "{}"),
        (503, "{}"),
        (504, "no JSON"),
    ] {
        foreign.says(status, body);
        let answered = client.provision(&a, soon()).await;
        assert!(unknown(&answered), "{status}: {answered:?}");
    }
    let late = client
        .provision(&a, Deadline::after(Duration::from_millis(50)))
        .await;
    assert!(unknown(&late), "{late:?}");
    foreign.process.lifecycle.end().await;
}

#[tokio::test]
async fn what_is_gone_is_done_and_what_goes_on_is_asked_about() {
    let foreign = Foreign::start().await;
    let (client, a) = (&foreign.client, instance("a"));
    foreign.says(410, "");
    assert_eq!(client.deprovision(&a, soon()).await, Ok(Progress::Done));
    foreign.says(410, "{}");
    assert_eq!(client.unbind(&a, "b", soon()).await, Ok(()));
    for (status, body, expected) in [
        (200, r#"{"state":"in progress"}"#, OperationState::InProgress),
        (
            200,
            r#"{"state":"succeeded","description":"done"}"#,
            OperationState::Succeeded,
        ),
        (
            200,
            r#"{"state":"failed"}"#,
            OperationState::Failed {
                description: String::new(),
            },
        ),
        (410, "{}", OperationState::Gone),
        (404, "{}", OperationState::Gone),
    ] {
        foreign.says(status, body);
        assert_eq!(
            client.last_operation(&a, Some("op 1"), soon()).await,
            Ok(expected)
        );
    }
    foreign.says(200, r#"{"state":"whatever"}"#);
    assert!(matches!(
        client.last_operation(&a, None, soon()).await,
        Err(AdapterFault::Unknown(_))
    ));
    foreign.process.lifecycle.end().await;
}

#[tokio::test]
async fn who_cannot_be_reached_has_done_nothing() {
    let process = TestProcess::new();
    let nobody = client_of(&process, SocketAddr::from(([127, 0, 0, 1], 1)));
    let answered = nobody.provision(&instance("a"), soon()).await;
    assert!(matches!(answered, Err(AdapterFault::NotNow(_))), "{answered:?}");
    for name in ["", "a/b", "a b", "ä"] {
        let foreign = Foreign::start().await;
        let answered = foreign.client.provision(&instance(name), soon()).await;
        assert!(
            matches!(answered, Err(AdapterFault::Refused { status: 400, .. })),
            "{answered:?}"
        );
        foreign.process.lifecycle.end().await;
    }
    process.lifecycle.end().await;
}
