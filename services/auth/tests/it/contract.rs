//! What other services ask of auth, by each of the three ways to ask.

use std::time::Duration;

use auth_api::{AuthClient, AuthError, GetIdentity, GetKeySet, Identity};
use http::Method;
use kit_rpc::pool::PoolSettings;
use kit_rpc::{Actor, CallContext, Deadline, InternalKeys, Remote, RpcPool};
use kit_runtime::{Ids, Secret};
use kit_testing::on_both_databases;
use kit_token::{Role, UserId};
use serde_json::json;

use crate::app::AuthApp;
use crate::line::Line;

fn call() -> CallContext {
    let actor = Actor::Service("tests".into());
    CallContext::new(actor, Deadline::after(Duration::from_secs(10)))
}

async fn each_transport(app: &AuthApp) -> [(&'static str, AuthClient); 3] {
    let address = app.process.serve(app.internal.clone()).await;
    [
        ("local", app.auth()),
        ("loopback", AuthClient::loopback(Line::to(app.auth(), Line::OPEN))),
        ("http", AuthClient::remote(app.process.remote(address))),
    ]
}

on_both_databases! {
    async fn auth_tells_who_an_account_belongs_to(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let user_id: UserId = app.register("Ada").await["user_id"].as_str().unwrap().parse().unwrap();
        for (transport, auth) in each_transport(&app).await {
            let known = auth.get_identity(&call(), GetIdentity { user_id }).await;
            let ada = Identity {
                user_id,
                username: "Ada".to_owned(),
                email: "Ada@example.com".to_owned(),
                roles: vec![Role::Customer],
            };
            assert_eq!(known, Ok(ada), "{transport}");
            let nobody = GetIdentity { user_id: UserId::from(Ids::system().uuid()) };
            let unknown = auth.get_identity(&call(), nobody).await;
            assert_eq!(unknown, Err(AuthError::NotFound("User".into())), "{transport}");
        }
        app.execute("UPDATE accounts SET role = 'staff'").await;
        for (transport, auth) in each_transport(&app).await {
            let known = auth.get_identity(&call(), GetIdentity { user_id }).await.unwrap();
            assert_eq!(known.roles, [Role::Customer, Role::Staff], "{transport}");
        }
    }

    async fn auth_tells_its_public_keys(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let published = app.client().get("/.well-known/jwks.json").await.expect(200);
        for (transport, auth) in each_transport(&app).await {
            let keys = auth.key_set(&call(), GetKeySet {}).await.unwrap();
            assert_eq!(serde_json::to_value(&keys).unwrap(), published, "{transport}");
            assert_eq!(keys.keys.len(), 1, "{transport}");
        }
    }

    async fn a_failure_of_the_store_is_auths_own(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let user_id = UserId::from(Ids::system().uuid());
        app.execute("ALTER TABLE accounts RENAME TO accounts_away").await;
        for (transport, auth) in each_transport(&app).await {
            let failed = auth.get_identity(&call(), GetIdentity { user_id }).await;
            assert_eq!(failed, Err(AuthError::Internal), "{transport}");
        }
        app.execute("ALTER TABLE accounts_away RENAME TO accounts").await;
        for (transport, auth) in each_transport(&app).await {
            let unknown = auth.get_identity(&call(), GetIdentity { user_id }).await;
            assert_eq!(unknown, Err(AuthError::NotFound("User".into())), "{transport}");
        }
    }

    async fn a_call_that_is_too_late_is_not_made(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let late = CallContext::new(Actor::Anonymous, Deadline::after(Duration::ZERO));
        for (transport, auth) in each_transport(&app).await {
            let refused = auth.key_set(&late, GetKeySet {}).await;
            assert_eq!(refused, Err(AuthError::Unavailable), "{transport}");
        }
    }

    async fn nobody_calls_without_an_internal_key(fixture: &Fixture) {
        let app = AuthApp::start(fixture, &[]).await;
        let token = app.sign_up("ada").await["token"].as_str().unwrap().to_owned();
        let address = app.process.serve(app.internal.clone()).await;
        let key = Secret::new("another-internal-key-that-is-long-enough".to_owned());
        let pool = RpcPool::new(PoolSettings::default(), app.process.lifecycle.tasks());
        let base = format!("http://{address}").parse().unwrap();
        let stranger = Remote::new(&pool, &base, InternalKeys::new(vec![key]).unwrap()).unwrap();
        let refused = AuthClient::remote(stranger).key_set(&call(), GetKeySet {}).await;
        assert_eq!(refused, Err(AuthError::Internal));

        let client = app.process.client(address);
        for path in ["/internal/rpc/auth/key_set", "/internal/rpc/auth/get_identity", "/internal/rpc/auth/none"] {
            for client in [client.clone(), client.with_token(&token), client.with("x-internal-key", "")] {
                let reply = client.post(path, &json!({})).await;
                reply.expect_error(401, "this needs an internal key");
            }
            // On the public port there is no such thing.
            app.client().post(path, &json!({})).await.expect(404);
        }
        client.send(Method::GET, "/internal/rpc/auth/key_set", None).await.expect(405);
    }
}
