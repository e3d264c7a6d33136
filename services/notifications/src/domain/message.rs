//! What is sent to people, and how long it is tried.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{EmailAddress, typed_id, words};
use notifications_api::{AccountMessage, MailChannel, NotificationKind, Recipient};
use serde::{Deserialize, Serialize};

use super::{OrderFacts, SubscriptionFacts, WebhookFacts};

typed_id! {
    /// A message; a caller may have chosen it.
    pub(crate) struct MessageId("msg_");
}

words! {
    /// How far a message is.
    pub(crate) enum MessageState {
        /// It is to be sent.
        Pending = "pending",
        /// A server has it.
        Sent = "sent",
        /// It is not tried any more.
        GivenUp = "given_up",
    }
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Content {
    Order {
        kind: NotificationKind,
        facts: OrderFacts,
    },
    Subscription {
        kind: NotificationKind,
        facts: SubscriptionFacts,
    },
    WebhookDisabled(WebhookFacts),
    Account(AccountMessage),
}

impl Content {
    /// The name of its template.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Order { kind, .. } | Self::Subscription { kind, .. } => kind.as_str(),
            Self::WebhookDisabled(_) => NotificationKind::WebhookDisabled.as_str(),
            Self::Account(AccountMessage::PasswordReset { .. }) => "password_reset",
            Self::Account(AccountMessage::EmailConfirmation { .. }) => "email_confirmation",
            Self::Account(AccountMessage::PasswordChanged { .. }) => "password_changed",
        }
    }

    /// From when on it is of no use.
    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::Account(
                AccountMessage::PasswordReset { expires_at, .. }
                | AccountMessage::EmailConfirmation { expires_at, .. },
            ) => Some(*expires_at),
            Self::Order { .. }
            | Self::Subscription { .. }
            | Self::WebhookDisabled(_)
            | Self::Account(AccountMessage::PasswordChanged { .. }) => None,
        }
    }
}

/// A message that is to be sent, as its row says. Of one that has ended, the content is gone.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub id: MessageId,
    pub kind: String,
    pub channel: MailChannel,
    pub user_id: Option<UserId>,
    pub address: Option<EmailAddress>,
    /// The JSON of a [`Content`].
    pub content: Option<String>,
    pub state: MessageState,
    /// How often it was tried, the attempt that is under way included.
    pub attempts: i64,
    pub due_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

impl Message {
    /// An e-mail that is due at once.
    pub(crate) fn new(
        id: MessageId,
        to: Recipient,
        content: &Content,
        now: Timestamp,
    ) -> serde_json::Result<Self> {
        let (user_id, address) = match to {
            Recipient::User(user_id) => (Some(user_id), None),
            Recipient::Email(address) => (None, Some(address)),
        };
        Ok(Self {
            id,
            kind: content.kind().to_owned(),
            channel: MailChannel::Email,
            user_id,
            address,
            content: Some(serde_json::to_string(content)?),
            state: MessageState::Pending,
            attempts: 0,
            due_at: now,
            expires_at: content.expires_at(),
            created_at: now,
        })
    }
    /// The same by SMS.
    pub(crate) fn by_sms(self) -> Self {
        Self {
            channel: MailChannel::Sms,
            ..self
        }
    }
}
