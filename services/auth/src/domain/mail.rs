//! Mail about an account, and what proves that it was read.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit_runtime::{Secret, Timestamp};
use kit_token::UserId;
use kit_values::{Uuid, words};

/// How long a link in a mail works.
pub(crate) const TOKEN_LIFE: Duration = Duration::from_mins(30);

/// How many mails of a kind one account gets in [`MAIL_WINDOW`], whoever asks for them.
pub(crate) const MOST_MAILS: i64 = 3;

/// Longer than a link works, so that the tokens of it are there to be counted.
pub(crate) const MAIL_WINDOW: Duration = Duration::from_hours(1);

words! {
    /// What a mail is for.
    pub(crate) enum MailPurpose {
        /// To choose a new password.
        PasswordReset = "password_reset",
        /// To confirm the address.
        EmailConfirmation = "email_confirmation",
        /// To know that the password was changed.
        PasswordChanged = "password_changed",
    }
}

/// A mail that notifications shall be asked to send.
#[derive(Clone, Debug)]
pub(crate) struct MailRequest {
    /// The message's identifier, however often it is asked for.
    pub id: Uuid,
    pub purpose: MailPurpose,
    /// To whom: the key of an address, whether anybody has it or not.
    pub email_key: String,
    pub created_at: Timestamp,
}

/// What is known of a secret that was sent by mail.
#[derive(Clone, Debug)]
pub(crate) struct MailToken {
    pub hash: String,
    pub purpose: MailPurpose,
    pub user_id: UserId,
    pub email_key: String,
    pub request_id: Uuid,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A secret that is sent by mail: 256 random bits as 43 characters.
pub(crate) fn mail_secret(random: [u8; 32]) -> Secret<String> {
    Secret::new(URL_SAFE_NO_PAD.encode(random))
}

/// What is stored of one. A secret of so many bits needs no slow hash.
pub(crate) fn mail_token_hash(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, secret.as_bytes()))
}
