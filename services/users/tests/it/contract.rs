//! What other services ask of users, in each of the three ways to ask.

use std::time::Duration;

use kit_rpc::{Actor, CallContext, Deadline};
use kit_token::UserId;
use users_api::{FindProfile, ProfileView, Users, UsersClient, UsersError};

use crate::proxy::Proxy;
use crate::world::{Place, World, on_both_databases};

/// Lets a client stand where a service does, so that it can be asked through the codec.
struct Through(UsersClient);

impl Users for Through {
    async fn find_profile(
        &self,
        call: &CallContext,
        request: FindProfile,
    ) -> Result<Option<ProfileView>, UsersError> {
        self.0.find_profile(call, request).await
    }
}

async fn ways(world: &World) -> [(&'static str, UsersClient); 3] {
    let address = world.process.serve(world.internal.clone()).await;
    [
        ("local", world.users.clone()),
        ("loopback", UsersClient::loopback(Through(world.users.clone()))),
        ("http", UsersClient::remote(world.process.remote(address))),
    ]
}

fn call() -> CallContext {
    CallContext::new(
        Actor::Service("orders".into()),
        Deadline::after(Duration::from_secs(20)),
    )
}

on_both_databases! {
    async fn a_profile_is_found_in_every_way(place: &Place) {
        let world = World::start(place).await;
        let (ada, bob) = (world.settle("ada").await, world.sign_up("bob"));
        let expected: ProfileView = serde_json::from_value(ada.seen().await).unwrap();
        for (way, users) in ways(&world).await {
            let find = async |user_id: UserId| users.find_profile(&call(), FindProfile { user_id }).await;
            assert_eq!(find(ada.identity.user_id).await, Ok(Some(expected.clone())), "{way}");
            assert_eq!(find(bob.identity.user_id).await, Ok(None), "{way}");
        }
    }

    async fn a_call_that_comes_too_late_is_surely_not_done(place: &Place) {
        let world = World::start(place).await;
        let ada = world.settle("ada").await;
        let late = CallContext::new(Actor::Anonymous, Deadline::after(Duration::ZERO));
        for (way, users) in ways(&world).await {
            let found = users.find_profile(&late, FindProfile { user_id: ada.identity.user_id }).await;
            assert_eq!(found, Err(UsersError::Unavailable), "{way}");
        }
    }

    async fn users_that_is_not_there_is_unavailable(place: &Place) {
        let world = World::start(place).await;
        let ada = world.settle("ada").await;
        let gone = place.process();
        let address = gone.serve(world.internal.clone()).await;
        gone.lifecycle.end().await;
        let users = UsersClient::remote(world.process.remote(address));
        let found = users.find_profile(&call(), FindProfile { user_id: ada.identity.user_id }).await;
        assert_eq!(found, Err(UsersError::Unavailable));
    }

    async fn the_contract_is_not_among_the_public_routes(place: &Place) {
        let world = World::start(place).await;
        let admin = world.admin();
        for path in ["/internal/users/find_profile", "/rpc/users/find_profile", "/users/find_profile/x"] {
            let body = serde_json::json!({ "user_id": admin.id });
            admin.client.post(path, &body).await.refused(404, "there is nothing at this path");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_users_says_unavailable_in_every_way() {
    let target = kit_testing::db::TestTarget::postgres().await;
    crate::world::at(target, async |place: &Place| {
        let process = place.process();
        let proxy = Proxy::before(&place.target(), &process.lifecycle.tasks()).await;
        let verifier = process.verifier.clone();
        let world = World::start_with(process, proxy.target(), verifier).await;
        let ada = world.settle("ada").await;
        let ways = ways(&world).await;
        proxy.cut();
        for (way, users) in &ways {
            let found = users
                .find_profile(
                    &call(),
                    FindProfile {
                        user_id: ada.identity.user_id,
                    },
                )
                .await;
            assert_eq!(found, Err(UsersError::Unavailable), "{way}");
        }
        proxy.mend();
        for (way, users) in &ways {
            let found = users
                .find_profile(
                    &call(),
                    FindProfile {
                        user_id: ada.identity.user_id,
                    },
                )
                .await;
            assert!(matches!(found, Ok(Some(_))), "{way}: {found:?}");
        }
    })
    .await;
}
