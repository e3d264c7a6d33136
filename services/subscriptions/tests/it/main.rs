//! Subscriptions' stories, told from outside: real HTTP, real databases, payments and an adapter beside it, and a clock in
//! the teller's hand.

mod app;
mod bad_input;
mod books;
mod broker;
mod callbacks;
mod cancelling;
mod provisioning;
mod purchasing;
mod renewing;
mod routes;
mod unpaid;
