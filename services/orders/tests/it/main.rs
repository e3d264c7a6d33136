//! Orders' stories, told from outside: real HTTP, real databases, catalog and payments beside it, and a clock in the
//! teller's hand.

mod app;
mod bad_input;
mod books;
mod cancelling;
mod carts;
mod contract;
mod guests;
mod leaving;
mod listing;
mod once;
mod outages;
mod paying;
mod placing;
mod random;
mod refunding;
mod routes;
mod scarce;
mod shipping;
mod streaming;
mod timers;
