//! Users' stories, told from outside: real HTTP, a real database, and a clock in the teller's hand.

mod access;
mod app;
mod bad_input;
mod consuming;
mod contract;
mod leaving;
mod listing;
mod once;
mod outages;
mod own_profile;
mod profiles;
mod reading;
mod routes;
mod versions;
