//! What real clients of S3 do with what was purchased. Each story is a function of the same name in
//! `tests/python/stories.py`; on SQLite alone, since no bytes are in the service's own database.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::path::{Path, PathBuf};
use std::process::Stdio;

use kit_testing::db::TestTarget;
use kit_testing::{Fixture, minio_server};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::app::{Customer as _, Shop, plan, soon};
use crate::back_ends::{BackEnd, MinIoUser};

async fn a_client_uses_its_bucket_as_long_as_it_may(fixture: &Fixture, back_end: &BackEnd) {
    let shop = Shop::start_at(fixture, back_end).await.with("a").await;
    let (ada, bob) = (shop.sign_up("ada"), shop.sign_up("bob"));
    let (instance, bound) = shop.serve(&ada, "a").await;
    let (of_bob, others) = shop.serve(&bob, "a").await;
    story("uses", &bound, &[text(&others, "bucket")]).await;
    let usage = ada.client.service().await["usage"].clone();
    assert_eq!((&usage["bytes"], &usage["objects"]), (&json!(600_011), &json!(2)));
    let measured = shop.adapter().usage(&instance, soon()).await.unwrap();
    assert_eq!((measured.bytes, measured.objects), (600_011, 2));
    assert_eq!(bob.client.service().await["usage"]["objects"], 0);
    story(
        back_end.pick("is_held_to_its_quota", "widens_nothing"),
        &bound,
        &[],
    )
    .await;

    let mut rotated = bound.clone();
    rotated["secret_access_key"] = ada.client.rotate().await.expect(200)["secret_access_key"].clone();
    story("is_refused", &bound, &["SignatureDoesNotMatch"]).await;
    story("reads", &rotated, &[]).await;
    let adapter = shop.adapter();
    adapter.suspend(&instance, soon()).await.unwrap();
    let suspended = back_end.pick("InvalidAccessKeyId", "AccessDenied");
    story("is_refused", &rotated, &[suspended]).await;
    adapter.resume(&instance, soon()).await.unwrap();
    story("reads", &rotated, &[]).await;
    shop.deprovision(&instance).await;
    story("is_refused", &rotated, &["InvalidAccessKeyId"]).await;
    let kept = shop
        .rows("SELECT access_key_id FROM services WHERE access_key_id IS NOT NULL")
        .await;
    assert_eq!(kept.len(), 1, "that of the other");
    shop.deprovision(&of_bob).await;
    shop.check_invariants().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_uses_a_bucket_of_the_embedded_store() {
    Fixture::run(TestTarget::sqlite(), async |fixture| {
        a_client_uses_its_bucket_as_long_as_it_may(fixture, &BackEnd::Embedded).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_uses_a_bucket_of_a_minio() {
    Fixture::run(TestTarget::sqlite(), async |fixture| {
        let user = MinIoUser::at(minio_server()).await;
        a_client_uses_its_bucket_as_long_as_it_may(fixture, &BackEnd::MinIo(user.clone())).await;
        user.leave().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_clients_do_can_be_done_with_a_bucket_of_a_minio() {
    Fixture::run(TestTarget::sqlite(), async |fixture| {
        let user = MinIoUser::at(minio_server()).await;
        let shop = Shop::start_at(fixture, &BackEnd::MinIo(user.clone())).await;
        let mut large = plan("large");
        large["quota_bytes"] = json!(100_000_000);
        shop.admin().client.post("/plans", &large).await.expect(201);
        let ada = shop.sign_up("ada");
        let (instance, bound) = shop.serve(&ada, "large").await;
        story("does_what_clients_do", &bound, &[]).await;
        story("command", &bound, &[]).await;
        story("leaves_much", &bound, &[]).await;
        let usage = ada.client.service().await["usage"].clone();
        assert_eq!((&usage["bytes"], &usage["objects"]), (&json!(1101), &json!(1101)));
        shop.deprovision(&instance).await;
        user.check_is_gone(text(&bound, "bucket"), &[text(&bound, "access_key_id")])
            .await;
    })
    .await;
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap()
}

/// A client goes through a story, which ends well. `cargo xtask python` installs what it needs.
async fn story(name: &str, credentials: &Value, arguments: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/stories.py");
    let known = ["endpoint", "bucket", "access_key_id", "secret_access_key"];
    let output = Command::new(python())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(script)
        .arg(name)
        .args(known.map(|member| text(credentials, member)))
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the story `{name}`: {complaint}");
}

/// `<target>/python/bin/python`; the tests are in `<target>/<profile>/deps`.
fn python() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let python = tests.ancestors().nth(3).unwrap().join("python/bin/python");
    assert!(
        python.is_file(),
        "no Python `{}`: run `cargo xtask python`",
        python.display()
    );
    python
}
