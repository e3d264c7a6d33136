//! A process that is killed in the middle of uploads.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use kit_objects::{ListOptions, ObjectStore};
use kit_runtime::{Ids, Lifecycle};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::fixture::{ACCESS_KEY, BUCKET, Fixture, QUOTA, SECRET, files, open, serve, story};

/// How the process ends in each round: killed after some acknowledged writes, or by itself where a commit is not yet
/// or already done and nobody knows.
const ROUNDS: [&str; 4] = [
    "none",
    "db::before-commit",
    "db::after-commit-before-answer",
    "none",
];

/// What cargo builds from `examples` beside this test.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    profile.join("examples/serve_objects")
}

async fn server(folder: &Path, fault: &str, hit: u32) -> (Child, String) {
    let mut child = Command::new(program())
        .arg(folder)
        .args([BUCKET, ACCESS_KEY, SECRET, fault, &hit.to_string()])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let port = lines.next_line().await.unwrap().unwrap();
    (child, format!("http://127.0.0.1:{port}"))
}

/// Has clients write until the server is gone; what was acknowledged to them, by key.
async fn die_in_the_middle(folder: &Path, round: usize, fault: &str) -> BTreeMap<String, String> {
    let [random] = Ids::system().random::<1>();
    let hit = 40 + u32::from(random) / 4;
    let (mut server, endpoint) = server(folder, fault, hit).await;
    let mut writers = story(&endpoint, SECRET, "until_killed", &[&round.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(writers.stdout.take().unwrap()).lines();
    let mut acknowledged = BTreeMap::new();
    let mut count = 0;
    // What comes after the kill was acknowledged before it, and was on its way.
    while let Some(line) = lines.next_line().await.unwrap() {
        let (key, what) = line.split_once(' ').unwrap();
        acknowledged.insert(key.to_owned(), what.to_owned());
        count += 1;
        if count == hit && fault == "none" {
            server.start_kill().unwrap();
        }
    }
    server.wait().await.unwrap();
    assert!(writers.wait().await.unwrap().success());
    acknowledged
}

async fn listed(store: &ObjectStore) -> BTreeMap<String, u64> {
    let mut listed = BTreeMap::new();
    let mut options = ListOptions {
        limit: 1000,
        ..ListOptions::default()
    };
    loop {
        let page = store.list_objects(BUCKET, options.clone()).await.unwrap();
        listed.extend(page.objects.into_iter().map(|object| (object.key, object.size)));
        options.after = page.next;
        if options.after.is_none() {
            return listed;
        }
    }
}

async fn ask(endpoint: &str, name: &str, arguments: &[&str]) -> String {
    let output = story(endpoint, SECRET, name, arguments).output().await.unwrap();
    assert!(output.status.success(), "the story `{name}`");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn check(acknowledged: &BTreeMap<String, String>, listed: &BTreeMap<String, u64>) {
    for (key, what) in acknowledged {
        let (_, number) = key.rsplit_once('-').unwrap();
        let is_deleted_next = number.parse::<usize>().unwrap() % 5 == 4;
        match what.as_str() {
            "deleted" => assert_eq!(listed.get(key), None, "{key}"),
            // The delete may have been done, and its acknowledgement lost.
            _ if is_deleted_next => {}
            size => assert_eq!(listed.get(key), Some(&size.parse().unwrap()), "{key}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = BTreeMap::new();
    for (round, fault) in ROUNDS.into_iter().enumerate() {
        acknowledged.extend(die_in_the_middle(folder.path(), round, fault).await);
        let lifecycle = Lifecycle::new();
        let store = open(folder.path(), &lifecycle).await;
        let listed = listed(&store).await;
        check(&acknowledged, &listed);
        let usage = store.usage(BUCKET).await.unwrap();
        let total: u64 = listed.values().sum();
        assert_eq!((usage.objects, usage.bytes), (listed.len() as u64, total));
        let endpoint = serve(&store, &lifecycle).await;
        // What was promised to those who were cut off is free again: exactly so much more fits.
        let quota = usage.bytes + usage.upload_bytes + 20_000;
        store.set_quota(BUCKET, quota).await.unwrap();
        ask(&endpoint, "has_room", &["20000"]).await;
        store.set_quota(BUCKET, QUOTA).await.unwrap();
        let read = ask(&endpoint, "all_whole", &[]).await;
        assert_eq!(read, format!("{total} {}", usage.upload_bytes));
        lifecycle.end().await;
    }
    nothing_is_left_behind(folder.path()).await;
}

/// Every file belonged to something, so that deleting the bucket deletes them all.
async fn nothing_is_left_behind(folder: &Path) {
    let lifecycle = Lifecycle::new();
    let store = open(folder, &lifecycle).await;
    assert!(files(folder) > 0);
    store.delete_bucket(BUCKET).await.unwrap();
    lifecycle.end().await;
    drop(store);
    // What is not cleared away yet is at the next start.
    let lifecycle = Lifecycle::new();
    open(folder, &lifecycle).await;
    assert_eq!(files(folder), 0);
    lifecycle.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_ended_in_order_is_there_again() {
    let fixture = Fixture::start().await;
    fixture.story("fifty_puts", &["20000"]).await;
    let folder = fixture.end().await;
    let lifecycle = Lifecycle::new();
    let store = open(folder.path(), &lifecycle).await;
    assert_eq!(store.usage(BUCKET).await.unwrap().bytes, 50 * 20_000);
    assert_eq!(files(folder.path()), 50);
    lifecycle.end().await;
}
