//! What users are told in the application.

use std::time::Duration;

use kit_db::{Reader, StoreError, Tx};
use kit_http::extract::{Page, PageRequest};
use kit_runtime::Timestamp;
use kit_service::{Call, Failure, Follower, TooManyFollowers};
use kit_token::UserId;
use notifications_api::{
    AllRead, NotificationId, NotificationKind, NotificationListing, NotificationView, NotificationsRefusal,
    PhoneNumber, Recipient,
};

use super::{NotificationsFailure, NotificationsService};
use crate::domain::{Content, Message, Notification, Text};
use crate::store;

const NOTIFICATION: &str = "Notification";

/// How many notifications a stream reads at once.
const STREAM_PAGE: i64 = 50;

const DAY: Duration = Duration::from_hours(24);

/// How many old notifications are removed at once.
const SWEEP_PAGE: u32 = 1_000;

impl NotificationsService {
    /// A page of the caller's notifications, the newest first.
    pub(crate) async fn list_notifications(
        &self,
        call: &Call,
        request: &PageRequest,
    ) -> Result<NotificationListing, NotificationsFailure> {
        let (before, limit) = request.rows::<i64>()?;
        let (user_id, before) = (call.actor.user_id, before.unwrap_or(i64::MAX));
        let read = async move |reader: &mut Reader| {
            let found = store::list_before(reader, user_id, before, limit).await?;
            Ok((found, store::count_unread(reader, user_id).await?))
        };
        let (found, unread_count) = self.units.read(read).await?;
        let page = Page::cut(found, request, |notification| notification.number.to_string());
        Ok(NotificationListing {
            page: page.map(NotificationView::from),
            unread_count,
        })
    }

    /// Marks one of the caller's notifications as read; the notification after it.
    pub(crate) async fn read_notification(
        &self,
        call: &Call,
        id: NotificationId,
    ) -> Result<NotificationView, NotificationsFailure> {
        let (user_id, now) = (call.actor.user_id, self.units.now());
        let unit = async move |tx: &mut Tx| {
            store::mark_read(tx, user_id, id, now).await?;
            let found = store::find_notification(tx, user_id, id).await?;
            found.ok_or(Failure::NotFound(NOTIFICATION))
        };
        self.units.unit(call, unit).await.map(NotificationView::from)
    }

    /// Marks all of the caller's notifications as read.
    pub(crate) async fn read_all_notifications(&self, call: &Call) -> Result<AllRead, NotificationsFailure> {
        let (user_id, now) = (call.actor.user_id, self.units.now());
        let unit = async move |tx: &mut Tx| {
            store::hold_feed(tx, user_id).await?;
            let read = store::mark_all_read(tx, user_id, now).await?;
            Ok(AllRead { read })
        };
        self.units.unit(call, unit).await
    }

    /// A slot for a stream of the user's notifications.
    pub(crate) fn follow(&self, user_id: UserId) -> Result<Follower<UserId>, NotificationsFailure> {
        let follower = self.followers.follow(user_id, user_id);
        follower.map_err(|too_many| {
            Failure::Refused(match too_many {
                TooManyFollowers::OfUser => NotificationsRefusal::TooManyOwnStreams,
                TooManyFollowers::InAll => NotificationsRefusal::TooManyStreams,
            })
        })
    }

    /// The number of the user's newest notification.
    pub(crate) async fn last_number(&self, user_id: UserId) -> Result<i64, NotificationsFailure> {
        let read = async move |reader: &mut Reader| store::last_number(reader, user_id).await;
        Ok(self.units.read(read).await?)
    }

    /// What the user was told after a number, the oldest first, as far as a stream reads at once.
    pub(crate) async fn list_after(
        &self,
        user_id: UserId,
        after: i64,
    ) -> Result<Vec<Notification>, NotificationsFailure> {
        let read =
            async move |reader: &mut Reader| store::list_after(reader, user_id, after, STREAM_PAGE).await;
        Ok(self.units.read(read).await?)
    }

    /// Whether something happened so long ago that a notification of it would not be kept.
    pub(crate) fn is_too_old(&self, at: Timestamp) -> bool {
        at < self.units.now().minus(self.rules.notifications_kept)
    }

    /// A message of an event to somebody, where the event is so young that a mail of it is of use.
    pub(crate) fn message_of(
        &self,
        to: Recipient,
        content: &Content,
        at: Timestamp,
    ) -> serde_json::Result<Option<Message>> {
        let now = self.units.now();
        if at < now.minus(self.rules.mail_within) {
            return Ok(None);
        }
        Message::new(self.units.new_id(), to, content, now).map(Some)
    }

    /// Tells a user something as they prefer it, in a transaction, unless the account is gone.
    pub(crate) async fn notify_in(
        &self,
        tx: &mut Tx,
        user_id: UserId,
        (kind, text): (NotificationKind, &Text),
        message: Option<&Message>,
    ) -> Result<(), StoreError> {
        if store::is_erased(tx, user_id).await? {
            return Ok(());
        }
        let channels = store::get_preference(tx, user_id, kind).await?;
        if channels.in_app {
            self.add_in(tx, user_id, (kind, text)).await?;
        }
        let Some(message) = message else {
            return Ok(());
        };
        if channels.email {
            store::insert_message(tx, message).await?;
        }
        if channels.sms {
            self.add_sms_in(tx, user_id, message).await?;
        }
        Ok(())
    }

    /// Says by SMS what a mail says, to somebody who gave a number, and only so often a day.
    async fn add_sms_in(&self, tx: &mut Tx, user_id: UserId, mail: &Message) -> Result<(), StoreError> {
        if !self.rules.has_sms || store::find_phone(tx, user_id).await?.is_none() {
            return Ok(());
        }
        let written = store::count_sms(tx, user_id, self.units.now().minus(DAY)).await?;
        if written >= self.rules.sms_a_day {
            tracing::info!(%user_id, "a user gets no more SMS today");
            return Ok(());
        }
        let sms = Message {
            id: self.units.new_id(),
            ..mail.clone()
        };
        store::insert_message(tx, &sms.by_sms()).await
    }

    /// The number for SMS of a user who gave one.
    pub(crate) async fn find_phone(&self, user_id: UserId) -> Result<Option<PhoneNumber>, StoreError> {
        let read = async move |reader: &mut Reader| store::find_phone(reader, user_id).await;
        self.units.read(read).await
    }

    async fn add_in(
        &self,
        tx: &mut Tx,
        user_id: UserId,
        (kind, text): (NotificationKind, &Text),
    ) -> Result<(), StoreError> {
        let Some(number) = store::next_number(tx, user_id).await? else {
            return Ok(());
        };
        let notification = Notification {
            id: self.units.new_id(),
            user_id,
            number,
            kind,
            title: text.title.clone(),
            body: text.body.clone(),
            link: text.link.clone(),
            created_at: self.units.now(),
            read_at: None,
        };
        store::insert_notification(tx, &notification).await?;
        store::prune(tx, user_id, number - self.rules.per_user).await?;
        tx.publish(notification.event());
        Ok(())
    }

    /// Removes a batch of what is older than it is kept; how many.
    pub(crate) async fn delete_old(&self) -> Result<u64, NotificationsFailure> {
        let than = self.units.now().minus(self.rules.notifications_kept);
        let unit = async move |tx: &mut Tx| store::delete_older(tx, than, SWEEP_PAGE).await;
        Ok(self.units.write(unit).await?)
    }
}
