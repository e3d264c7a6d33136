//! The queue of what is sent to people: put into it with the effect that it tells of, taken out for an attempt, and
//! ended with its outcome.

use std::time::Duration;

use kit_db::{Reader, StoreError, Tx};
use kit_runtime::Timestamp;

use super::{NotificationsFailure, NotificationsService};
use crate::domain::{AttemptFailure, Mail, Message, MessageState};
use crate::store;

/// How many messages are tried at once.
const AT_ONCE: u32 = 10;

/// How long an attempt has its message for itself: longer than it may take.
const LEASE: Duration = Duration::from_mins(3);

/// How many mails the mailbox keeps, the newest.
const KEPT_MAIL: i64 = 1_000;

/// How many messages that have ended are removed at once.
const SWEEP_PAGE: u32 = 1_000;

impl NotificationsService {
    /// Looks for messages at once, since one was written.
    pub(crate) fn wake_sender(&self) {
        self.due.notify_one();
    }

    /// Returns once a message was written in this process.
    pub(crate) async fn message_written(&self) {
        self.due.notified().await;
    }

    /// Messages that are due, each for one attempt.
    pub(crate) async fn take_due(&self) -> Result<Vec<Message>, StoreError> {
        let now = self.units.now();
        let look = async move |reader: &mut Reader| store::is_any_due(reader, now).await;
        if !self.units.read(look).await? {
            return Ok(Vec::new());
        }
        let span = (now, now.plus(LEASE));
        let unit = async move |tx: &mut Tx| store::take_due(tx, span, AT_ONCE).await;
        self.units.write(unit).await
    }

    /// Writes how an attempt ended: with a mail for the mailbox, with a server that has it, or not well. Nothing
    /// happens where the message was taken by another attempt meanwhile.
    pub(crate) async fn finish_attempt(
        &self,
        message: &Message,
        outcome: Result<Option<Mail>, AttemptFailure>,
    ) -> Result<(), StoreError> {
        let (now, attempt) = (self.units.now(), (message.id, message.attempts));
        let outcome = outcome.map_err(|failure| (self.next_attempt(message, &failure, now), failure));
        let unit = async move |tx: &mut Tx| match &outcome {
            Ok(mail) => {
                let is_ours = store::finish_message(tx, attempt, (MessageState::Sent, None), now).await?;
                match mail {
                    Some(mail) if is_ours => store::insert_mail(tx, mail, KEPT_MAIL).await,
                    _ => Ok(()),
                }
            }
            Err((Some(due_at), failure)) => store::try_again(tx, attempt, &failure.reason, *due_at).await,
            Err((None, failure)) => {
                let end = (MessageState::GivenUp, Some(&*failure.reason));
                store::finish_message(tx, attempt, end, now).await.map(drop)
            }
        };
        self.units.write(unit).await
    }

    /// When a message is tried again that failed; none where it is given up.
    fn next_attempt(&self, message: &Message, failure: &AttemptFailure, now: Timestamp) -> Option<Timestamp> {
        let [noise] = self.ids.random::<1>();
        let due_at = failure
            .pause(message.attempts, noise)
            .map(|pause| now.plus(pause));
        let (kind, attempts, reason) = (&message.kind, message.attempts, &failure.reason);
        if due_at.is_some() {
            tracing::info!(id = %message.id, kind, attempts, reason, "a message is tried again later");
        } else {
            tracing::warn!(id = %message.id, kind, attempts, reason, "a message is given up");
        }
        due_at
    }

    /// Removes a batch of messages that ended longer ago than they are kept; how many.
    pub(crate) async fn delete_finished(&self) -> Result<u64, NotificationsFailure> {
        let before = self.units.now().minus(self.rules.messages_kept);
        let unit = async move |tx: &mut Tx| store::delete_finished(tx, before, SWEEP_PAGE).await;
        Ok(self.units.write(unit).await?)
    }
}
