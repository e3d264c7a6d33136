//! Mail that would have been sent, where there is no mail server.

use kit_runtime::Timestamp;
use kit_values::{typed_id, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

typed_id! {
    /// A mail in the mailbox.
    pub struct MailId("mail_");
}

words! {
    /// By which way a message goes to whom it is for.
    pub enum MailChannel {
        /// By e-mail.
        Email = "email",
        /// By SMS.
        Sms = "sms",
    }
}

/// The query of `GET /mailbox`, beside that of a page.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailFilter {
    /// Messages to this address or phone number, in any case.
    pub to: Option<String>,
}

/// A mail, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct MailSummary {
    /// The identifier of the mail.
    pub id: MailId,
    /// By which way it would have been sent.
    pub channel: MailChannel,
    /// The address or phone number it is for.
    pub to: String,
    /// The subject; an SMS has none.
    pub subject: String,
    /// When it would have been sent (UTC).
    pub sent_at: Timestamp,
}

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct MailView {
    /// The identifier of the mail.
    pub id: MailId,
    /// By which way it would have been sent.
    pub channel: MailChannel,
    /// The `Message-ID` it would have.
    pub message_id: String,
    /// Whom it comes from.
    pub from: String,
    /// The address or phone number it is for.
    pub to: String,
    /// The subject; an SMS has none.
    pub subject: String,
    /// What it says, as plain text.
    pub text: String,
    /// What it says, as HTML; an SMS is plain text.
    pub html: String,
    /// When it would have been sent (UTC).
    pub sent_at: Timestamp,
}
