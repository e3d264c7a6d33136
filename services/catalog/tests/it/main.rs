//! Catalog's stories, told from outside: real HTTP, a real database, and a clock in the teller's hand.

mod app;
mod archive;
mod bad_input;
mod books;
mod categories;
mod contract;
mod events;
mod expiring;
mod facets;
mod images;
mod importing;
mod listing;
mod once;
mod orders;
mod outages;
mod patching;
mod products;
mod random;
mod reserving;
mod reserving_at_once;
mod routes;
mod search;
mod stock;
mod stock_at_once;
mod variants;
mod versions;
