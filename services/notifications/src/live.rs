//! Who follows their notifications in this process.
//!
//! A stream is woken when there is something new for its user, whichever process wrote it, and then looks into the
//! database: it goes by the numbers there, so a wake too many costs a look and nothing else. Nothing queues.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kit_bus::{Bus, BusError, Delivery};
use kit_token::UserId;
use notifications_api::{NotificationCreated, NotificationsRefusal};
use tokio::sync::watch;

/// The streams that are open here. A cheap handle.
#[derive(Clone)]
pub(crate) struct Live(Arc<Inner>);

struct Inner {
    most: usize,
    most_per_user: usize,
    open: Mutex<OpenStreams>,
}

#[derive(Default)]
struct OpenStreams {
    count: usize,
    users: HashMap<UserId, watch::Sender<()>>,
}

/// One of the streams of a user; its slot is free again once it is dropped.
pub(crate) struct LiveSubscription {
    live: Live,
    user_id: UserId,
    news: watch::Receiver<()>,
}

impl Live {
    pub(crate) fn new(most: usize, most_per_user: usize) -> Self {
        Self(Arc::new(Inner {
            most,
            most_per_user,
            open: Mutex::default(),
        }))
    }

    /// Wakes the streams of this process when any process has written something for their users.
    pub(crate) fn follow(&self, bus: &Bus) -> Result<(), BusError> {
        let (on_created, on_connected) = (self.clone(), self.clone());
        bus.broadcast("notifications.live")
            .on::<NotificationCreated>(move |delivery: Delivery<NotificationCreated>| {
                on_created.wake(delivery.payload.user_id);
                std::future::ready(())
            })
            .connected(move || {
                // What came while nobody listened.
                on_connected.wake_all();
                std::future::ready(Ok(()))
            })
            .start()
    }

    /// A subscription, where slots are free.
    pub(crate) fn subscribe(&self, user_id: UserId) -> Result<LiveSubscription, NotificationsRefusal> {
        let mut open = self.open();
        let own = open.users.get(&user_id).map_or(0, watch::Sender::receiver_count);
        if own >= self.0.most_per_user {
            return Err(NotificationsRefusal::TooManyOwnStreams);
        }
        if open.count >= self.0.most {
            return Err(NotificationsRefusal::TooManyStreams);
        }
        open.count += 1;
        let sender = open.users.entry(user_id).or_default();
        Ok(LiveSubscription {
            live: self.clone(),
            user_id,
            news: sender.subscribe(),
        })
    }

    fn wake(&self, user_id: UserId) {
        if let Some(sender) = self.open().users.get(&user_id) {
            sender.send_replace(());
        }
    }

    fn wake_all(&self) {
        for sender in self.open().users.values() {
            sender.send_replace(());
        }
    }

    fn open(&self) -> MutexGuard<'_, OpenStreams> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LiveSubscription {
    /// Whose stream it is.
    pub(crate) fn user_id(&self) -> UserId {
        self.user_id
    }

    /// Returns once there may be something new since the last time.
    pub(crate) async fn changed(&mut self) {
        if self.news.changed().await.is_err() {
            // Not while this subscription lives.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for LiveSubscription {
    fn drop(&mut self) {
        let mut open = self.live.open();
        open.count -= 1;
        // This one's receiver is still there.
        if open
            .users
            .get(&self.user_id)
            .is_some_and(|sender| sender.receiver_count() <= 1)
        {
            open.users.remove(&self.user_id);
        }
    }
}
