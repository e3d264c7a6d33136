//! Starts a gateway with one service in its process, one peer, and one foreign server.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as expected"
)]

use std::net::SocketAddr;
use std::time::Duration;

use gateway::{Backend, Gateway, GatewayConfig, GatewayDeps, RouteLine};
use kit_http::server::{Server, ServerSettings, Stack};
use kit_rpc::InternalKeys;
use kit_runtime::{Clock, Ids, Lifecycle, Readiness, ReadinessGate, Secret};
use kit_service::PeerLocation;
use kit_telemetry::Metrics;
use kit_token::{Claims, KeySet, Role, Roles, SigningKey, Verifier, VerifierRules};
use serde_json::json;

use crate::target::{Probe, router, serve, table};
use crate::wire::{Answer, Wire};

pub(crate) const INTERNAL_KEY: &str = "the-internal-key-that-peers-believe";
const SECRET: &[u8] = b"a secret of the tests, at least thirty-two bytes";

/// A running gateway and what is behind it.
pub(crate) struct Harness {
    pub(crate) address: SocketAddr,
    /// Under `/api/users/…`, in the gateway's process.
    pub(crate) hosted: Probe,
    /// Under `/api/auth/…` and `/auth/auth/…`, on a port of its own.
    pub(crate) peer: Probe,
    /// Under `/ext/…`, on a port of its own, behind `/base`.
    pub(crate) foreign_address: SocketAddr,
    pub(crate) gate: ReadinessGate,
    pub(crate) routes: Vec<RouteLine>,
    pub(crate) user: Person,
    pub(crate) staff: Person,
    pub(crate) admin: Person,
    lifecycle: Lifecycle,
    peer_lifecycle: Lifecycle,
}

/// Somebody with a token.
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) authorization: String,
}

impl Harness {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With these configuration keys beside the foreign routes.
    pub(crate) async fn start_with(keys: &[(&str, &str)]) -> Self {
        let (lifecycle, peer_lifecycle) = (Lifecycle::new(), Lifecycle::new());
        let (hosted_router, hosted) = router("users");
        let (peer_router, peer) = router("auth");
        let peer_address = serve(peer_router, &peer_lifecycle.tasks()).await;
        let foreign_address = serve(router("foreign").0, &peer_lifecycle.tasks()).await;
        let readiness = Readiness::new();
        let gate = readiness.gate("auth.keys");
        let deps = GatewayDeps {
            verifier: verifier(),
            services: vec![
                Backend {
                    table: table("users").display("User"),
                    location: PeerLocation::Hosted(hosted_router),
                },
                Backend {
                    table: table("auth").display("Auth").under(&["/api", "/auth"]),
                    location: PeerLocation::Remote(format!("http://{peer_address}").parse().unwrap()),
                },
            ],
            internal_keys: internal_keys(),
            tasks: lifecycle.tasks(),
            readiness,
            clock: Clock::system(),
            redis: None,
            metrics: Metrics::new(),
        };
        let gateway = Gateway::new(config(foreign_address, keys), deps).unwrap();
        let routes = gateway.routes().to_vec();
        let address = "127.0.0.1:0".parse().unwrap();
        let server = Server::bind(address, ServerSettings::default()).await.unwrap();
        let address = server.address().unwrap();
        let stack = Stack::new(Ids::seeded(1), &Metrics::new());
        server.serve(gateway, stack, &lifecycle.tasks());
        Self {
            address,
            hosted,
            peer,
            foreign_address,
            gate,
            routes,
            user: person(1, Role::Customer),
            staff: person(2, Role::Staff),
            admin: person(3, Role::Admin),
            lifecycle,
            peer_lifecycle,
        }
    }

    pub(crate) async fn wire(&self) -> Wire {
        Wire::open(self.address).await
    }

    /// One request without a body, on a fresh connection.
    pub(crate) async fn ask(&self, line: &str, headers: &[&str]) -> Answer {
        let mut wire = self.wire().await;
        wire.request(line, headers).await;
        let head = wire.head().await;
        let body = if line.starts_with("HEAD ") {
            Vec::new()
        } else {
            wire.body(&head).await
        };
        Answer { head, body }
    }

    /// One request with a body, on a fresh connection.
    pub(crate) async fn post(&self, line: &str, headers: &[&str], body: &str) -> Answer {
        let mut wire = self.wire().await;
        let length = format!("Content-Length: {}", body.len());
        wire.request(line, &[headers, &[&length]].concat()).await;
        wire.send(body).await;
        wire.answer().await
    }

    /// The peer and the foreign server go away.
    pub(crate) async fn stop_peers(&self) {
        self.peer_lifecycle.end().await;
    }

    pub(crate) async fn end(self) {
        self.peer_lifecycle.end().await;
        self.lifecycle.end().await;
    }
}

pub(crate) fn internal_keys() -> InternalKeys {
    InternalKeys::new(vec![Secret::new(INTERNAL_KEY.to_owned())]).unwrap()
}

pub(crate) fn verifier() -> Verifier {
    let rules = VerifierRules {
        issuer: "stoa".to_owned(),
        audience: "stoa".to_owned(),
        max_lifetime: Duration::from_hours(1),
        leeway: Duration::ZERO,
    };
    let verifier = Verifier::new(rules, Clock::system()).unwrap();
    verifier.replace_keys(KeySet::from_secret(&Secret::new(SECRET.to_vec())).unwrap());
    verifier
}

pub(crate) fn person(number: u64, role: Role) -> Person {
    let ids = Ids::seeded(number * 100);
    let id = ids.uuid().to_string();
    let now = Clock::system().now();
    let claims = Claims {
        iss: "stoa".to_owned(),
        aud: "stoa".to_owned(),
        sub: id.parse().unwrap(),
        jti: format!("tok_{}", ids.uuid()).parse().unwrap(),
        sid: format!("ses_{}", ids.uuid()).parse().unwrap(),
        iat: now,
        exp: now.plus(Duration::from_mins(10)),
        nbf: None,
        roles: Roles::from_iter([Role::Customer, role]),
        username: format!("person-{number}"),
        epoch: 0,
    };
    let key = SigningKey::hs256(&Secret::new(SECRET.to_vec())).unwrap();
    let authorization = format!("Authorization: Bearer {}", key.sign(&claims));
    Person { id, authorization }
}

fn config(foreign: SocketAddr, keys: &[(&str, &str)]) -> GatewayConfig {
    let base = format!("http://{foreign}/base");
    let routes = json!([
        { "prefix": "/ext", "target": base, "access": "public", "strip_prefix": true },
        { "prefix": "/kept", "target": base, "access": "public", "methods": ["GET"] },
        { "pattern": "/exact/{id}", "target": format!("http://{foreign}"), "access": "user", "forward_authorization": false },
        { "prefix": "/tight", "target": base, "access": "public", "body_limit": "8B", "time_limit": "10ms" },
        { "prefix": "/gone", "target": "http://127.0.0.1:1", "access": "public" },
    ]);
    let routes = routes.to_string();
    let mut all = vec![("gateway.routes", routes.as_str())];
    all.extend_from_slice(keys);
    kit_config::test_values(&all)
}
