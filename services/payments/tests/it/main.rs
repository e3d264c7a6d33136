//! Payments' stories, told from outside: real HTTP, a real database, and a clock in the teller's hand.

mod access;
mod app;
mod at_once;
mod bad_input;
mod books;
mod cancelling;
mod checkout;
mod contract;
mod creating;
mod events;
mod leaving;
mod ledger;
mod limit;
mod listing;
mod once;
mod orders;
mod outages;
mod overdue;
mod paying;
mod random;
mod refunds;
mod routes;
mod shop;
mod staff;
mod webhooks;
mod stripe;
