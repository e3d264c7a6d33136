//! What users does when auth tells that something happened to an account.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use auth_api::{AccountStatus, UserDisabled, UserUpdated};
use kit_bus::Source;
use kit_db::{Db, StoreError, Tx};
use kit_event::{Event, Topic};
use kit_runtime::{Clock, Timestamp};
use kit_testing::{Client, eventually};
use kit_token::UserId;
use serde_json::{Value, json};

use crate::world::{Person, Place, World, on_both_databases, open};

/// Auth's side of the story: a log that tells what the story wants.
struct AuthLog(Db);

impl AuthLog {
    async fn tell(&self, event: impl Event + Clone + Send + Sync + 'static) {
        let told = self.0.write(async move |tx: &mut Tx| {
            tx.publish(event.clone());
            Ok::<_, StoreError>(())
        });
        told.await.unwrap();
    }

    async fn disable(&self, person: &Person) {
        let (user_id, timestamp) = (person.identity.user_id, now());
        self.tell(UserDisabled { user_id, timestamp }).await;
    }

    async fn update(&self, person: &Person, username: &str, status: AccountStatus) {
        self.tell(UserUpdated {
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
async fn start(place: &Place) -> (World, AuthLog) {
    let (process, target) = (place.process(), place.auth_log().await);
    let log = open(&process, "auth", target.clone()).await;
    let auth = Source {
        service: "auth",
        topics: auth_api::TOPICS,
        target,
        published: Some(log.published()),
    };
    (World::start_hearing(place, auth).await, AuthLog(log))
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
    async fn the_profile_of_a_disabled_account_is_shown_to_admins_only(place: &Place) {
        let (world, auth) = start(place).await;
        let (ada, grace, admin) = (world.settle("ada").await, world.settle("grace").await, world.admin());
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

    async fn a_profile_that_is_made_after_its_account_was_disabled_is_hidden_too(place: &Place) {
        let (world, auth) = start(place).await;
        let (ada, grace, admin) = (world.sign_up("ada"), world.settle("grace").await, world.admin());
        auth.disable(&ada).await;
        // Events of another key have no order with hers, so what is waited for is her own.
        eventually("it is heard", async || (world.count(DISABLED).await == 1).then_some(())).await;
        admin.client.post("/users", &ada.profile()).await.expect(200);
        grace.client.get(&ada.path()).await.expect(404);
        admin.client.get(&ada.path()).await.expect(200);
    }

    async fn a_profile_follows_the_name_of_its_account(place: &Place) {
        let (world, auth) = start(place).await;
        let (ada, grace) = (world.settle("ada").await, world.settle("grace").await);
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

    async fn an_update_that_changes_nothing_leaves_the_version(place: &Place) {
        let (world, auth) = start(place).await;
        let ada = world.settle("ada").await;
        let before = ada.etag().await;
        auth.update(&ada, "ada", AccountStatus::Disabled).await;
        eventually("it is heard", async || (world.count(DISABLED).await == 1).then_some(())).await;
        assert_eq!(ada.client.get("/profile").await.header("etag"), before);
    }

    async fn who_has_no_profile_gets_none_by_an_event(place: &Place) {
        let (world, auth) = start(place).await;
        let (ada, grace) = (world.sign_up("ada"), world.sign_up("grace"));
        auth.update(&ada, "lovelace", AccountStatus::Active).await;
        auth.tell(Nonsense(ada.identity.user_id)).await;
        auth.disable(&ada).await;
        eventually("it is heard", async || (world.count(DISABLED).await == 1).then_some(())).await;
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
