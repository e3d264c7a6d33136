//! What a call carries.

use std::time::Duration;

use kit_rpc::{Actor, CallContext, Deadline};

#[test]
fn a_deadline_only_comes_nearer() {
    let call = CallContext::new(Actor::Anonymous, Deadline::after(Duration::from_hours(1)));
    let deadline = call.deadline();
    assert_eq!(call.clone().within(Duration::from_hours(2)).deadline(), deadline);
    assert!(call.within(Duration::from_secs(1)).deadline() < deadline);
    assert!(Deadline::after(Duration::MAX) > deadline, "no overflow");
}
