//! Auth's stories, told from outside: real HTTP, a real database, and a clock in the teller's hand.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what the stories share is written like the stories themselves"
)]

mod administrating;
mod app;
mod auditing;
mod bad_input;
mod changing_password;
mod contract;
mod during;
mod elsewhere;
mod ending;
mod first_admin;
mod forgetting;
mod guessing;
mod hashing;
mod held;
mod hints;
mod introspecting;
mod key_ring;
mod key_watch;
mod keys;
mod line;
mod mailing;
mod overtaking;
mod published;
mod races;
mod refreshing;
mod registering;
mod revocation_feed;
mod routes;
mod setup_link;
mod signing_in;
mod tokens;
mod validating;
