//! Mail that would have been sent.

use kit_runtime::Timestamp;
use kit_token::UserId;
use notifications_api::{MailChannel, MailId, MailSummary};

use super::MessageId;

/// A mail in the mailbox.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub id: MailId,
    pub channel: MailChannel,
    pub message_id: MessageId,
    /// To whom it belongs, where that is known.
    pub user_id: Option<UserId>,
    pub recipient: String,
    /// The recipient, without case.
    pub recipient_key: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub sent_at: Timestamp,
}

impl From<Mail> for MailSummary {
    fn from(mail: Mail) -> Self {
        Self {
            id: mail.id,
            channel: mail.channel,
            to: mail.recipient,
            subject: mail.subject,
            sent_at: mail.sent_at,
        }
    }
}
