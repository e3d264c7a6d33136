//! A server that does as Stripe does, in a process beside the stories, which share it: what each of them makes there is
//! of payments of its own.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use bytes::Bytes;
use http::Method;
use kit_testing::{Client, Reply};
use serde_json::{Value, json};

use crate::shop::Shop;

/// Ends when its standard input does, which is with this process.
struct Server {
    address: SocketAddr,
    url: String,
    _child: Child,
}

static SERVER: OnceLock<Server> = OnceLock::new();

impl Server {
    fn start() -> Self {
        let python = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../python/bin/python");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/stripe_server.py");
        let mut child = Command::new(python)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python starts: `cargo xtask python` installs what is missing");
        let mut port = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut port)
            .unwrap();
        let port: u16 = port.trim().parse().expect("the server says its port");
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            url: format!("http://127.0.0.1:{port}"),
            _child: child,
        }
    }
}

fn server() -> &'static Server {
    SERVER.get_or_init(Server::start)
}

/// Where it is.
pub(crate) fn url() -> &'static str {
    &server().url
}

/// Stripe, as somebody sees it who has the account.
pub(crate) struct Account {
    client: Client,
}

impl Account {
    pub(crate) fn of(shop: &Shop) -> Self {
        let client = Client::new(server().address, shop.process.lifecycle.tasks());
        let client = client.with("authorization", "Bearer sk_test_of_the_account");
        Self {
            client: client.with("stripe-version", "2026-10-28.endive"),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.client.get(path).await.expect(200)
    }

    pub(crate) async fn post(&self, path: &str, form: &str) -> Reply {
        let urlencoded = Some("application/x-www-form-urlencoded");
        let body = Bytes::from(form.to_owned());
        self.client.send_raw(Method::POST, path, urlencoded, body).await
    }

    /// The header that Stripe's own library makes.
    pub(crate) async fn sign(&self, payload: &str, secret: &str, timestamp: i64) -> String {
        let wanted = json!({ "payload": payload, "secret": secret, "timestamp": timestamp });
        let signed = self.client.post("/_config/sign", &wanted).await.expect(200);
        signed["header"].as_str().unwrap().to_owned()
    }

    /// Has events sent to an endpoint.
    pub(crate) async fn configure(&self, name: &str, endpoint: &Value) {
        let path = format!("/_config/webhooks/{name}");
        assert_eq!(self.client.post(&path, endpoint).await.status, 200);
    }

    /// How often the requests of an idempotency key were done.
    pub(crate) async fn count(&self, key: &str) -> Value {
        self.get(&format!("/_config/count?key={key}")).await["done"].clone()
    }

    /// The payer confirms a card, or does not.
    pub(crate) async fn authenticate(&self, intent: &str, success: bool) {
        let secret = self.get(&format!("/v1/payment_intents/{intent}")).await["client_secret"].clone();
        let form = format!("client_secret={}&success={success}", secret.as_str().unwrap());
        let path = format!("/v1/payment_intents/{intent}/_authenticate");
        self.post(&path, &form).await.expect(200);
    }

    /// The payer pays on a hosted page.
    pub(crate) async fn pay_page(&self, session: &str, method: &str) -> Reply {
        self.post(&format!("/_config/pay/{session}"), &format!("method={method}"))
            .await
    }
}
