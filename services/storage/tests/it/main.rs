//! Storage's stories, told from outside: real HTTP, a real database, the real object stores with real clients of S3, and
//! the protocol of adapters spoken by its real client. Subscriptions is a double of its contract, whose failures a
//! story chooses, but in `end_to_end`, which has the real one and real payments.

mod app;
mod at_once;
mod back_ends;
mod bad_input;
mod clients;
mod end_to_end;
mod minio;
mod outages;
mod plans;
#[path = "../../../subscriptions/tests/shops/platform.rs"]
mod platform;
mod presigning;
mod provisioning;
mod purchasing;
mod routes;
#[path = "../../../subscriptions/tests/shops/subscriptions_double.rs"]
mod subscriptions_double;
