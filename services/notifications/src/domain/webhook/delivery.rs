//! A webhook for an endpoint, and what follows from an attempt to send it.

use std::time::Duration;

use kit_runtime::Timestamp;
use notifications_api::{
    WebhookDeliveryId, WebhookDeliveryState, WebhookDeliveryView, WebhookDisabledReason, WebhookEndpointId,
};

use super::attempt::AttemptReport;
use super::endpoint::WebhookEndpoint;
use crate::domain::attempt::pause_after;

/// The pauses after attempts that failed; after as many and one more, it is given up.
const PAUSES: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];

/// Who answers so wants nothing any more (Standard Webhooks).
const GONE: u16 = 410;

/// A webhook for an endpoint, as its row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebhookDelivery {
    pub id: WebhookDeliveryId,
    pub endpoint_id: WebhookEndpointId,
    /// The same each time that it is sent.
    pub webhook_id: String,
    pub r#type: String,
    /// What is signed and sent, byte by byte.
    pub body: String,
    pub state: WebhookDeliveryState,
    /// How often it was sent, the attempt that is under way included.
    pub attempts: i64,
    /// How many of them were made before it was asked for again.
    pub earlier_attempts: i64,
    pub due_at: Timestamp,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

/// What becomes of a webhook after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeliveryOutcome {
    /// The endpoint took it.
    Delivered,
    /// It is sent again at this moment.
    TryAgain(Timestamp),
    /// It is given up.
    Failed,
}

/// What follows from an attempt: for the webhook, and for the endpoint. After `disable_after` of failures alone, the
/// endpoint is disabled. `noise` is random: what failed together is not tried together.
pub(crate) fn decide(
    (endpoint, delivery): (WebhookEndpoint, &WebhookDelivery),
    report: &AttemptReport,
    (now, disable_after): (Timestamp, Duration),
    noise: u8,
) -> (DeliveryOutcome, WebhookEndpoint) {
    if report.is_success() {
        let recovered = WebhookEndpoint {
            failing_since: None,
            ..endpoint
        };
        return (DeliveryOutcome::Delivered, recovered);
    }
    let failing_since = endpoint.failing_since.unwrap_or(now);
    let failing = WebhookEndpoint {
        failing_since: Some(failing_since),
        ..endpoint
    };
    if !failing.is_enabled() {
        return (DeliveryOutcome::Failed, failing);
    }
    if report.status_code == Some(GONE) {
        let gone = failing.disabled(WebhookDisabledReason::Gone, now);
        return (DeliveryOutcome::Failed, gone);
    }
    if now.since(failing_since) >= disable_after {
        let disabled = failing.disabled(WebhookDisabledReason::Failing, now);
        return (DeliveryOutcome::Failed, disabled);
    }
    let pause = pause_after(&PAUSES, delivery.attempts - delivery.earlier_attempts, noise);
    let outcome = pause.map_or(DeliveryOutcome::Failed, |pause| {
        DeliveryOutcome::TryAgain(now.plus(pause))
    });
    (outcome, failing)
}

impl From<WebhookDelivery> for WebhookDeliveryView {
    fn from(delivery: WebhookDelivery) -> Self {
        let is_pending = delivery.state == WebhookDeliveryState::Pending;
        Self {
            id: delivery.id,
            webhook_id: delivery.webhook_id,
            r#type: delivery.r#type,
            state: delivery.state,
            attempts: delivery.attempts,
            next_attempt_at: is_pending.then_some(delivery.due_at),
            created_at: delivery.created_at,
            finished_at: delivery.finished_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use kit_token::UserId;
    use kit_values::Uuid;
    use notifications_api::WebhookStatus;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_893_456_000);
    const FIVE_DAYS: Duration = Duration::from_hours(120);
    const A_SECOND_LESS: Duration = Duration::from_secs(120 * 3_600 - 1);

    fn endpoint() -> WebhookEndpoint {
        WebhookEndpoint {
            id: Uuid::nil().into(),
            url: "https://shop.example.com/".to_owned(),
            events: "*".parse().unwrap(),
            description: None,
            status: WebhookStatus::Enabled,
            disabled_reason: None,
            disabled_at: None,
            failing_since: None,
            secret_version: 1,
            secret_check: String::new(),
            previous_secret_until: None,
            managed_by: UserId::from(Uuid::nil()),
            created_at: NOW,
            updated_at: NOW,
        }
    }

    fn delivery(attempts: i64, earlier_attempts: i64) -> WebhookDelivery {
        WebhookDelivery {
            id: Uuid::nil().into(),
            endpoint_id: Uuid::nil().into(),
            webhook_id: "evt_1".to_owned(),
            r#type: "order.paid".to_owned(),
            body: "{}".to_owned(),
            state: WebhookDeliveryState::Pending,
            attempts,
            earlier_attempts,
            due_at: NOW,
            created_at: NOW,
            finished_at: None,
        }
    }

    fn after(attempts: i64, status_code: u16) -> (DeliveryOutcome, WebhookEndpoint) {
        let report = AttemptReport::answered(status_code, b"");
        decide((endpoint(), &delivery(attempts, 0)), &report, (NOW, FIVE_DAYS), 0)
    }

    #[test]
    fn pauses_grow_from_seconds_to_a_day_and_then_it_is_given_up() {
        let mut waited = Duration::ZERO;
        for (attempts, pause) in (1..).zip(PAUSES) {
            assert_eq!(after(attempts, 500).0, DeliveryOutcome::TryAgain(NOW.plus(pause)));
            waited += pause;
        }
        assert_eq!(after(10, 500).0, DeliveryOutcome::Failed);
        assert_eq!(waited, Duration::from_secs(75 * 3_600 + 35 * 60 + 5));
        let again = decide(
            (endpoint(), &delivery(11, 10)),
            &AttemptReport::unanswered("away"),
            (NOW, FIVE_DAYS),
            255,
        );
        assert_eq!(
            again.0,
            DeliveryOutcome::TryAgain(NOW.plus(Duration::from_secs(6))),
            "asked for again"
        );
    }

    #[test]
    fn only_what_says_so_is_a_success() {
        for status_code in [200, 201, 202, 204, 299] {
            assert_eq!(
                after(1, status_code).0,
                DeliveryOutcome::Delivered,
                "{status_code}"
            );
        }
        for status_code in [100, 199, 300, 301, 302, 308, 400, 401, 404, 429, 500, 503] {
            assert!(
                matches!(after(1, status_code).0, DeliveryOutcome::TryAgain(_)),
                "{status_code}"
            );
        }
    }

    #[test]
    fn an_endpoint_that_is_gone_or_took_nothing_for_days_is_disabled() {
        let (outcome, gone) = after(1, 410);
        assert_eq!(
            (outcome, gone.disabled_reason),
            (DeliveryOutcome::Failed, Some(WebhookDisabledReason::Gone))
        );
        let report = AttemptReport::unanswered("away");
        let failed_at = |since: Duration| {
            let failing = WebhookEndpoint {
                failing_since: Some(NOW.minus(since)),
                ..endpoint()
            };
            decide((failing, &delivery(1, 0)), &report, (NOW, FIVE_DAYS), 0)
        };
        let (outcome, disabled) = failed_at(FIVE_DAYS);
        assert_eq!(
            (outcome, disabled.disabled_reason),
            (DeliveryOutcome::Failed, Some(WebhookDisabledReason::Failing))
        );
        let (outcome, failing) = failed_at(A_SECOND_LESS);
        assert!(matches!(outcome, DeliveryOutcome::TryAgain(_)) && failing.is_enabled());
        assert_eq!(failing.failing_since, Some(NOW.minus(A_SECOND_LESS)));
        let (_, recovered) = decide(
            (failing, &delivery(2, 0)),
            &AttemptReport::answered(204, b""),
            (NOW, FIVE_DAYS),
            0,
        );
        assert_eq!(recovered.failing_since, None);
    }
}
