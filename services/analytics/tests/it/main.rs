//! Analytics' stories, told from outside: real HTTP, real databases, events published for real, and a clock in
//! the teller's hand.

mod access;
mod app;
mod bad_input;
mod behaviour;
mod counting;
mod orders;
mod outages;
mod random_orders;
mod rebuilding;
mod routes;
mod series;
mod sharing;
mod shop;
mod streaming;
mod tracking;
