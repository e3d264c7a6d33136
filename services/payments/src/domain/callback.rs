//! What is said at the address that came with the payment of an invoice.

use std::time::Duration;

use http::Uri;
use kit_runtime::Timestamp;
use kit_values::Uuid;
use orders_api::PaymentId;
use payments_api::{CallbackUrl, PaymentSucceeded};
use serde_json::json;

/// Longer than it is waited for an answer.
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// How often it is tried, over a day; then whoever should know has to ask.
const MOST_TRIES: i64 = 30;

/// Something that is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Callback {
    pub payment_id: PaymentId,
    pub url: String,
    pub body: String,
    pub tries: i64,
}

/// Checks where it is to be said.
pub(super) fn check_url(url: Option<CallbackUrl>) -> Result<Option<String>, &'static str> {
    let Some(CallbackUrl(url)) = url else {
        return Ok(None);
    };
    let is_absolute = url
        .parse::<Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some());
    is_absolute
        .then_some(Some(url))
        .ok_or("must be an absolute address by `http` or `https`")
}

/// What is said of an invoice that is paid; nothing of an order, which has no such address.
pub(crate) fn callback_body(paid: &PaymentSucceeded) -> Option<String> {
    let invoice_id = paid.invoice_id?;
    let data = json!({ "payment_id": paid.payment_id, "invoice_id": invoice_id, "amount": paid.amount });
    Some(json!({ "type": "payment.succeeded", "timestamp": paid.timestamp, "data": data }).to_string())
}

impl Callback {
    /// The identifier of the event, the same each time it is sent.
    pub(crate) fn event_id(&self) -> String {
        format!("evt_{}", Uuid::from(self.payment_id))
    }

    /// When it is sent again, unless it is taken.
    pub(crate) fn next_send_at(&self, now: Timestamp) -> Timestamp {
        let doublings = u32::try_from(self.tries).unwrap_or(u32::MAX).min(16);
        now.plus((FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE))
    }

    /// Whether it is not sent again.
    pub(crate) const fn is_last(&self) -> bool {
        self.tries + 1 >= MOST_TRIES
    }
}
