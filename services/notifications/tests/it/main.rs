//! Notifications' stories, told from outside: real HTTP, a real database, the logs of other services, and a clock in
//! the teller's hand.

mod app;
mod keeping;
mod orders;
mod outages;
mod reading;
mod routes;
mod streaming;
