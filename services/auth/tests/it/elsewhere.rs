//! Another process: it verifies tokens by itself, and hears of auth over HTTP alone.

use std::sync::Arc;
use std::time::Duration;

use auth_api::{AuthClient, KeyWatch, TokenConfig};
use http::{Method, StatusCode};
use kit_config::test_values;
use kit_http::{Access, Customer, Guard, Handlers, Route, RouteTable};
use kit_testing::{AUDIENCE, Client, ISSUER, Reply, TestProcess};
use kit_token::Verifier;

use crate::world::{Place, World};

/// What is revoked is dead everywhere within a second: so many looks, a few milliseconds from one to the next.
/// Counted, because a busy machine is slow for the feed and for whoever looks alike.
const LOOKS: usize = 75;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Its routes: one for users, one for staff, one for admins.
pub(crate) struct Elsewhere {
    pub(crate) process: Arc<TestProcess>,
    pub(crate) verifier: Verifier,
    client: Client,
}

impl Elsewhere {
    /// Starts it beside auth, which it asks over HTTP, and waits until it is ready.
    pub(crate) async fn start(place: &Place, world: &World) -> Self {
        let address = world.process.serve(world.internal.clone()).await;
        let process = place.process();
        let auth = AuthClient::remote(process.remote(address));
        let elsewhere = Self::following(process, auth, &[]).await;
        elsewhere.process.ready().await;
        elsewhere
    }

    /// Starts it with this way to auth, and does not wait.
    pub(crate) async fn following(
        process: Arc<TestProcess>,
        auth: AuthClient,
        settings: &[(&str, &str)],
    ) -> Self {
        let usual = [("token.issuer", ISSUER), ("token.audience", AUDIENCE)];
        let token: TokenConfig = test_values(&[&usual, settings].concat());
        let verifier = Verifier::new(token.rules(), process.clock()).unwrap();
        let watch = KeyWatch {
            verifier: verifier.clone(),
            gate: process.readiness.gate("token.keys"),
        };
        watch.start(&token, auth, &process.lifecycle.tasks()).unwrap();
        let address = process.serve(router(&verifier)).await;
        Self {
            client: process.client(address),
            process,
            verifier,
        }
    }

    /// What its route for users answers.
    pub(crate) async fn user(&self, token: &str) -> Reply {
        self.client.with_token(token).get("/user").await
    }

    /// What its route for staff answers.
    pub(crate) async fn staff(&self, token: &str) -> Reply {
        self.client.with_token(token).get("/staff").await
    }

    /// What its route for admins answers.
    pub(crate) async fn admin(&self, token: &str) -> Reply {
        self.client.with_token(token).get("/admin").await
    }

    /// Returns once a token is refused here.
    ///
    /// # Panics
    /// When it is still taken after a second.
    pub(crate) async fn refuses_soon(&self, token: &str) {
        let mut looks = 0;
        while self.user(token).await.status == StatusCode::OK {
            looks += 1;
            assert!(looks < LOOKS, "a dead token is still taken after a second");
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        self.user(token).await.refused(401, "Invalid or expired token");
    }
}

fn router(verifier: &Verifier) -> axum::Router {
    let route = |pattern, operation, access| Route::new(Method::GET, pattern, operation, access);
    let table = RouteTable::new(
        "elsewhere",
        vec![
            route("/user", "user", Access::User),
            route("/staff", "staff", Access::Staff),
            route("/admin", "admin", Access::Admin),
        ],
    );
    let named = async |Customer(caller): Customer| caller.username.clone();
    let handlers = Handlers::new(table, Guard::new(verifier.clone()));
    let handlers = handlers.on("user", named).on("staff", named);
    handlers.on("admin", named).finish(()).unwrap()
}
