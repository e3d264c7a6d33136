//! What other services ask of auth, by each of the three ways to ask.

use std::time::Duration;

use auth_api::{
    Auth, AuthClient, AuthError, GetIdentity, GetKeySet, GetRevocations, Identity, RevocationNews,
};
use http::Method;
use kit_rpc::pool::PoolSettings;
use kit_rpc::{Actor, CallContext, Deadline, InternalKeys, Remote, RpcPool};
use kit_runtime::{Ids, Secret};
use kit_token::{Jwks, Role, UserId};
use serde_json::json;

use crate::world::{World, on_both_databases};

/// Hands a client's calls on, so that the service behind it can be put behind the codec.
struct Relay(AuthClient);

impl Auth for Relay {
    async fn key_set(&self, call: &CallContext, request: GetKeySet) -> Result<Jwks, AuthError> {
        self.0.key_set(call, request).await
    }

    async fn revocations(
        &self,
        call: &CallContext,
        request: GetRevocations,
    ) -> Result<RevocationNews, AuthError> {
        self.0.revocations(call, request).await
    }

    async fn get_identity(&self, call: &CallContext, request: GetIdentity) -> Result<Identity, AuthError> {
        self.0.get_identity(call, request).await
    }
}

fn call() -> CallContext {
    let actor = Actor::Service("tests".into());
    CallContext::new(actor, Deadline::after(Duration::from_secs(10)))
}

async fn each_way(world: &World) -> [(&'static str, AuthClient); 3] {
    let address = world.process.serve(world.internal.clone()).await;
    [
        ("local", world.auth.clone()),
        ("loopback", AuthClient::loopback(Relay(world.auth.clone()))),
        ("http", AuthClient::remote(world.process.remote(address))),
    ]
}

on_both_databases! {
    async fn auth_tells_who_an_account_belongs_to(place: &Place) {
        let world = World::start(place, &[]).await;
        let user_id: UserId = world.register("Ada").await["user_id"].as_str().unwrap().parse().unwrap();
        for (way, auth) in each_way(&world).await {
            let known = auth.get_identity(&call(), GetIdentity { user_id }).await;
            let ada = Identity {
                user_id,
                username: "Ada".to_owned(),
                email: "Ada@example.com".to_owned(),
                roles: vec![Role::Customer],
            };
            assert_eq!(known, Ok(ada), "{way}");
            let nobody = GetIdentity { user_id: UserId::from(Ids::system().uuid()) };
            let unknown = auth.get_identity(&call(), nobody).await;
            assert_eq!(unknown, Err(AuthError::UnknownAccount), "{way}");
        }
        world.execute("UPDATE accounts SET role = 'staff'").await;
        for (way, auth) in each_way(&world).await {
            let known = auth.get_identity(&call(), GetIdentity { user_id }).await.unwrap();
            assert_eq!(known.roles, [Role::Customer, Role::Staff], "{way}");
        }
    }

    async fn auth_tells_its_public_keys(place: &Place) {
        let world = World::start(place, &[]).await;
        let published = world.client().get("/.well-known/jwks.json").await.expect(200);
        for (way, auth) in each_way(&world).await {
            let keys = auth.key_set(&call(), GetKeySet {}).await.unwrap();
            assert_eq!(serde_json::to_value(&keys).unwrap(), published, "{way}");
            assert_eq!(keys.keys.len(), 1, "{way}");
        }
    }

    async fn a_failure_of_the_store_is_auths_own(place: &Place) {
        let world = World::start(place, &[]).await;
        let user_id = UserId::from(Ids::system().uuid());
        world.execute("ALTER TABLE accounts RENAME TO accounts_away").await;
        for (way, auth) in each_way(&world).await {
            let failed = auth.get_identity(&call(), GetIdentity { user_id }).await;
            assert_eq!(failed, Err(AuthError::Internal), "{way}");
        }
        world.execute("ALTER TABLE accounts_away RENAME TO accounts").await;
        for (way, auth) in each_way(&world).await {
            let unknown = auth.get_identity(&call(), GetIdentity { user_id }).await;
            assert_eq!(unknown, Err(AuthError::UnknownAccount), "{way}");
        }
    }

    async fn a_call_that_is_too_late_is_not_made(place: &Place) {
        let world = World::start(place, &[]).await;
        let late = CallContext::new(Actor::Anonymous, Deadline::after(Duration::ZERO));
        for (way, auth) in each_way(&world).await {
            let refused = auth.key_set(&late, GetKeySet {}).await;
            assert_eq!(refused, Err(AuthError::Unavailable), "{way}");
        }
    }

    async fn nobody_calls_without_an_internal_key(place: &Place) {
        let world = World::start(place, &[]).await;
        let token = world.sign_up("ada").await["token"].as_str().unwrap().to_owned();
        let address = world.process.serve(world.internal.clone()).await;
        let key = Secret::new("another-internal-key-that-is-long-enough".to_owned());
        let pool = RpcPool::new(PoolSettings::default(), world.process.lifecycle.tasks());
        let base = format!("http://{address}").parse().unwrap();
        let stranger = Remote::new(&pool, &base, InternalKeys::new(vec![key]).unwrap()).unwrap();
        let refused = AuthClient::remote(stranger).key_set(&call(), GetKeySet {}).await;
        assert_eq!(refused, Err(AuthError::Internal));

        let client = world.process.client(address);
        for path in ["/internal/rpc/auth/key_set", "/internal/rpc/auth/get_identity", "/internal/rpc/auth/none"] {
            for client in [client.clone(), client.with_token(&token), client.with("x-internal-key", "")] {
                let reply = client.post(path, &json!({})).await;
                reply.refused(401, "this needs an internal key");
            }
            // On the public port there is no such thing.
            world.client().post(path, &json!({})).await.expect(404);
        }
        client.send(Method::GET, "/internal/rpc/auth/key_set", None).await.expect(405);
    }
}
