//! Asks notifications to send the mail that was asked for.
//!
//! A request stays in the table until notifications has taken it, so none is lost while that is away, and whatever
//! answers are lost, the message has one identifier and is sent once. Each attempt has a token of its own, since only
//! hashes are kept; whichever of them was sent works. Nothing is called inside a unit of work.

use std::time::Duration;

use kit_rpc::{Actor, CallContext, Deadline};
use kit_runtime::{Ids, Stop, TaskError, Tasks};
use kit_service::Peers;
use notifications_api::NotificationsClient;

use crate::domain::MailRequest;
use crate::service::AuthService;

/// How many requests are looked at together.
const PAGE: u32 = 50;

/// How often it is looked for requests, and how often at most while notifications is away.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long notifications may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// What the task needs.
#[derive(Clone)]
pub(crate) struct MailTask {
    pub(crate) auth: AuthService,
    pub(crate) peers: Peers,
    pub(crate) ids: Ids,
}

impl MailTask {
    /// Starts it. Processes may do so side by side.
    pub(crate) fn start(self, tasks: &Tasks) {
        tasks.supervise("auth.mail", move |stop| {
            let task = self.clone();
            async move { task.run(&stop).await }
        });
    }

    async fn run(&self, stop: &Stop) -> Result<(), TaskError> {
        let mut pause = POLL_INTERVAL;
        while stop.sleep(pause).await {
            pause = if self.round(stop).await? {
                POLL_INTERVAL
            } else {
                (pause * 2).min(LONGEST_PAUSE)
            };
        }
        Ok(())
    }

    /// Asks for everything that is to be asked for; whether all of it is taken.
    async fn round(&self, stop: &Stop) -> Result<bool, TaskError> {
        let (mut after, mut is_done) = (String::new(), true);
        loop {
            let requests = self.auth.list_mail_requests(after, PAGE).await?;
            let Some(last) = requests.last() else {
                return Ok(is_done);
            };
            after = last.id.to_string();
            // It is built after auth, and may be in another process.
            let notifications = match self.peers.client::<NotificationsClient>() {
                Ok(notifications) => notifications,
                Err(error) => {
                    tracing::warn!(%error, "mail waits for notifications");
                    return Ok(false);
                }
            };
            for request in &requests {
                if stop.is_requested() {
                    return Ok(is_done);
                }
                is_done &= self.send(&notifications, request).await;
            }
        }
    }

    /// Whether notifications has it, or nobody is to get it.
    async fn send(&self, notifications: &NotificationsClient, request: &MailRequest) -> bool {
        let message = match self.auth.write_mail(request, self.ids.random()).await {
            Ok(Some(message)) => message,
            Ok(None) => return true,
            Err(error) => {
                tracing::warn!(id = %request.id, %error, "a mail cannot be written");
                return false;
            }
        };
        let call = CallContext::new(Actor::Service("auth".into()), Deadline::after(ANSWER_LIMIT));
        if let Err(error) = notifications.send_message(&call, message).await {
            tracing::warn!(id = %request.id, %error, "notifications does not take a mail yet");
            return false;
        }
        let finished = self.auth.finish_mail(request).await;
        finished
            .inspect_err(|error| tracing::warn!(id = %request.id, %error, "a mail is asked for once more"))
            .is_ok()
    }
}
