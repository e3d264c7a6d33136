//! The stories of queues, told from outside: real HTTP, a real database, a real RabbitMQ with real clients of AMQP, and
//! the protocol of adapters spoken by its real client. Subscriptions is a double of its contract but in `end_to_end`,
//! which has the real one and real payments.

mod amqp;
mod app;
mod at_once;
mod bad_input;
mod clients;
mod end_to_end;
mod outages;
#[path = "../../../subscriptions/tests/shops/platform.rs"]
mod platform;
mod provisioning;
mod routes;
#[path = "../../../subscriptions/tests/shops/subscriptions_double.rs"]
#[expect(dead_code, reason = "the stories of storage choose more failures")]
mod subscriptions_double;
