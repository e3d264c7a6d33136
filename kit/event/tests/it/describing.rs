//! The document of the events.

use kit_event::{ApiInfo, asyncapi};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where somebody lives.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub(crate) struct Address {
    city: String,
}

kit_event::events! {
    /// What happens to accounts.
    topic ACCOUNTS = "auth" (retention: Usual, carrier: Stream, key: "the user's id") {
        /// Somebody made an account.
        UserRegistered = "user.registered" (key: user_id) {
            /// Who.
            user_id: String = "usr_1".to_owned(),
            address: Address = Address { city: "Athens".to_owned() },
        }
        UserDisabled = "user.disabled" (key: user_id) {
            user_id: String = "usr_1".to_owned(),
        }
    }

    /// What users paid.
    topic PAYMENTS = "payments" (retention: Forever, carrier: Queue, key: "the user's id") {
        PaymentMade = "payment.made" (key: user_id, subject: payment_id, sequence: version) {
            payment_id: u32 = 7,
            user_id: String = "usr_1".to_owned(),
            version: i64 = 3,
        }
    }
}

fn described() -> Value {
    asyncapi(&INFO, &events())
}

const INFO: ApiInfo = ApiInfo {
    title: "Stoa events",
    version: "0.1.0",
    description: "What services tell each other.",
};

#[test]
fn a_document_tells_topics_types_schemas_and_examples() {
    insta::assert_json_snapshot!(described());
}

#[test]
fn the_order_of_descriptions_does_not_matter() {
    let mut reversed = events();
    reversed.reverse();
    assert_eq!(described().to_string(), asyncapi(&INFO, &reversed).to_string());
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    let document = described();
    let mut open = vec![&document];
    let mut followed = 0;
    while let Some(value) = open.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
            followed += 1;
        }
        open.extend(value.as_object().into_iter().flat_map(serde_json::Map::values));
        open.extend(value.as_array().into_iter().flatten());
    }
    assert!(followed >= 9);
}
