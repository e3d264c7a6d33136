//! The acceptance contracts against separate processes. `cargo xtask contracts` runs them against one.

use std::io::Write;
use std::process::Command;

use e2e::{Brokers, Carrier, Client, Stoa, Topology, paths};

use crate::carried::every_carrier;

#[test]
fn separate_processes_keep_the_contracts() {
    keeps_the_contracts(&Stoa::start(Topology::Split), "mesh,transactions");
}

#[test]
fn a_shop_of_separate_processes_keeps_its_contract() {
    let brokers = Brokers::shared(Carrier::Kafka);
    keeps_the_contracts(&Stoa::start_shop(&brokers), "commerce");
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
    let done = Command::new("python3")
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
