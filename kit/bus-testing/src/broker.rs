//! How events travel from the producer to the consumer.

use kit_bus::Carriers;

/// A broker that a test takes part in.
pub trait TestBroker: Sized + Send + Sync + 'static {
    /// The program in the crate's examples that runs [`run_program`](crate::run_program) with this broker.
    const PROGRAM: &'static str;

    /// One whose names are the test's own, at the test server.
    fn fresh() -> Self;

    /// The one that another process takes part in, by what [`TestBroker::address`] says of it.
    fn at(address: &str) -> Self;

    /// How another process finds it.
    fn address(&self) -> String;

    /// Everything that the producer publishes comes from there.
    fn carriers(&self) -> Carriers;

    /// Removes what the producer's relays and the usual group have made there.
    fn remove(self) -> impl Future<Output = ()> + Send;
}

/// No broker: events are read from the producer's outbox.
#[derive(Clone, Copy, Debug)]
pub struct Embedded;

impl TestBroker for Embedded {
    const PROGRAM: &'static str = "embedded-program";

    fn fresh() -> Self {
        Self
    }

    fn at(_address: &str) -> Self {
        Self
    }

    fn address(&self) -> String {
        "none".to_owned()
    }

    fn carriers(&self) -> Carriers {
        Carriers::embedded()
    }

    async fn remove(self) {}
}
