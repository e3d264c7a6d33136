//! Events by way of brokers: six processes, with Kafka and RabbitMQ between them.

use e2e::{Brokers, Carrier, Person, Stoa, eventually};
use kit_runtime::Ids;
use serde_json::{Value, json};

use crate::events::{ask, change, order, refuse_rows};
use crate::trade::{assert_in_order, stats, until_counted};
use crate::trading;

/// Defines stories that are told once for each broker that carries topic `transactions`. Somebody else listens
/// from the beginning.
macro_rules! every_carrier {
    ($($(#[$meta:meta])* fn $name:ident($stoa:ident: $kind:ty, $brokers:ident: $theirs:ty) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            fn story($stoa: $kind, $brokers: $theirs) $body

            #[test]
            fn by_kafka() {
                crate::carried::run(::e2e::Carrier::Kafka, story);
            }

            #[test]
            fn by_rabbitmq() {
                crate::carried::run(::e2e::Carrier::RabbitMq, story);
            }
        }
    )*};
}

pub(crate) use every_carrier;

pub(crate) fn run(carrier: Carrier, story: impl FnOnce(&mut Stoa, &Brokers)) {
    let brokers = Brokers::shared(carrier);
    brokers.listen();
    story(&mut Stoa::start_carried(&brokers), &brokers);
}

every_carrier! {
    fn what_is_made_and_paid_is_counted(stoa: &mut Stoa, _brokers: &Brokers) {
        trading::is_counted(stoa);
    }

    fn nothing_acknowledged_is_lost_or_counted_twice_whoever_is_killed(stoa: &mut Stoa, brokers: &Brokers) {
        let made = trading::survives(stoa, &["payments", "analytics", "payments", "analytics"]);
        assert_in_order(&brokers.received(), made);
    }

    fn others_hear_of_transactions_and_may_tell_of_theirs(stoa: &mut Stoa, brokers: &Brokers) {
        let gateway = stoa.gateway();
        let ada = Person::join(&gateway, "ada");
        let wanted = json!({ "amount": 850.50, "description": "books" });
        let made = ada.at(&gateway).post("/api/transactions", &wanted).expect(201);
        ada.at(&gateway).send("POST", "/api/transactions/pay", None).expect(200);
        eventually("it is counted", || (stats(stoa)["events_processed"] == 2).then_some(()));

        let heard = brokers.received();
        let [created, paid] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!(payload(created), json!({
            "transaction_id": made["id"], "user_id": ada.id, "amount": 850.50, "description": "books",
            "timestamp": made["created_at"],
        }));
        let at = payload(paid)["timestamp"].clone();
        assert_eq!(payload(paid), json!({ "user_id": ada.id, "transactions_paid": 1, "timestamp": at }));
        for (event, kind) in [(created, "transaction.created"), (paid, "transaction.paid")] {
            assert_eq!(event["key"], ada.id.as_str());
            let headers = &event["headers"];
            for (name, value) in [
                ("ce_specversion", "1.0"), ("ce_type", kind), ("ce_source", "/stoa/payments"),
            ] {
                assert_eq!(headers[name], value, "{name} in {headers}");
            }
            assert_eq!(headers["ce_id"].as_str().map(str::len), Some(36), "{headers}");
            assert!(headers["ce_time"].as_str().is_some_and(|time| time.ends_with('Z')), "{headers}");
        }
        assert_eq!(created["headers"]["ce_subject"], made["id"]);

        let theirs = json!({
            "transaction_id": "theirs-1", "user_id": "somebody-elsewhere", "amount": 149.5,
            "description": null, "timestamp": "2026-01-31T12:00:00Z", "shop": "north",
        });
        // Twice, as it happens where delivery is at least once.
        let headers = headers(&uuid());
        for _ in 0..2 {
            brokers.publish("somebody-elsewhere", &headers, theirs.to_string().as_bytes());
        }
        let later = json!({ "amount": 1 });
        ada.at(&gateway).post("/api/transactions", &later).expect(201);
        until_counted(stoa, 3);
        let counted = stats(stoa);
        assert_eq!((&counted["unique_users"], &counted["total_amount"]), (&json!(2), &json!(1001.0)), "{counted}");
    }

    fn what_cannot_be_counted_holds_up_nobody_else(stoa: &mut Stoa, brokers: &Brokers) {
        let gateway = stoa.gateway();
        let [ada, grace] = ["ada", "grace"].map(|name| Person::join(&gateway, name));
        let make = |person: &Person| {
            person.at(&gateway).post("/api/transactions", &json!({ "amount": 1 })).expect(201)
        };
        make(&ada);
        until_counted(stoa, 1);
        let analytics = stoa.node("analytics");

        let poison = uuid();
        brokers.publish(&ada.id, &headers(&poison), b"\xff\xfe no text");
        let letter = only_letter(stoa);
        assert_eq!((&letter["consumer"], &letter["event_id"]), (&json!("analytics"), &json!(poison)));
        let reason = letter["reason"].as_str().expect("a reason");
        assert!(reason.starts_with("the payload is no text"), "{letter}");
        make(&grace);
        until_counted(stoa, 2);
        order(analytics, &["dlq", "drop", "analytics", &poison]);
        make(&ada);
        until_counted(stoa, 3);
    }

    fn what_could_not_be_counted_is_counted_once_its_cause_is_gone(stoa: &mut Stoa, _brokers: &Brokers) {
        // Soon enough for whoever waits for it, and not at the first trouble of a busy machine.
        let analytics = stoa.node_mut("analytics");
        assert_eq!(analytics.terminate().code(), Some(0));
        *analytics = analytics.setup().clone().set("events.attempts", "2").start();
        let (gateway, database) = (stoa.gateway(), stoa.database.as_ref().expect("a database"));
        let [ada, grace] = ["ada", "grace"].map(|name| Person::join(&gateway, name));
        let make = |person: &Person| {
            person.at(&gateway).post("/api/transactions", &json!({ "amount": 1 })).expect(201)
        };
        refuse_rows(database, ("analytics", "facts"), &ada);
        make(&ada);
        let letter = only_letter(stoa);
        assert!(letter["reason"].as_str().expect("a reason").contains("not ada"), "{letter}");
        make(&ada);
        make(&grace);
        until_counted(stoa, 1);
        change(database, "DROP TRIGGER refuse ON analytics.facts");
        let analytics = stoa.node("analytics");
        order(analytics, &["dlq", "replay", "analytics", letter["event_id"].as_str().expect("an id")]);
        until_counted(stoa, 3);
        assert_eq!(ask(analytics, &["dlq", "list", "--json"]), json!([]));
    }

    fn an_operator_sees_brokers_events_and_how_far_everybody_is(stoa: &mut Stoa, brokers: &Brokers) {
        let gateway = stoa.gateway();
        let ada = Person::join(&gateway, "ada");
        ada.at(&gateway).post("/api/transactions", &json!({ "amount": 1 })).expect(201);
        let analytics = stoa.node("analytics");
        let asked = analytics.setup().operate(&["brokers", "--json"]).finish();
        assert_eq!(asked.code, Some(0), "{asked:?}");
        let found: Value = serde_json::from_str(&asked.stdout).expect("JSON");
        let carried = found.as_array().expect("an array").iter().find(|broker| {
            let topics = broker["topics"].as_array().expect("topics");
            topics.contains(&json!("transactions"))
        });
        let carried = carried.expect("somebody carries transactions");
        assert_eq!(carried["broker"], name_of(brokers), "{found}");
        assert!(found.as_array().expect("an array").iter().all(|broker| broker["trouble"].is_null()), "{found}");

        let broker = format!("broker=\"{}\"", name_of(brokers));
        eventually("the broker is found to work", || {
            (analytics.metric("stoa_bus_broker_up", &[&broker]) > 0.0).then_some(())
        });

        let told = analytics.setup().operate(&["events", "tail", "--source", "payments", "--json"]).finish();
        let event: Value = serde_json::from_str(told.stdout.trim()).expect("one line of JSON");
        assert_eq!((&event["type"], &event["key"]), (&json!("transaction.created"), &json!(ada.id)));
        eventually("analytics has passed everything", || {
            let lag = ask(analytics, &["lag", "--json"]);
            let lag = lag.as_array()?.iter().find(|lag| lag["consumer"] == "analytics")?.clone();
            (lag["rows"] == 0 && lag["parked"] == 0).then_some(())
        });
    }
}

/// What `stoa brokers` and `stoa events lag` call who carries transactions.
fn name_of(brokers: &Brokers) -> &'static str {
    match brokers.carrier() {
        Carrier::Kafka => "kafka",
        Carrier::RabbitMq => "rabbitmq",
    }
}

fn uuid() -> String {
    Ids::system().uuid().to_string()
}

/// Those of somebody else's `transaction.created`.
fn headers(id: &str) -> Value {
    json!({
        "ce_specversion": "1.0", "ce_id": id, "ce_type": "transaction.created", "ce_source": "/elsewhere",
    })
}

fn payload(event: &Value) -> Value {
    serde_json::from_str(event["payload"].as_str().expect("a text")).expect("JSON")
}

/// The one dead letter, once there is one.
fn only_letter(stoa: &Stoa) -> Value {
    let letters = eventually("there is a dead letter", || {
        let letters = ask(stoa.node("analytics"), &["dlq", "list", "--json"]);
        letters.as_array().filter(|letters| !letters.is_empty()).cloned()
    });
    assert_eq!(letters.len(), 1, "{letters:?}");
    letters[0].clone()
}
