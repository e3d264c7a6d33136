//! Cart's stories, told from outside: real HTTP, a real database, the real catalog beside it, and a clock in the
//! teller's hand.

mod adding;
mod app;
mod at_once;
mod bad_input;
mod changing;
mod contract;
mod expiring;
mod forgetting;
mod guests;
mod large;
mod merging;
mod outages;
mod pricing;
mod routes;
mod versions;
