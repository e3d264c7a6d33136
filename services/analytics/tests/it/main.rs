//! Analytics' stories, told from outside: real HTTP, real databases, events published for real, and a clock in
//! the teller's hand.

mod access;
mod app;
mod bad_input;
mod behaviour;
mod counting;
mod outages;
mod rebuilding;
mod routes;
mod series;
mod sharing;
mod streaming;
mod tracking;
