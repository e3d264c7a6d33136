//! Somebody else's server that gets webhooks.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use kit_http::{Check, FieldError};
use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::UnknownWord;
use notifications_api::{
    CreateWebhookEndpoint, RotateWebhookSecret, UpdateWebhookEndpoint, WebhookDescription,
    WebhookDisabledReason, WebhookEndpointId, WebhookEndpointView, WebhookEvents, WebhookStatus,
};

use serde::{Deserialize, Serialize};

use super::url::{UrlRules, WebhookUrl};

const USUAL_OVERLAP_HOURS: u32 = 24;
const LONGEST_OVERLAP_HOURS: u32 = 168;

/// Types of events, at least one; in a row, their words with blanks between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventSelection(BTreeSet<WebhookEvents>);

impl EventSelection {
    fn new(events: Vec<WebhookEvents>) -> Result<Self, &'static str> {
        let named = events.len();
        let events: BTreeSet<_> = events.into_iter().collect();
        if events.is_empty() {
            return Err("must name at least one type");
        }
        if events.len() < named {
            return Err("must not name a type twice");
        }
        if events.len() > 1 && events.contains(&WebhookEvents::All) {
            return Err("must be `*` alone, or types");
        }
        Ok(Self(events))
    }

    /// Whether events of a type are among them.
    pub(crate) fn includes(&self, kind: WebhookEvents) -> bool {
        self.0.contains(&kind) || self.0.contains(&WebhookEvents::All)
    }
}

impl fmt::Display for EventSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|kind| kind.as_str()).collect();
        f.write_str(&words.join(" "))
    }
}

impl FromStr for EventSelection {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let words: Result<_, _> = text.split(' ').map(str::parse).collect();
        words.map(Self)
    }
}

/// An endpoint, as its row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WebhookEndpoint {
    pub id: WebhookEndpointId,
    pub url: String,
    pub events: EventSelection,
    pub description: Option<String>,
    pub status: WebhookStatus,
    pub disabled_reason: Option<WebhookDisabledReason>,
    pub disabled_at: Option<Timestamp>,
    pub failing_since: Option<Timestamp>,
    pub secret_version: i64,
    /// Tells whether a process makes the same secret.
    pub secret_check: String,
    pub previous_secret_until: Option<Timestamp>,
    /// The admin who changed it last.
    pub managed_by: UserId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What an endpoint is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EndpointDraft {
    pub url: WebhookUrl,
    pub events: EventSelection,
    pub description: Option<String>,
}

/// What of an endpoint changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::option_option,
    reason = "left out, null and given are three different requests"
)]
pub(crate) struct EndpointChanges {
    pub url: Option<WebhookUrl>,
    pub events: Option<EventSelection>,
    pub description: Option<Option<String>>,
    pub status: Option<WebhookStatus>,
}

pub(crate) fn check_new_endpoint(
    request: CreateWebhookEndpoint,
    rules: UrlRules,
) -> Result<EndpointDraft, Vec<FieldError>> {
    let mut check = Check::new();
    let url = check.field("/url", WebhookUrl::parse(&request.url, rules));
    let events = check.field("/events", EventSelection::new(request.events));
    let description = checked_description(&mut check, request.description);
    check.finish(|| {
        Some(EndpointDraft {
            url: url?,
            events: events?,
            description,
        })
    })
}

pub(crate) fn check_update(
    request: UpdateWebhookEndpoint,
    rules: UrlRules,
) -> Result<EndpointChanges, Vec<FieldError>> {
    let mut check = Check::new();
    let url = request.url.map(|url| WebhookUrl::parse(&url, rules));
    let url = url.and_then(|url| check.field("/url", url));
    let events = request.events.map(EventSelection::new);
    let events = events.and_then(|events| check.field("/events", events));
    let description = request
        .description
        .map(|text| checked_description(&mut check, text));
    let status = request.status;
    check.finish(|| {
        Some(EndpointChanges {
            url,
            events,
            description,
            status,
        })
    })
}

fn checked_description(check: &mut Check, text: Option<String>) -> Option<String> {
    let parsed = check.field("/description", WebhookDescription::parse(text?));
    parsed.map(String::from)
}

/// For how long the old secret signs beside the new one.
pub(crate) fn check_overlap(request: &RotateWebhookSecret) -> Result<Duration, Vec<FieldError>> {
    let mut check = Check::new();
    let hours = request.overlap_hours.unwrap_or(USUAL_OVERLAP_HOURS);
    if hours > LONGEST_OVERLAP_HOURS {
        check.refuse(
            "/overlap_hours",
            format!("must be from 0 to {LONGEST_OVERLAP_HOURS}"),
        );
    }
    check.finish(|| Some(Duration::from_hours(hours.into())))
}

impl WebhookEndpoint {
    /// A new one, at its first secret.
    pub(crate) fn new(id: WebhookEndpointId, draft: EndpointDraft, by: UserId, now: Timestamp) -> Self {
        Self {
            id,
            url: draft.url.as_str().to_owned(),
            events: draft.events,
            description: draft.description,
            status: WebhookStatus::Enabled,
            disabled_reason: None,
            disabled_at: None,
            failing_since: None,
            secret_version: 1,
            secret_check: String::new(),
            previous_secret_until: None,
            managed_by: by,
            created_at: now,
            updated_at: now,
        }
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.status == WebhookStatus::Enabled
    }

    /// Changed by an admin. Enabled again, it begins without failures; another address has none of its own either.
    pub(crate) fn updated(self, changes: EndpointChanges, by: UserId, now: Timestamp) -> Self {
        let is_moved = changes.url.as_ref().is_some_and(|url| url.as_str() != self.url);
        let mut updated = Self {
            url: changes.url.map_or(self.url, |url| url.as_str().to_owned()),
            events: changes.events.unwrap_or(self.events),
            description: changes.description.unwrap_or(self.description),
            failing_since: self.failing_since.filter(|_| !is_moved),
            managed_by: by,
            updated_at: now,
            ..self
        };
        match (updated.status, changes.status) {
            (WebhookStatus::Enabled, Some(WebhookStatus::Disabled)) => {
                updated = updated.disabled(WebhookDisabledReason::Requested, now);
            }
            (WebhookStatus::Disabled, Some(WebhookStatus::Enabled)) => {
                updated.status = WebhookStatus::Enabled;
                updated.disabled_reason = None;
                updated.disabled_at = None;
                updated.failing_since = None;
            }
            (WebhookStatus::Enabled | WebhookStatus::Disabled, _) => {}
        }
        updated
    }

    /// Gets nothing from now on.
    pub(crate) fn disabled(self, reason: WebhookDisabledReason, now: Timestamp) -> Self {
        Self {
            status: WebhookStatus::Disabled,
            disabled_reason: Some(reason),
            disabled_at: Some(now),
            ..self
        }
    }

    /// At its next secret; the one before goes on for so long.
    pub(crate) fn rotated(self, overlap: Duration, by: UserId, now: Timestamp) -> Self {
        Self {
            secret_version: self.secret_version + 1,
            previous_secret_until: (!overlap.is_zero()).then(|| now.plus(overlap)),
            managed_by: by,
            updated_at: now,
            ..self
        }
    }

    /// The versions of the secrets that sign now, the newest first.
    pub(crate) fn signing_versions(&self, now: Timestamp) -> Vec<i64> {
        let previous = self.previous_secret_until.filter(|until| *until > now);
        let previous = previous.map(|_| self.secret_version - 1);
        std::iter::once(self.secret_version).chain(previous).collect()
    }
}

/// What a template says of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct WebhookFacts {
    endpoint_id: WebhookEndpointId,
    url: String,
    reason: Option<WebhookDisabledReason>,
}

impl WebhookFacts {
    pub(crate) fn of(endpoint: &WebhookEndpoint) -> Self {
        Self {
            endpoint_id: endpoint.id,
            url: endpoint.url.clone(),
            reason: endpoint.disabled_reason,
        }
    }

    /// Where the web client shows the endpoint.
    pub(crate) fn link(&self) -> String {
        format!("/admin/webhooks/{}", self.endpoint_id)
    }
}

impl From<WebhookEndpoint> for WebhookEndpointView {
    fn from(endpoint: WebhookEndpoint) -> Self {
        Self {
            id: endpoint.id,
            url: endpoint.url,
            events: endpoint.events.0.into_iter().collect(),
            description: endpoint.description,
            status: endpoint.status,
            disabled_reason: endpoint.disabled_reason,
            disabled_at: endpoint.disabled_at,
            failing_since: endpoint.failing_since,
            previous_secret_until: endpoint.previous_secret_until,
            created_at: endpoint.created_at,
            updated_at: endpoint.updated_at,
        }
    }
}
