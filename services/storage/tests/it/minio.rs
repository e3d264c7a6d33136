//! What is different where a MinIO keeps the objects.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use kit_runtime::{Clock, Secret};
use kit_testing::db::TestTarget;
use kit_testing::{AppBuilder, Fixture, PrivateMinIo, eventually, minio_server, on_both_databases};
use serde_json::Value;

use crate::app::{Customer as _, QUOTA, Shop, builder, presign, put, soon, target};
use crate::back_ends::{BackEnd, MinIoUser};
use crate::subscriptions_double::SubscriptionsDouble;

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap()
}

/// Looks at everything ten times a second.
async fn start_watchful(fixture: &Fixture, back_end: &BackEnd) -> Shop {
    let often = |app: AppBuilder| {
        back_end
            .set(app.clock(Clock::system()))
            .set("storage.minio.quota_check", "100ms")
    };
    let shop = Shop::start_with(fixture, SubscriptionsDouble::default(), often).await;
    shop.with("a").await
}

/// All keys that a service has, the one by which addresses are signed included.
async fn keys(shop: &Shop) -> Vec<String> {
    let rows = shop
        .rows("SELECT access_key_id, signing_key_id FROM services WHERE access_key_id IS NOT NULL")
        .await;
    let keys = rows
        .iter()
        .flat_map(|row| ["access_key_id", "signing_key_id"].map(|name| row.get(name).unwrap()));
    keys.collect()
}

on_both_databases! {
    async fn nothing_is_left_of_what_is_taken_away(fixture: &Fixture) {
        let user = MinIoUser::at(minio_server()).await;
        let back_end = BackEnd::MinIo(user.clone());
        let shop = Shop::start_at(fixture, &back_end).await.with("a").await;
        let ada = shop.sign_up("ada");
        let (instance, bound) = shop.serve(&ada, "a").await;
        let bucket = text(&bound, "bucket");
        assert!(bucket.starts_with(&format!("{}-", user.prefix)));
        let s3 = shop.s3(&ada).await;
        for key in ["a", "b/c", "d&<e>"] {
            let signed = presign(&ada.client, "PUT", key).await.expect(200);
            assert_eq!(put(&s3, &signed, "x").await.status, 200);
        }
        let keys = keys(&shop).await;
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        assert_eq!(keys.len(), 2);
        assert!(user.root.has_policy(bucket).await.unwrap());
        let users = user.root.list_users().await.unwrap();
        assert!(keys.iter().all(|key| users[*key].has_policy(bucket)));

        // With its secret a key is of no use but for objects: it cannot even change that.
        let own = user.client_of(text(&bound, "access_key_id"), text(&bound, "secret_access_key"));
        let another = Secret::new("another secret".to_owned());
        let changed = own.put_user(text(&bound, "access_key_id"), &another).await;
        assert!(changed.is_err_and(|error| error.is("AccessDenied")));

        // A user that a process has left which was lost in between is found by its policy.
        let lost = format!("{}-lost", user.prefix);
        user.root.put_user(&lost, &Secret::new("a secret of its own".to_owned())).await.unwrap();
        assert!(user.root.attach_policy(bucket, &lost).await.unwrap());
        shop.adapter().suspend(&instance, soon()).await.unwrap();
        for _ in 0..2 {
            shop.deprovision(&instance).await;
            user.check_is_gone(bucket, &[&keys[..], &[lost.as_str()]].concat()).await;
        }
        shop.check_invariants().await;
        user.leave().await;
    }

    async fn steps_go_on_once_a_minio_that_was_killed_is_there_again(fixture: &Fixture) {
        let mut minio = PrivateMinIo::start().await;
        let user = MinIoUser::at(minio.server()).await;
        let back_end = BackEnd::MinIo(user.clone());
        // What is changed while a MinIO begins may be forgotten there.
        let shop = start_watchful(fixture, &back_end).await;
        let (ada, bob) = (shop.sign_up("ada"), shop.sign_up("bob"));
        let (served, bound) = shop.serve(&ada, "a").await;
        let bought = shop.purchase(&bob, "a").await;
        minio.kill().await;

        let adapter = shop.adapter();
        adapter.provision(&bought, soon()).await.unwrap();
        adapter.deprovision(&served, soon()).await.unwrap();
        assert!(adapter.health(soon()).await.is_err());
        let unavailable = async || (bob.client.get("/service").await.status == 503).then_some(());
        eventually("its usage is not known", unavailable).await;
        let over = async || (presign(&ada.client, "GET", "a").await.status == 409).then_some(());
        eventually("the service that is taken away is over", over).await;
        minio.start_again().await;
        shop.provision(&bought).await;
        let bound_again = async || adapter.bind(&bought, &bought.id, soon()).await.ok().flatten();
        let bobs = eventually("it is bound", bound_again).await;
        shop.deprovision(&served).await;
        user.check_is_gone(text(&bound, "bucket"), &[text(&bound, "access_key_id")]).await;
        let s3 = shop.s3(&bob).await;
        let written = async || {
            let signed = presign(&bob.client, "PUT", "a").await;
            (signed.status == 200 && put(&s3, &signed.json(), "x").await.status == 200).then_some(())
        };
        eventually("it can be written to", written).await;

        minio.kill().await;
        assert!(adapter.suspend(&bought, soon()).await.is_err());
        minio.start_again().await;
        let suspended = async || adapter.suspend(&bought, soon()).await.ok();
        eventually("it is suspended", suspended).await;
        let policy = format!("{}-suspended", user.prefix);
        let is_kept = async || {
            let users = user.root.list_users().await.ok()?;
            users.get(text(&bobs, "access_key_id"))?.has_policy(&policy).then_some(())
        };
        eventually("its keys are disabled", is_kept).await;
        shop.check_invariants().await;
    }

    async fn what_the_server_forgets_it_is_told_again(fixture: &Fixture) {
        let user = MinIoUser::at(minio_server()).await;
        let shop = start_watchful(fixture, &BackEnd::MinIo(user.clone())).await;
        let ada = shop.sign_up("ada");
        let (instance, bound) = shop.serve(&ada, "a").await;
        let (bucket, key) = (text(&bound, "bucket"), text(&bound, "access_key_id"));
        let suspended = format!("{}-suspended", user.prefix);
        let becomes = async |policy: &str, has_it: bool| {
            let is_so = async || {
                let users = user.root.list_users().await.unwrap();
                (users[key].has_policy(policy) == has_it).then_some(())
            };
            eventually("the key is put right", is_so).await;
        };
        assert!(user.root.detach_policy(bucket, key).await.unwrap());
        becomes(bucket, true).await;
        shop.adapter().suspend(&instance, soon()).await.unwrap();
        assert!(user.root.detach_policy(&suspended, key).await.unwrap());
        becomes(&suspended, true).await;
        shop.adapter().resume(&instance, soon()).await.unwrap();
        assert!(user.root.attach_policy(&suspended, key).await.unwrap());
        becomes(&suspended, false).await;

        let lost = format!("{}-lost", user.prefix);
        user.root.put_user(&lost, &Secret::new("a secret of its own".to_owned())).await.unwrap();
        assert!(user.root.attach_policy(bucket, &lost).await.unwrap());
        let gone = async || (!user.root.list_users().await.unwrap().contains_key(&lost)).then_some(());
        eventually("a key of no service is removed", gone).await;
        shop.deprovision(&instance).await;
        user.check_is_gone(bucket, &[key]).await;
        user.leave().await;
    }

    async fn nothing_is_written_to_a_bucket_that_holds_too_much(fixture: &Fixture) {
        let user = MinIoUser::at(minio_server()).await;
        let back_end = BackEnd::MinIo(user.clone());
        let shop = start_watchful(fixture, &back_end).await;
        let ada = shop.sign_up("ada");
        let (instance, bound) = shop.serve(&ada, "a").await;
        let s3 = shop.s3(&ada).await;
        let half = "x".repeat(usize::try_from(QUOTA).unwrap() / 2 + 1);
        for key in ["a", "b"] {
            let signed = presign(&ada.client, "PUT", key).await.expect(200);
            assert_eq!(put(&s3, &signed, &half).await.status, 200, "not counted yet");
        }
        let policy = format!("{}-over-quota", user.prefix);
        let key = text(&bound, "access_key_id");
        let is_held = async || user.root.list_users().await.unwrap()[key].has_policy(&policy);
        eventually("it is noticed", async || is_held().await.then_some(())).await;
        let write = async || {
            let signed = presign(&ada.client, "PUT", "c").await.expect(200);
            put(&s3, &signed, "x").await.status.as_u16()
        };
        let refused = async || (write().await == 403).then_some(());
        eventually("nothing more is taken", refused).await;
        let signed = presign(&ada.client, "GET", "a").await.expect(200);
        assert_eq!(s3.get(&target(&signed)).await.status, 200);
        let rotated = ada.client.rotate().await;
        rotated.expect(200);
        assert!(is_held().await, "a new secret changes nothing");
        shop.adapter().suspend(&instance, soon()).await.unwrap();
        shop.adapter().resume(&instance, soon()).await.unwrap();
        assert!(is_held().await, "nor does resuming");

        user.root.empty_bucket(text(&bound, "bucket")).await.unwrap();
        let taken = async || (write().await == 200).then_some(());
        eventually("there is room again", taken).await;
        shop.deprovision(&instance).await;
        user.check_is_gone(text(&bound, "bucket"), &[key]).await;
        user.leave().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_is_known_at_the_start() {
    Fixture::run(TestTarget::sqlite(), async |fixture| {
        let app = builder(fixture, SubscriptionsDouble::default())
            .set("storage.backend", "minio")
            .set("storage.minio.access_key", "stoa")
            .set("storage.minio.bucket_prefix", "No");
        let error = format!("{:#}", app.try_start().await.err().unwrap());
        for said in [
            "storage.minio.endpoint",
            "storage.minio.secret_key",
            "must be set where `storage.backend` is `minio`",
            "storage.minio.bucket_prefix",
        ] {
            assert!(error.contains(said), "{error}");
        }
        assert!(!error.contains("storage.minio.access_key"), "{error}");
    })
    .await;
}
