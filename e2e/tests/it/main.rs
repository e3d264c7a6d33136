//! End-to-end stories: the real binary, real processes, real databases.
//!
//! `every_topology!` tells a story twice: all services in one process on SQLite, and several processes on one
//! PostgreSQL database. `every_carrier!` tells it with a broker between processes, Kafka and then RabbitMQ.

#![expect(
    clippy::expect_used,
    reason = "a story that cannot go on ends, also in a function that is no test by itself"
)]

/// Defines stories that run in every topology.
macro_rules! every_topology {
    ($($(#[$meta:meta])* fn $name:ident($stoa:ident: $kind:ty) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            fn story($stoa: $kind) $body

            #[test]
            fn embedded() {
                story(&mut ::e2e::Stoa::start(::e2e::Topology::Embedded));
            }

            #[test]
            fn split() {
                story(&mut ::e2e::Stoa::start(::e2e::Topology::Split));
            }
        }
    )*};
}

mod absence;
mod auditing;
mod budget;
mod carried;
mod clock;
mod commands;
mod configuration;
mod contracts;
mod crash;
mod crash_sessions;
mod demo;
mod disconnect;
mod documents;
mod embedded;
mod ending;
mod events;
mod foreign;
mod forge;
mod guests;
mod identity_headers;
mod internal_routes;
mod interrupted;
mod key_rotation;
mod last_admin;
mod life;
mod outage;
mod refreshing;
mod rounds;
mod stopping;
mod stories;
mod subscribing;
mod token_attacks;
mod tracing;
mod trade;
mod trading;
mod verification;
mod without_redis;
