//! The acceptance contracts against separate processes. `cargo xtask contracts` runs them against one.

use std::io::Write;
use std::process::Command;

use e2e::{Brokers, Carrier, Client, Setup, Stoa, Topology, paths};

use crate::carried::every_carrier;

#[test]
fn separate_processes_keep_the_contracts() {
    keeps_the_contracts(&Stoa::start(Topology::Split), "mesh,transactions");
}

#[test]
fn a_shop_of_separate_processes_keeps_its_contracts_and_its_objects_in_minio() {
    let brokers = Brokers::shared(Carrier::Kafka);
    let stoa = Stoa::start_with(Topology::Shop, |setup| at_minio(brokers.configure(setup)));
    keeps_the_contracts(&stoa, "commerce,storage");
}

/// As the account that may do everything there; what is enough stands in `docs/storage.md`.
fn at_minio(setup: Setup) -> Setup {
    let minio = kit_testing::minio_server();
    setup
        .set("storage.backend", "minio")
        .set("storage.minio.endpoint", &minio.endpoint)
        .set("storage.minio.access_key", &minio.key_id)
        .set("storage.minio.secret_key", &minio.secret)
        .set("storage.minio.bucket_prefix", "e2e-contracts")
}

every_carrier! {
    fn processes_with_a_broker_between_them_keep_the_contracts(stoa: &mut Stoa, _brokers: &Brokers) {
        keeps_the_contracts(stoa, "mesh,transactions");
    }
}

fn keeps_the_contracts(stoa: &Stoa, which: &str) {
    let Some(run) = paths::contracts() else {
        // Not by a macro, whose text the harness keeps back where a test passes: what did not run must not be
        // taken for what passed.
        let told = "SKIPPED: no contracts in `../shared/contracts`; nothing was checked";
        writeln!(std::io::stderr(), "{told}").expect("stderr");
        return;
    };
    let url = |client: Client| format!("http://{}", client.address());
    let done = Command::new(paths::python())
        // The folder may be read-only, and is not ours to write into.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(run)
        .args(["--only", which])
        .args(["--gateway", &url(stoa.gateway())])
        .args(["--auth", &url(stoa.auth())])
        .args(["--users", &url(stoa.users())])
        .args(["--payments", &url(stoa.payments())])
        .args(["--analytics", &url(stoa.analytics())])
        .output()
        .expect("python3 runs");
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(told.trim_end().ends_with(" 0 failed"), "{told}");
}
