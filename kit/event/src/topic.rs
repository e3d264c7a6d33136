//! What all events of a topic have in common.

/// A topic. Declared once, beside its events ([`events!`](crate::events)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name, such as `orders`. Never changed: rows, queues and positions are found by it.
    pub name: &'static str,
    /// How long its events are kept.
    pub retention: Retention,
    /// What kind of carrier suits it.
    pub carrier: CarrierClass,
    /// What the key of its events is, in words for readers, such as `the user's id`.
    pub key: &'static str,
}

/// How long the events of a topic are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// As long as logs and brokers are configured to.
    Usual,
    /// Never removed, so that a consumer can be built anew from the first event.
    Forever,
}

/// What kind of carrier suits a topic, where there is a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CarrierClass {
    /// Work that is handed out, and gone when it is done.
    Queue,
    /// A history, which each consumer reads at its own pace, and again when it needs to.
    Stream,
}
