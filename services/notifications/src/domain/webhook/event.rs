//! Events of other services, as far as they are handed on.

use std::marker::PhantomData;

use kit_event::{Event, Topic};
use kit_runtime::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Whatever an event `E` says: members that are added to it are handed on as well.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent, bound = "")]
pub(crate) struct ForwardedEvent<E> {
    pub data: Map<String, Value>,
    #[serde(skip)]
    event: PhantomData<fn() -> E>,
}

impl<E> ForwardedEvent<E> {
    /// When it happened, as it says itself.
    pub(crate) fn timestamp(&self) -> Option<Timestamp> {
        self.data.get("timestamp")?.as_str()?.parse().ok()
    }
}

impl<E: Event> Event for ForwardedEvent<E> {
    const TOPIC: &'static Topic = E::TOPIC;
    const TYPE: &'static str = E::TYPE;

    /// It is read and never published: its envelope has the key.
    fn key(&self) -> String {
        String::new()
    }
}

/// The body of a webhook, which is signed byte by byte.
pub(crate) fn webhook_body(
    kind: &str,
    at: Timestamp,
    data: &Map<String, Value>,
) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Body<'a> {
        r#type: &'a str,
        timestamp: Timestamp,
        data: &'a Map<String, Value>,
    }
    serde_json::to_string(&Body {
        r#type: kind,
        timestamp: at,
        data,
    })
}
