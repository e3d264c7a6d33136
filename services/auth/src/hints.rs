//! Auth's events, taken for hints by every process that verifies tokens.

use std::future::{Ready, ready};

use auth_api::{AskNow, KeyRotated, RolesChanged, SessionRevoked, UserDisabled};
use kit_bus::{Bus, BusError, Delivery};

/// Hints that there may be news of revocations whenever auth tells of some, from now on and as long as the process
/// lives. It need not host auth: any bus will do.
pub fn hint_on_events(bus: &Bus, ask_now: &AskNow) -> Result<(), BusError> {
    bus.broadcast("token.watch")
        .on(hint::<SessionRevoked>(ask_now))
        .on(hint::<RolesChanged>(ask_now))
        .on(hint::<UserDisabled>(ask_now))
        .on(hint::<KeyRotated>(ask_now))
        .start()
}

fn hint<E>(ask_now: &AskNow) -> impl Fn(Delivery<E>) -> Ready<()> + Send + Sync + use<E> {
    let ask_now = ask_now.clone();
    move |_| {
        ask_now.hint();
        ready(())
    }
}
