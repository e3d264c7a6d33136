//! The document of the events.

use kit_bus::{ApiInfo, EventDoc, asyncapi};
use kit_db::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody made an account.
#[derive(Deserialize, Serialize, JsonSchema)]
struct UserRegistered {
    /// Who.
    user_id: String,
    address: Address,
}

/// Where somebody lives.
#[derive(Deserialize, Serialize, JsonSchema)]
struct Address {
    city: String,
}

impl Event for UserRegistered {
    const TOPIC: &'static str = "auth";
    const TYPE: &'static str = "user.registered";

    fn key(&self) -> String {
        self.user_id.clone()
    }
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct UserDisabled {
    user_id: String,
}

impl Event for UserDisabled {
    const TOPIC: &'static str = "auth";
    const TYPE: &'static str = "user.disabled";

    fn key(&self) -> String {
        self.user_id.clone()
    }
}

fn registered() -> EventDoc {
    EventDoc::of(&UserRegistered {
        user_id: "usr_1".to_owned(),
        address: Address {
            city: "Athens".to_owned(),
        },
    })
}

fn disabled() -> EventDoc {
    EventDoc::of(&UserDisabled {
        user_id: "usr_1".to_owned(),
    })
}

const INFO: ApiInfo = ApiInfo {
    title: "Stoa events",
    version: "0.1.0",
    description: "What services tell each other.",
};

#[test]
fn a_document_tells_topics_types_schemas_and_examples() {
    insta::assert_json_snapshot!(asyncapi(&INFO, &[registered(), disabled()]));
}

#[test]
fn the_order_of_descriptions_does_not_matter() {
    let one = asyncapi(&INFO, &[registered(), disabled()]).to_string();
    assert_eq!(one, asyncapi(&INFO, &[disabled(), registered()]).to_string());
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    let document = asyncapi(&INFO, &[registered(), disabled()]);
    let mut open = vec![&document];
    let mut followed = 0;
    while let Some(value) = open.pop() {
        if let Some(reference) = value.get("$ref").and_then(serde_json::Value::as_str) {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
            followed += 1;
        }
        open.extend(value.as_object().into_iter().flat_map(serde_json::Map::values));
        open.extend(value.as_array().into_iter().flatten());
    }
    assert!(followed >= 6);
}
