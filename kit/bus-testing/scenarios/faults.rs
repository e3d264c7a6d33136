//! Faults injected by name, within one process: what goes wrong in a processor ends the processor, and a new one goes
//! on where the tables say. Faults are one set a process, hence a process of their own, and one test at a time.

use fail::FailScenario;
use kit_bus_testing::assert_in_order;

use crate::{BusFixture, DIALECTS};

/// Events come and have their effects once, while something goes wrong again and again.
pub(crate) async fn goes_on_after(fault: &str, action: &str) {
    let faults = FailScenario::setup();
    for dialect in DIALECTS {
        let fixture = BusFixture::new(dialect).await;
        fixture.count_each(60, 7).await;
        let process = fixture.process().await;
        fail::cfg(fault, action).unwrap();
        process.keep_ledger(&fixture);
        let effects = fixture.until_effects(&process, 60).await;
        fail::remove(fault);
        assert_in_order(&effects);
        fixture.count("afterwards").await;
        assert_in_order(&fixture.until_effects(&process, 61).await);
        fixture.until_passed(&process).await;
        assert_eq!(process.bus.admin().lag().await.unwrap()[0].parked, 0);
        process.crash().await;
        fixture.remove().await;
    }
    faults.teardown();
}

pub(crate) const NOW_AND_THEN: &str = "2*off->1*panic->3*off->1*panic->1*panic->off";

#[tokio::test]
async fn a_reader_that_panics_begins_anew() {
    goes_on_after("bus::after-read", NOW_AND_THEN).await;
}

#[tokio::test]
async fn a_worker_that_panics_ends_its_lane_and_a_new_one_goes_on() {
    goes_on_after("bus::before-handler", NOW_AND_THEN).await;
}

#[tokio::test]
async fn a_transaction_that_panics_is_not_done() {
    goes_on_after("bus::after-effect-before-position", "2*off->1*panic->off").await;
}

#[tokio::test]
async fn an_effect_whose_answer_is_lost_is_done_once() {
    goes_on_after("bus::after-effect-before-answer", NOW_AND_THEN).await;
}

#[tokio::test]
async fn a_database_that_abandons_commits_is_waited_for() {
    goes_on_after("db::before-commit", NOW_AND_THEN).await;
}

#[tokio::test]
async fn a_commit_that_may_be_done_is_looked_up_in_the_inbox() {
    goes_on_after("db::after-commit-before-answer", NOW_AND_THEN).await;
}
