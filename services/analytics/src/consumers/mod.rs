//! What analytics does when somebody created or paid transactions, and when something became of an order: it
//! writes a fact down.
//!
//! The payloads are read by views of analytics' own: only what is counted, and whatever else stands there is
//! passed over. An event that cannot be counted is a dead letter at once.

mod orders;

use std::sync::Arc;

use kit_bus::{Bus, BusError, Failure, Group, GroupHandle, Inbox};
use kit_db::Tx;
use kit_runtime::Timestamp;
use kit_values::Amount;
use payments_api::{TransactionCreated, TransactionPaid};

use crate::domain::{Fact, NotCounted, OrderFact, UserKey};
use crate::store;
use crate::tasks::GenerationSignals;

use orders::{
    CancelledOrder, ConfirmedOrder, CountedEvent, CreatedOrder, DeliveredOrder, PaidOrder, RefundedOrder,
    RejectedOrder, ShippedOrder,
};

/// The first consumer's name in the tables, for ever.
const FIRST: &str = "analytics";

kit_event::partial_event! {
    /// `transaction.created`, as far as it is counted.
    struct CreatedEvent of TransactionCreated (key: user_id) {
        user_id: UserKey,
        amount: Amount,
        timestamp: Timestamp,
    }
}

kit_event::partial_event! {
    /// `transaction.paid`, as far as it is counted.
    struct PaidEvent of TransactionPaid (key: user_id) {
        user_id: UserKey,
        transactions_paid: u64,
        timestamp: Timestamp,
    }
}

/// The consumer of a generation.
pub(crate) fn consumer(generation: i64) -> String {
    if generation == 1 {
        FIRST.to_owned()
    } else {
        format!("{FIRST}.{generation}")
    }
}

/// Begins to count a generation.
pub(crate) fn start(
    bus: &Bus,
    generation: i64,
    signals: &Arc<GenerationSignals>,
) -> Result<GroupHandle, BusError> {
    let recorder = Recorder {
        generation,
        signals: signals.clone(),
    };
    let (for_created, for_paid) = (recorder.clone(), recorder.clone());
    let group = bus
        .group(consumer(generation))
        .on::<CreatedEvent>(move |delivery, inbox| {
            let CreatedEvent {
                user_id,
                amount,
                timestamp,
            } = delivery.payload;
            let fact = Fact::created(user_id, amount, timestamp);
            for_created.clone().record(delivery.envelope.id, fact, inbox)
        })
        .on::<PaidEvent>(move |delivery, inbox| {
            let PaidEvent {
                user_id,
                transactions_paid,
                timestamp,
            } = delivery.payload;
            let fact = Fact::paid(user_id, transactions_paid, timestamp);
            for_paid.clone().record(delivery.envelope.id, fact, inbox)
        });
    let group = recorder.on::<CreatedOrder>(group);
    let group = recorder.on::<ConfirmedOrder>(group);
    let group = recorder.on::<RejectedOrder>(group);
    let group = recorder.on::<PaidOrder>(group);
    let group = recorder.on::<CancelledOrder>(group);
    let group = recorder.on::<ShippedOrder>(group);
    let group = recorder.on::<DeliveredOrder>(group);
    recorder.on::<RefundedOrder>(group).start()
}

/// Writes facts of a generation down.
#[derive(Clone)]
struct Recorder {
    generation: i64,
    signals: Arc<GenerationSignals>,
}

impl Recorder {
    /// Adds the handler of an event of orders.
    fn on<E: CountedEvent>(&self, group: Group) -> Group {
        let recorder = self.clone();
        group.on::<E>(move |delivery, inbox| {
            let fact = delivery.payload.into_fact();
            recorder.clone().record_order(delivery.envelope.id, fact, inbox)
        })
    }

    async fn record(
        self,
        event_id: String,
        fact: Result<Fact, NotCounted>,
        inbox: Inbox,
    ) -> Result<(), Failure> {
        let generation = self.generation;
        let fact = fact.map_err(Failure::never)?;
        let unit = async move |tx: &mut Tx| store::record(tx, generation, &event_id, &fact).await;
        inbox.apply(unit).await?;
        self.signals.fact_written();
        Ok(())
    }

    async fn record_order(
        self,
        event_id: String,
        fact: Result<OrderFact, NotCounted>,
        inbox: Inbox,
    ) -> Result<(), Failure> {
        let generation = self.generation;
        let fact = fact.map_err(Failure::never)?;
        let unit = async move |tx: &mut Tx| store::record_order(tx, generation, &event_id, &fact).await;
        inbox.apply(unit).await?;
        self.signals.fact_written();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kit_event::Event;

    use super::*;

    #[test]
    fn a_payload_may_tell_more_than_is_counted() {
        let created: CreatedEvent = serde_json::from_str(
            r#"{"transaction_id":"t","user_id":"somebody","amount":0.1,"description":{"of":"another kind"},
                "timestamp":"2030-01-01T01:00:00+01:00","currency":"USD"}"#,
        )
        .unwrap();
        assert_eq!(created.amount.minor(), 10);
        assert_eq!(created.timestamp.to_string(), "2030-01-01T00:00:00.000000Z");
        assert_eq!(created.key(), "somebody");
    }

    #[test]
    fn what_cannot_be_counted_exactly_is_not_read() {
        for amount in ["\"10\"", "0.001", "null", "1e400"] {
            let text = format!(r#"{{"user_id":"a","amount":{amount},"timestamp":"2030-01-01T00:00:00Z"}}"#);
            assert!(serde_json::from_str::<CreatedEvent>(&text).is_err(), "{amount}");
        }
    }

    #[test]
    fn each_generation_has_a_consumer_of_its_own() {
        assert_eq!(
            [1, 2, 10].map(consumer),
            ["analytics", "analytics.2", "analytics.10"]
        );
    }
}
