//! A process that is killed at any moment has lost nothing that it acknowledged.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use kit_db::{Db, DbTarget};
use kit_runtime::{Ids, Lifecycle};
use kit_testing::db::{SERVICE, TestTarget, deps, patient};

use crate::shop::{MIGRATIONS, ids};

const ROUNDS: usize = 6;

/// The program that cargo builds from `examples/acknowledge.rs` beside this test.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(|deps| deps.parent()).unwrap();
    profile.join("examples/acknowledge")
}

/// Runs the program until it has acknowledged so many rows, kills it, and gives back all it acknowledged.
fn write_until_killed(target: &DbTarget, round: usize, rows: usize) -> BTreeSet<String> {
    let mut command = Command::new(program());
    match target {
        DbTarget::Sqlite { file } => command.arg("sqlite").arg(file),
        DbTarget::Postgres { url, schema } => command.arg("postgres").arg(url.expose()).arg(schema),
    };
    let mut child = command
        .arg(round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = BTreeSet::new();
    for line in lines.by_ref().take(rows) {
        acknowledged.insert(line.unwrap());
    }
    // SIGKILL, while 32 writers go on.
    child.kill().unwrap();
    child.wait().unwrap();
    // What was written into the pipe before the end was acknowledged too; a line may be cut.
    acknowledged.extend(lines.map_while(Result::ok).filter(|line| line.ends_with('.')));
    assert!(acknowledged.len() >= rows);
    acknowledged
}

async fn nothing_acknowledged_is_lost(target: TestTarget) {
    let mut acknowledged = BTreeSet::new();
    let mut written = 0;
    for round in 0..ROUNDS {
        let [random] = Ids::system().random::<1>();
        let settings = patient(SERVICE, target.target());
        let lifecycle = Lifecycle::new();
        let db = Db::open(settings, &MIGRATIONS, &deps(&lifecycle)).await.unwrap();
        lifecycle.end().await;
        drop(db);
        let killed = target.target();
        let rows = 50 + usize::from(random) * 2;
        acknowledged.extend(write_until_killed(&killed, round, rows));
        let settings = patient(SERVICE, target.target());
        let lifecycle = Lifecycle::new();
        let db = Db::open(settings, &MIGRATIONS, &deps(&lifecycle)).await.unwrap();
        let found: BTreeSet<String> = ids(&db).await.into_iter().collect();
        let lost: Vec<_> = acknowledged.difference(&found).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?}");
        let halves = found.iter().filter(|id| id.ends_with('+')).count();
        assert_eq!(halves * 2, found.len(), "each unit writes two rows or none");
        assert!(found.len() > written);
        written = found.len();
        lifecycle.end().await;
    }
    target.remove().await;
}

#[tokio::test]
async fn a_killed_process_has_lost_nothing_acknowledged_on_sqlite() {
    nothing_acknowledged_is_lost(TestTarget::sqlite()).await;
}

#[tokio::test]
async fn a_killed_process_has_lost_nothing_acknowledged_on_postgres() {
    nothing_acknowledged_is_lost(TestTarget::postgres().await).await;
}
