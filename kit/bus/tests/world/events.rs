//! What the producer tells.

use kit_event::{CarrierClass, Event, Retention, Topic};
use serde::{Deserialize, Serialize};

pub(crate) const COUNTS: Topic = Topic {
    name: "counts",
    retention: Retention::Usual,
    carrier: CarrierClass::Stream,
    key: "the counter's name",
};

/// Kept for ever.
pub(crate) const TRANSACTIONS: Topic = Topic {
    name: "transactions",
    retention: Retention::Forever,
    carrier: CarrierClass::Stream,
    key: "the user's name",
};

/// What the producer publishes.
pub(crate) const TOPICS: &[&Topic] = &[&COUNTS, &TRANSACTIONS];

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Counted {
    pub(crate) key: String,
    pub(crate) number: i64,
}

impl Event for Counted {
    const TOPIC: &'static Topic = &COUNTS;
    const TYPE: &'static str = "count.changed";

    fn key(&self) -> String {
        self.key.clone()
    }

    fn sequence(&self) -> Option<i64> {
        Some(self.number)
    }
}

/// An event whose key is not its subject.
#[derive(Clone, Serialize)]
pub(crate) struct Moved {
    pub(crate) key: &'static str,
    pub(crate) number: i64,
}

impl Event for Moved {
    const TOPIC: &'static Topic = &COUNTS;
    const TYPE: &'static str = "count.changed";

    fn key(&self) -> String {
        self.key.to_owned()
    }

    fn subject(&self) -> String {
        "counter-7".to_owned()
    }

    fn sequence(&self) -> Option<i64> {
        Some(self.number)
    }
}

/// The same type in the log, but with a payload that consumers cannot read.
#[derive(Serialize)]
pub(crate) struct Garbled {
    pub(crate) key: String,
}

impl Event for Garbled {
    const TOPIC: &'static Topic = &COUNTS;
    const TYPE: &'static str = "count.changed";

    fn key(&self) -> String {
        self.key.clone()
    }
}

/// A type that nobody handles.
#[derive(Clone, Serialize)]
pub(crate) struct Reset {
    pub(crate) key: String,
}

impl Event for Reset {
    const TOPIC: &'static Topic = &COUNTS;
    const TYPE: &'static str = "count.reset";

    fn key(&self) -> String {
        self.key.clone()
    }
}

/// An event of a topic that is kept for ever.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Paid {
    pub(crate) user: String,
}

impl Event for Paid {
    const TOPIC: &'static Topic = &TRANSACTIONS;
    const TYPE: &'static str = "transaction.paid";

    fn key(&self) -> String {
        self.user.clone()
    }
}
