//! The way to Redis from outside: what is answered, and what happens when nobody answers.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share is written like the tests themselves"
)]

mod answers;
mod client;
mod outages;
