//! Users' stories, told from outside: real HTTP, a real database, and a clock in the teller's hand.

mod access;
mod bad_input;
mod contract;
mod hearing;
mod leaving;
mod listing;
mod once;
mod outages;
mod own_profile;
mod profiles;
mod proxy;
mod reading;
mod routes;
mod versions;
mod world;
