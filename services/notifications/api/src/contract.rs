//! What other services may ask of notifications.

use std::fmt;

use kit_rpc::CallError;
use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{EmailAddress, Uuid};
use serde::{Deserialize, Serialize};

use crate::NotificationsRefusal;

kit_rpc::contract! {
    /// What other services may ask of notifications.
    pub trait Notifications("notifications"), client NotificationsClient, error NotificationsError {
        /// Sends a message to one person by e-mail, whatever they prefer. Once it is answered the message is kept and
        /// will be sent, or given up after many attempts; asked again with the same identifier, it is sent once.
        command send_message(SendMessage) -> ();
    }
}

/// Why notifications did not do what another service asked.
pub type NotificationsError = CallError<NotificationsRefusal>;

/// Asks to send a message.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SendMessage {
    /// Chosen by the caller: the same for each time that it asks to send the message.
    pub message_id: Uuid,
    /// To whom.
    pub to: Recipient,
    /// What it says.
    pub message: AccountMessage,
}

/// To whom a message is sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// A user, at the address that their account has when it is sent.
    User(UserId),
    /// An address.
    Email(EmailAddress),
}

/// What is said to the owner of an account. A secret in it is forgotten once the message is sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "template", rename_all = "snake_case")]
pub enum AccountMessage {
    /// How to choose a new password.
    PasswordReset {
        /// The name of the account.
        username: String,
        /// What proves that they got the message.
        token: MessageToken,
        /// Until when the token is good; the message is not sent after it.
        expires_at: Timestamp,
    },
    /// How to confirm the address of an account.
    EmailConfirmation {
        /// The name of the account.
        username: String,
        /// What proves that they got the message.
        token: MessageToken,
        /// Until when the token is good; the message is not sent after it.
        expires_at: Timestamp,
    },
    /// The password of an account was changed.
    PasswordChanged {
        /// The name of the account.
        username: String,
        /// When (UTC).
        at: Timestamp,
    },
}

/// A secret that a message carries. It is not printed.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct MessageToken(pub String);

impl fmt::Debug for MessageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}
