//! A store behind the project's own listener, and the clients that talk to it.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use kit_http::server::{Server, ServerSettings, Stack};
use kit_objects::{ListOptions, ObjectDeps, ObjectSettings, ObjectStore, Usage};
use kit_runtime::{Clock, Ids, Lifecycle, Secret};
use kit_telemetry::Metrics;
use tempfile::TempDir;
use tokio::process::Command;

pub(crate) const BUCKET: &str = "the-bucket";
pub(crate) const ACCESS_KEY: &str = "AKIATHEKEY";
pub(crate) const SECRET: &str = "the secret of the key/+";
/// More than any story needs that is not about quotas.
pub(crate) const QUOTA: u64 = 10 << 30;

/// A store with one bucket and a key to it. Ends with the test.
pub(crate) struct Fixture {
    pub(crate) store: ObjectStore,
    endpoint: String,
    lifecycle: Lifecycle,
    // Last, so that nobody writes into it any more.
    folder: TempDir,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        Self::with_quota(QUOTA).await
    }

    pub(crate) async fn with_quota(quota_bytes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lifecycle = Lifecycle::new();
        let store = open(folder.path(), &lifecycle).await;
        store.create_bucket(BUCKET, quota_bytes).await.unwrap();
        put_key(&store, SECRET).await;
        let endpoint = serve(&store, &lifecycle).await;
        Self {
            store,
            endpoint,
            lifecycle,
            folder,
        }
    }

    /// A client goes through a story, which ends well; what it says.
    pub(crate) async fn story(&self, name: &str, arguments: &[&str]) -> String {
        self.story_with(SECRET, name, arguments).await
    }

    pub(crate) async fn story_with(&self, secret: &str, name: &str, arguments: &[&str]) -> String {
        let output = story(&self.endpoint, secret, name, arguments)
            .stderr(Stdio::piped())
            .output()
            .await
            .unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the story `{name}`: {complaint}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A client that goes through a story.
    pub(crate) fn command(&self, name: &str, arguments: &[&str]) -> Command {
        story(&self.endpoint, SECRET, name, arguments)
    }

    pub(crate) async fn usage(&self) -> Usage {
        self.store.usage(BUCKET).await.unwrap()
    }

    /// How many objects a listing shows, and the sum of their sizes.
    pub(crate) async fn listed(&self) -> (u64, u64) {
        let options = ListOptions {
            limit: 1000,
            ..ListOptions::default()
        };
        let page = self.store.list_objects(BUCKET, options).await.unwrap();
        assert_eq!(page.next, None);
        let bytes = page.objects.iter().map(|object| object.size).sum();
        (page.objects.len() as u64, bytes)
    }

    /// How many files there are.
    pub(crate) fn files(&self) -> usize {
        files(self.folder.path())
    }

    /// Ends, and gives the folder.
    pub(crate) async fn end(self) -> TempDir {
        self.lifecycle.end().await;
        self.folder
    }
}

pub(crate) async fn put_key(store: &ObjectStore, secret: &str) {
    let secret = Secret::new(secret.to_owned());
    store.put_key(ACCESS_KEY, secret, BUCKET).await.unwrap();
}

pub(crate) async fn open(folder: &Path, lifecycle: &Lifecycle) -> ObjectStore {
    open_with(folder, lifecycle, "the secret of the tests").await
}

/// With a secret of which the key is made that encrypts.
pub(crate) async fn open_with(folder: &Path, lifecycle: &Lifecycle, secret: &str) -> ObjectStore {
    let deps = ObjectDeps {
        tasks: lifecycle.tasks(),
        clock: Clock::system(),
        ids: Ids::system(),
        metrics: None,
    };
    let settings = ObjectSettings::new(folder, Secret::new(secret.to_owned()));
    ObjectStore::open(settings, &deps).await.unwrap()
}

/// Serves it on a free port, behind the real stack.
pub(crate) async fn serve(store: &ObjectStore, lifecycle: &Lifecycle) -> String {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::bind(anywhere, ServerSettings::default()).await.unwrap();
    let address = server.address().unwrap();
    let stack = Stack::new(Ids::system(), &Metrics::new());
    server.serve(store.endpoint(), stack, &lifecycle.tasks());
    format!("http://{address}")
}

/// How many files of bytes there are in a store's folder.
pub(crate) fn files(folder: &Path) -> usize {
    let folders = std::fs::read_dir(folder.join("files")).unwrap();
    folders
        .map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count())
        .sum()
}

/// A client that goes through a story. `cargo xtask python` installs what it needs.
pub(crate) fn story(endpoint: &str, secret: &str, name: &str, arguments: &[&str]) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/stories.py");
    let mut command = Command::new(python());
    command
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(script)
        .args([name, endpoint, BUCKET, ACCESS_KEY, secret])
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// `<target>/python/bin/python`; the tests are in `<target>/<profile>/deps`.
fn python() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let target = tests.ancestors().nth(3).unwrap();
    let python = target.join("python/bin/python");
    assert!(
        python.is_file(),
        "no Python `{}`: run `cargo xtask python`",
        python.display()
    );
    python
}
