//! An event of a provider, stored until it is applied and known for a while after.

use kit_runtime::Timestamp;

use super::attempt::next_look;

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebhookEvent {
    pub provider: String,
    /// As the provider names it.
    pub event_id: String,
    pub body: String,
    pub applied: bool,
    /// When it is applied, and how often that was tried.
    pub next_look_at: Timestamp,
    pub looks: i64,
    pub received_at: Timestamp,
}

impl WebhookEvent {
    pub(crate) fn new(provider: &str, event_id: String, body: String, now: Timestamp) -> Self {
        Self {
            provider: provider.to_owned(),
            event_id,
            body,
            applied: false,
            next_look_at: now,
            looks: 0,
            received_at: now,
        }
    }

    /// It is applied now; where that fails, the next time is later each time.
    pub(crate) fn looked_at(&mut self, now: Timestamp) {
        self.next_look_at = next_look(self.looks, now);
        self.looks += 1;
    }
}
