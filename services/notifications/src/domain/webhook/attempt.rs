//! One attempt to send a webhook.

use kit_runtime::Timestamp;
use kit_values::typed_id;
use notifications_api::{WebhookAttemptView, WebhookDeliveryId, WebhookEndpointId};

typed_id! {
    /// An attempt; the order of identifiers is that of the attempts' ends.
    pub(crate) struct WebhookAttemptId("wha_");
}

/// What an attempt came to, before it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AttemptReport {
    /// The HTTP status, where there was an answer.
    pub status_code: Option<u16>,
    /// Why it did not succeed.
    pub error: Option<String>,
    /// The beginning of the answer's body.
    pub response: Option<String>,
    pub duration_ms: i64,
}

impl AttemptReport {
    /// What others sent is shown to admins, in so many characters.
    const LONGEST: usize = 1_000;

    /// Of an attempt that got no answer.
    pub(crate) fn unanswered(error: &str) -> Self {
        Self {
            error: Some(printable(error)),
            ..Self::default()
        }
    }

    /// Of one that got an answer, with the beginning of its body.
    pub(crate) fn answered(status_code: u16, body: &[u8]) -> Self {
        let body = printable(&String::from_utf8_lossy(body));
        let is_good = (200..300).contains(&status_code);
        Self {
            status_code: Some(status_code),
            error: (!is_good).then(|| format!("it answered {status_code}")),
            response: Some(body).filter(|body| !body.is_empty()),
            duration_ms: 0,
        }
    }

    /// Whether the endpoint took it.
    pub(crate) fn is_success(&self) -> bool {
        self.error.is_none()
    }
}

/// A database takes no NUL, and a terminal no control characters.
fn printable(text: &str) -> String {
    let visible = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    text.chars().take(AttemptReport::LONGEST).map(visible).collect()
}

/// An attempt, as its row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebhookAttempt {
    pub id: WebhookAttemptId,
    pub endpoint_id: WebhookEndpointId,
    pub delivery_id: WebhookDeliveryId,
    pub number: i64,
    pub attempted_at: Timestamp,
    pub duration_ms: i64,
    pub status_code: Option<i64>,
    pub error: Option<String>,
    pub response: Option<String>,
}

impl From<WebhookAttempt> for WebhookAttemptView {
    fn from(attempt: WebhookAttempt) -> Self {
        Self {
            delivery_id: attempt.delivery_id,
            number: attempt.number,
            at: attempt.attempted_at,
            duration_ms: attempt.duration_ms,
            status_code: attempt.status_code,
            error: attempt.error,
            response: attempt.response,
        }
    }
}
