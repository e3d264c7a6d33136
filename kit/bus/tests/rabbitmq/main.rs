//! The stories of the bus, told of events that a relay and a RabbitMQ carry; and what only they can tell. Needs
//! the server that `cargo xtask backends up` starts.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share is written like the tests themselves"
)]

#[path = "../world/mod.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod world;

/// Events are relayed.
const TRAVEL: world::Travel = world::Travel::RabbitMq;

mod foreign;
mod interrupted;
mod joining;
mod relaying;
mod tls;

#[path = "../it/broadcasting.rs"]
mod broadcasting;
#[path = "../it/crash.rs"]
mod crash;
#[path = "../it/parking.rs"]
mod parking;
#[path = "../carried/relays.rs"]
mod relays;
