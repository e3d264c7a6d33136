//! Another process: it verifies tokens by itself, and hears of auth over HTTP alone.

use std::sync::Arc;

use auth_api::{AuthClient, KeyWatch, TokenConfig};
use http::{Method, StatusCode};
use kit_config::test_values;
use kit_http::{Access, Customer, Guard, Handlers, Route, RouteTable};
use kit_testing::{AUDIENCE, Client, Fixture, ISSUER, Reply, TestProcess, eventually};
use kit_token::Verifier;

use crate::app::AuthApp;
use crate::line::Line;

/// Its routes: one for users, one for staff, one for admins.
pub(crate) struct Elsewhere {
    pub(crate) process: Arc<TestProcess>,
    pub(crate) verifier: Verifier,
    line: Line,
    client: Client,
}

impl Elsewhere {
    /// Starts it beside auth, which it asks over HTTP, and waits until it is ready.
    pub(crate) async fn start(fixture: &Fixture, app: &AuthApp) -> Self {
        let address = app.process.serve(app.internal.clone()).await;
        let process = fixture.process();
        let line = Line::to(AuthClient::remote(process.remote(address)), Line::OPEN);
        let elsewhere = Self::following(process, &line, &[]).await;
        elsewhere.process.ready().await;
        elsewhere
    }

    /// Starts it with this way to auth, and does not wait.
    pub(crate) async fn following(process: Arc<TestProcess>, line: &Line, settings: &[(&str, &str)]) -> Self {
        let usual = [("token.issuer", ISSUER), ("token.audience", AUDIENCE)];
        let token: TokenConfig = test_values(&[&usual, settings].concat());
        let verifier = Verifier::new(token.rules(), process.clock()).unwrap();
        let watch = KeyWatch {
            verifier: verifier.clone(),
            gate: process.readiness.gate("token.keys"),
        };
        let (auth, tasks) = (AuthClient::local(line.clone()), process.lifecycle.tasks());
        watch.start(&token, auth, &tasks).unwrap();
        let address = process.serve(router(&verifier)).await;
        Self {
            client: process.client(address),
            process,
            verifier,
            line: line.clone(),
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
    /// What is revoked is dead everywhere within a second, in which auth is asked twice. The first answer may have
    /// been on its way; the second, which was asked for after it, is taken in before there is a third.
    ///
    /// # Panics
    /// When the token is still taken then.
    pub(crate) async fn refuses_soon(&self, token: &str) {
        let last = self.line.answered() + 3;
        let refused = async || {
            let is_late = self.line.answered() >= last;
            let reply = self.user(token).await;
            if reply.status == StatusCode::OK {
                assert!(!is_late, "a dead token is still taken after a second");
                return None;
            }
            reply.expect_error(401, "Invalid or expired token");
            Some(())
        };
        eventually("the token is refused", refused).await;
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
