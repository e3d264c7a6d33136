//! A process of the tests, which reads events from the producer's outbox.

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    kit_bus_testing::run_program::<kit_bus_testing::Embedded>().await;
}
