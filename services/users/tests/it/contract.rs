//! What other services ask of users, in each of the three ways to ask.

use std::time::Duration;

use kit_rpc::{Actor, CallContext, Deadline};
use kit_testing::{Fixture, on_both_databases};
use kit_token::UserId;
use users_api::{FindProfile, ProfileView, UsersClient, UsersError};

use crate::app::{HasProfile as _, UsersApp};

fn call() -> CallContext {
    CallContext::new(
        Actor::Service("orders".into()),
        Deadline::after(Duration::from_mins(1)),
    )
}

on_both_databases! {
    async fn a_profile_is_found_in_every_way(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let (ada, bob) = (app.settle("ada").await, app.sign_up("bob"));
        let expected: ProfileView = serde_json::from_value(ada.seen().await).unwrap();
        for (transport, users) in app.each_transport::<UsersClient>().await {
            let find = async |user_id: UserId| users.find_profile(&call(), FindProfile { user_id }).await;
            assert_eq!(find(ada.identity.user_id).await, Ok(Some(expected.clone())), "{transport}");
            assert_eq!(find(bob.identity.user_id).await, Ok(None), "{transport}");
        }
    }

    async fn a_call_that_comes_too_late_is_surely_not_done(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        let late = CallContext::new(Actor::Anonymous, Deadline::after(Duration::ZERO));
        for (transport, users) in app.each_transport::<UsersClient>().await {
            let found = users.find_profile(&late, FindProfile { user_id: ada.identity.user_id }).await;
            assert_eq!(found, Err(UsersError::Unavailable), "{transport}");
        }
    }

    async fn users_that_is_not_there_is_unavailable(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        let gone = fixture.process();
        let address = gone.serve(app.internal.clone()).await;
        gone.lifecycle.end().await;
        let users = UsersClient::remote(app.process.remote(address));
        let found = users.find_profile(&call(), FindProfile { user_id: ada.identity.user_id }).await;
        assert_eq!(found, Err(UsersError::Unavailable));
    }

    async fn the_contract_is_not_among_the_public_routes(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let admin = app.admin();
        for path in ["/internal/users/find_profile", "/rpc/users/find_profile", "/users/find_profile/x"] {
            let body = serde_json::json!({ "user_id": admin.id });
            admin.client.post(path, &body).await.expect_error(404, "there is nothing at this path");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_users_says_unavailable_in_every_way() {
    let target = kit_testing::db::TestTarget::postgres().await;
    Fixture::run(target, async |fixture: &Fixture| {
        let (app, proxy) = UsersApp::start_behind_proxy(fixture).await;
        let ada = app.settle("ada").await;
        let transports = app.each_transport::<UsersClient>().await;
        proxy.cut();
        for (transport, users) in &transports {
            let found = users
                .find_profile(
                    &call(),
                    FindProfile {
                        user_id: ada.identity.user_id,
                    },
                )
                .await;
            assert_eq!(found, Err(UsersError::Unavailable), "{transport}");
        }
        proxy.mend();
        for (transport, users) in &transports {
            let found = users
                .find_profile(
                    &call(),
                    FindProfile {
                        user_id: ada.identity.user_id,
                    },
                )
                .await;
            assert!(matches!(found, Ok(Some(_))), "{transport}: {found:?}");
        }
    })
    .await;
}
