//! What the producer tells.

use kit_event::{CarrierClass, Event, Retention, Topic};
use serde::{Deserialize, Serialize};

/// What counters do.
pub const COUNTS: Topic = Topic {
    name: "counts",
    retention: Retention::Usual,
    carrier: CarrierClass::Stream,
    key: "the counter's name",
};

/// What users paid; kept for ever.
pub const TRANSACTIONS: Topic = Topic {
    name: "transactions",
    retention: Retention::Forever,
    carrier: CarrierClass::Stream,
    key: "the user's name",
};

/// What the producer publishes.
pub const TOPICS: &[&Topic] = &[&COUNTS, &TRANSACTIONS];

/// A counter has counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Counted {
    /// The counter.
    pub key: String,
    /// What it has counted to.
    pub number: i64,
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
pub struct Moved {
    /// The counter.
    pub key: &'static str,
    /// What it has counted to.
    pub number: i64,
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
pub struct Garbled {
    /// The counter.
    pub key: String,
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
pub struct Reset {
    /// The counter.
    pub key: String,
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
pub struct Paid {
    /// The user.
    pub user: String,
}

impl Event for Paid {
    const TOPIC: &'static Topic = &TRANSACTIONS;
    const TYPE: &'static str = "transaction.paid";

    fn key(&self) -> String {
        self.user.clone()
    }
}
