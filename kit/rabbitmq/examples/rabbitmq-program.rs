//! A process of the tests, which events come to, or go from, by a RabbitMQ.
#![expect(
    clippy::unwrap_used,
    reason = "a program for tests ends at the first surprise"
)]

#[path = "../tests/support/mod.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod support;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    kit_bus_testing::run_program::<support::Rabbit>().await;
}
