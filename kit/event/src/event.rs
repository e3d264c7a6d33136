//! What an event is.

use serde::Serialize;

use crate::topic::Topic;

/// Something that happened, for others to know. The payload is its JSON form.
pub trait Event: Serialize {
    /// The topic to which the event belongs.
    const TOPIC: &'static Topic;
    /// Its type, such as `order.paid`.
    const TYPE: &'static str;

    /// What fixes order and partition: the identifier of the aggregate, or of the user ([`Topic::key`]).
    fn key(&self) -> String;

    /// The aggregate it tells of.
    fn subject(&self) -> String {
        self.key()
    }

    /// The aggregate's version after it, where it has one.
    fn sequence(&self) -> Option<i64> {
        None
    }
}
