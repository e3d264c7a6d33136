//! Sends what is due.
//!
//! Processes share the queue: each takes messages for a while, tries them side by side, and writes how that ended. A
//! process that dies in between has them tried again by another; so a message is sent at least once, and known by
//! its `Message-ID` when it is sent twice. Nothing is called inside a unit of work.

use std::time::Duration;

use auth_api::{AuthClient, AuthError, GetIdentity};
use futures::future::join_all;
use kit_rpc::{Actor, CallContext, Deadline};
use kit_runtime::{Clock, Ids, TaskError, Tasks};
use kit_token::UserId;
use kit_values::EmailAddress;
use notifications_api::MailChannel;

use crate::domain::{AttemptFailure, Content, Mail, MailText, Message};
use crate::mailer::Mailer;
use crate::service::NotificationsService;
use crate::sms::SmsClient;
use crate::templates::Templates;

/// How often it is looked for messages that are due again, or that another process wrote.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How long an attempt may take in all.
const ATTEMPT_LIMIT: Duration = Duration::from_mins(1);

/// How long auth may take to say an address.
const ADDRESS_LIMIT: Duration = Duration::from_secs(10);

/// What an attempt needs.
#[derive(Clone)]
pub(crate) struct Sender {
    pub(crate) notifications: NotificationsService,
    pub(crate) templates: Templates,
    pub(crate) mailer: Mailer,
    pub(crate) sms: SmsClient,
    pub(crate) auth: AuthClient,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
}

impl Sender {
    /// Starts it. Processes may do so side by side.
    pub(crate) fn start(self, tasks: &Tasks) {
        let (waiting, working) = (self.clone(), self);
        let woken = move || {
            let sender = waiting.clone();
            async move { sender.notifications.message_written().await }
        };
        tasks.repeat_woken("notifications.sender", POLL_INTERVAL, woken, move || {
            let sender = working.clone();
            async move { sender.send_due().await }
        });
    }

    /// Attempts what is due; whether anything was.
    async fn send_due(&self) -> Result<bool, TaskError> {
        let due = self.notifications.take_due().await?;
        join_all(due.iter().map(|message| self.attempt(message))).await;
        Ok(!due.is_empty())
    }

    async fn attempt(&self, message: &Message) {
        let sending = tokio::time::timeout(ATTEMPT_LIMIT, self.send(message)).await;
        let outcome = sending.unwrap_or_else(|_| Err(AttemptFailure::again("no answer in time")));
        if let Err(error) = self.notifications.finish_attempt(message, outcome).await {
            // Its time for this attempt runs out, and then it is tried again.
            tracing::warn!(id = %message.id, %error, "what became of a message cannot be written");
        }
    }

    /// Sends a message; a mail for the mailbox where there is no server.
    async fn send(&self, message: &Message) -> Result<Option<Mail>, AttemptFailure> {
        let now = self.clock.now();
        if message.expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(AttemptFailure::never("it has expired"));
        }
        let content: Content = serde_json::from_str(message.content.as_deref().unwrap_or_default())
            .map_err(|error| AttemptFailure::never(format!("its content cannot be read: {error}")))?;
        match message.channel {
            MailChannel::Email => self.send_mail(message, &content).await,
            MailChannel::Sms => self.send_sms(message, &content).await,
        }
    }

    async fn send_mail(&self, message: &Message, content: &Content) -> Result<Option<Mail>, AttemptFailure> {
        let text = self.templates.mail(content).map_err(|error| no_text(&error))?;
        let to = self.address_of(message).await?;
        if self.mailer.is_mailbox() {
            let recipient = (to.to_string(), to.key());
            return Ok(Some(self.mail_for_mailbox(message, recipient, text)));
        }
        self.mailer
            .send((message.id, message.created_at), &to, text)
            .await?;
        Ok(None)
    }

    async fn send_sms(&self, message: &Message, content: &Content) -> Result<Option<Mail>, AttemptFailure> {
        let text = self.templates.sms(content).map_err(|error| no_text(&error))?;
        let user_id = message
            .user_id
            .ok_or_else(|| AttemptFailure::never("it has no recipient"))?;
        let phone = self.notifications.find_phone(user_id).await;
        let phone =
            phone.map_err(|error| AttemptFailure::again(format!("the number cannot be read: {error}")))?;
        let to = phone.ok_or_else(|| AttemptFailure::never("the user has no number any more"))?;
        if !self.sms.is_configured() && self.mailer.is_mailbox() {
            let text = MailText {
                subject: String::new(),
                text,
                html: String::new(),
            };
            let recipient = (to.to_string(), to.to_string());
            return Ok(Some(self.mail_for_mailbox(message, recipient, text)));
        }
        self.sms.send(&to, &text).await?;
        Ok(None)
    }

    /// What would have been sent.
    fn mail_for_mailbox(
        &self,
        message: &Message,
        (recipient, recipient_key): (String, String),
        text: MailText,
    ) -> Mail {
        Mail {
            id: self.ids.uuid().into(),
            channel: message.channel,
            message_id: message.id,
            user_id: message.user_id,
            recipient,
            recipient_key,
            subject: text.subject,
            text: text.text,
            html: text.html,
            sent_at: self.clock.now(),
        }
    }

    async fn address_of(&self, message: &Message) -> Result<EmailAddress, AttemptFailure> {
        match (&message.address, message.user_id) {
            (Some(address), _) => Ok(address.clone()),
            (None, Some(user_id)) => self.ask_for_address(user_id).await,
            (None, None) => Err(AttemptFailure::never("it has no recipient")),
        }
    }

    async fn ask_for_address(&self, user_id: UserId) -> Result<EmailAddress, AttemptFailure> {
        let call = CallContext::new(
            Actor::Service("notifications".into()),
            Deadline::after(ADDRESS_LIMIT),
        );
        match self.auth.get_identity(&call, GetIdentity { user_id }).await {
            Ok(identity) => identity
                .email
                .parse()
                .map_err(|_| AttemptFailure::never("the account's address is none")),
            Err(AuthError::NotFound(_)) => Err(AttemptFailure::never("there is no such account")),
            Err(error) => Err(AttemptFailure::again(format!(
                "auth does not say the address: {error}"
            ))),
        }
    }
}

fn no_text(error: &minijinja::Error) -> AttemptFailure {
    AttemptFailure::never(format!("its text cannot be made: {error}"))
}
