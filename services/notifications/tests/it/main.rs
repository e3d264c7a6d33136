//! Notifications' stories, told from outside: real HTTP, a real database, a real mail server, receivers of webhooks
//! that are not ours, the logs of other services, and a clock in the teller's hand.

mod app;
mod auth_double;
mod contract;
mod foreign;
mod guests;
mod keeping;
mod mailbox;
mod orders;
mod orders_double;
mod outages;
mod preferences;
mod queue;
mod reading;
mod routes;
mod sms;
mod smtp;
mod streaming;
mod subscriptions;
mod webhook_endpoints;
mod webhook_receiver;
mod webhook_sending;
mod webhook_trouble;
