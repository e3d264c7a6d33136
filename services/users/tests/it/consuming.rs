//! What users does when auth tells that something happened to an account.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use auth_api::{AccountStatus, UserDisabled, UserUpdated};
use kit_event::{Event, Topic};
use kit_runtime::{Clock, Timestamp};
use kit_testing::{Client, EventLog, Fixture, Person, eventually, on_both_databases};
use kit_token::UserId;
use serde_json::{Value, json};

use crate::app::{HasProfile as _, UsersApp, users};

/// Auth's side of the story.
struct AuthLog(EventLog);

impl AuthLog {
    async fn publish(&self, event: impl Event + Clone + Send + Sync + 'static) {
        self.0.publish(event).await;
    }

    async fn disable(&self, person: &Person) {
        let (user_id, timestamp) = (person.identity.user_id, now());
        self.publish(UserDisabled { user_id, timestamp }).await;
    }

    async fn update(&self, person: &Person, username: &str, status: AccountStatus) {
        self.publish(UserUpdated {
            user_id: person.identity.user_id,
            username: username.to_owned(),
            email: format!("{username}@example.com"),
            status,
            timestamp: now(),
        })
        .await;
    }
}

fn now() -> Timestamp {
    Clock::system().now()
}

/// Users, and auth that can tell it something.
async fn start(fixture: &Fixture) -> (UsersApp, AuthLog) {
    let (process, (app, auth)) = (fixture.process(), users(fixture));
    let log = EventLog::open(fixture, &process, "auth", auth_api::TOPICS).await;
    let app = app.process(process).log(log.source()).start().await;
    (UsersApp::of(app, auth), AuthLog(log))
}

async fn until_status(client: &Client, path: &str, status: u16) {
    eventually("it is answered otherwise", async || {
        (client.get(path).await.status.as_u16() == status).then_some(())
    })
    .await;
}

fn listed(page: &Value, person: &Person) -> bool {
    let profiles = page.as_array().unwrap();
    profiles
        .iter()
        .any(|profile| profile["user_id"] == person.id.as_str())
}

on_both_databases! {
    async fn the_profile_of_a_disabled_account_is_shown_to_admins_only(fixture: &Fixture) {
        let (app, auth) = start(fixture).await;
        let (ada, grace, admin) = (app.settle("ada").await, app.settle("grace").await, app.admin());
        auth.disable(&ada).await;
        until_status(&grace.client, &ada.path(), 404).await;
        assert_eq!(grace.client.get(&ada.path()).await.json()["message"], "User not found");
        assert!(!listed(&grace.client.get("/users").await.expect(200), &ada));
        assert!(listed(&grace.client.get("/users").await.expect(200), &grace), "nobody else is hidden");
        assert!(listed(&admin.client.get("/users").await.expect(200), &ada));
        admin.client.get(&ada.path()).await.expect(200);
        auth.update(&ada, "ada", AccountStatus::Active).await;
        until_status(&grace.client, &ada.path(), 200).await;
        assert!(listed(&grace.client.get("/users").await.expect(200), &ada));
    }

    async fn a_profile_that_is_made_after_its_account_was_disabled_is_hidden_too(fixture: &Fixture) {
        let (app, auth) = start(fixture).await;
        let (ada, grace, admin) = (app.sign_up("ada"), app.settle("grace").await, app.admin());
        auth.disable(&ada).await;
        // Events of another key have no order with hers, so what is waited for is her own.
        eventually("it is heard", async || (app.count(DISABLED).await == 1).then_some(())).await;
        admin.client.post("/users", &ada.profile()).await.expect(200);
        grace.client.get(&ada.path()).await.expect(404);
        admin.client.get(&ada.path()).await.expect(200);
    }

    async fn a_profile_follows_the_name_of_its_account(fixture: &Fixture) {
        let (app, auth) = start(fixture).await;
        let (ada, grace) = (app.settle("ada").await, app.settle("grace").await);
        let before = ada.etag().await;
        auth.update(&ada, "lovelace", AccountStatus::Active).await;
        eventually("the name is another", async || {
            (ada.seen().await["username"] == "lovelace").then_some(())
        })
        .await;
        let seen = ada.seen().await;
        assert_eq!(seen["email"], "lovelace@example.com");
        assert_eq!(seen["bio"], "Writes programs", "what she wrote herself stays");
        assert_ne!(ada.etag().await, before, "whoever has seen the old name has seen another version");
        assert_eq!(grace.seen().await["username"], "grace");
    }

    async fn an_update_that_changes_nothing_leaves_the_version(fixture: &Fixture) {
        let (app, auth) = start(fixture).await;
        let ada = app.settle("ada").await;
        let before = ada.etag().await;
        auth.update(&ada, "ada", AccountStatus::Disabled).await;
        eventually("it is heard", async || (app.count(DISABLED).await == 1).then_some(())).await;
        assert_eq!(ada.client.get("/profile").await.header("etag"), before);
    }

    async fn who_has_no_profile_gets_none_by_an_event(fixture: &Fixture) {
        let (app, auth) = start(fixture).await;
        let (ada, grace) = (app.sign_up("ada"), app.sign_up("grace"));
        auth.update(&ada, "lovelace", AccountStatus::Active).await;
        auth.publish(Nonsense(ada.identity.user_id)).await;
        auth.disable(&ada).await;
        eventually("it is heard", async || (app.count(DISABLED).await == 1).then_some(())).await;
        assert_eq!(grace.client.get("/users").await.expect(200), json!([]));
    }
}

const DISABLED: &str = "SELECT user_id FROM disabled_accounts";

/// A type that users does not know.
#[derive(Clone, serde::Serialize)]
struct Nonsense(UserId);

impl Event for Nonsense {
    const TOPIC: &'static Topic = UserDisabled::TOPIC;
    const TYPE: &'static str = "user.sneezed";

    fn key(&self) -> String {
        self.0.to_string()
    }
}
