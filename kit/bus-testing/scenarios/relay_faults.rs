//! Faults of relays, injected by name as the others are.

use crate::faults::{NOW_AND_THEN, goes_on_after};

#[tokio::test]
async fn a_relay_that_panics_before_it_publishes_begins_anew() {
    goes_on_after("bus::before-publish", NOW_AND_THEN).await;
}

#[tokio::test]
async fn a_relay_that_panics_before_it_writes_its_position_publishes_again() {
    let fault = "bus::after-confirm-before-position";
    goes_on_after(fault, NOW_AND_THEN).await;
}
