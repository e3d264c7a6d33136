//! What comes of a declaration.

use kit_event::{CarrierClass, Event, Retention};
use serde_json::json;

kit_event::events! {
    /// What becomes of orders.
    topic ORDERS = "orders" (retention: Usual, carrier: Queue, key: "the order's id") {
        /// Somebody ordered something.
        OrderCreated = "order.created" (key: order_id, sequence: version) {
            order_id: u32 = 7,
            version: i64 = 1,
            note: Option<String> = None,
        }
        /// Somebody paid an order.
        OrderPaid = "order.paid" (key: order_id, subject: payment_id) {
            order_id: u32 = 7,
            payment_id: String = "pay_3".to_owned(),
        }
    }

    /// What users may look at later.
    topic HISTORY = "history" (retention: Forever, carrier: Stream, key: "the user's name") {
        /// Somebody looked at something.
        Looked = "looked" (key: user) {
            user: String = "ada".to_owned(),
        }
    }
}

kit_event::partial_event! {
    /// An order, as far as it is counted.
    struct CountedOrder of OrderCreated (key: order_id) {
        order_id: u64,
    }
}

#[test]
fn an_event_has_the_topic_type_key_subject_and_sequence_that_were_declared() {
    let created = OrderCreated {
        order_id: 8,
        version: 2,
        note: None,
    };
    assert_eq!(<OrderCreated as Event>::TOPIC.name, "orders");
    assert_eq!(<OrderCreated as Event>::TYPE, "order.created");
    assert_eq!(
        (created.key(), created.subject()),
        ("8".to_owned(), "8".to_owned())
    );
    assert_eq!(created.sequence(), Some(2));
    let paid = OrderPaid {
        order_id: 8,
        payment_id: "pay_4".to_owned(),
    };
    assert_eq!((paid.key(), paid.subject()), ("8".to_owned(), "pay_4".to_owned()));
    assert_eq!(paid.sequence(), None);
}

#[test]
fn all_topics_and_all_events_are_listed() {
    assert_eq!(TOPICS, [&ORDERS, &HISTORY]);
    assert_eq!(
        (ORDERS.retention, ORDERS.carrier),
        (Retention::Usual, CarrierClass::Queue)
    );
    assert_eq!(
        (HISTORY.retention, HISTORY.carrier),
        (Retention::Forever, CarrierClass::Stream)
    );
    assert_eq!(events().len(), 3);
}

#[test]
fn a_payload_is_the_declared_members_in_their_order() {
    let created = OrderCreated {
        order_id: 8,
        version: 2,
        note: Some("soon".to_owned()),
    };
    let text = serde_json::to_string(&created).unwrap();
    assert_eq!(text, r#"{"order_id":8,"version":2,"note":"soon"}"#);
    assert_eq!(serde_json::from_str::<OrderCreated>(&text).unwrap(), created);
}

#[test]
fn a_partial_event_is_the_others_with_fewer_members() {
    let whole = json!({ "order_id": 8, "version": 2, "note": "soon" });
    let counted: CountedOrder = serde_json::from_value(whole).unwrap();
    assert_eq!(counted.key(), "8");
    assert_eq!(<CountedOrder as Event>::TOPIC, &ORDERS);
    assert_eq!(<CountedOrder as Event>::TYPE, "order.created");
}
