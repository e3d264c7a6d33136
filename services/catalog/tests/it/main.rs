//! Catalog's stories, told from outside: real HTTP, a real database, and a clock in the teller's hand.

mod app;
mod archive;
mod bad_input;
mod books;
mod categories;
mod contract;
mod events;
mod facets;
mod listing;
mod once;
mod outages;
mod patching;
mod products;
mod routes;
mod search;
mod stock;
mod stock_at_once;
mod variants;
mod versions;
