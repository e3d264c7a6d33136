//! Groups that are new at a broker, on their way into the stream.
//!
//! Each is sent the log from its beginning, or from the moment that it asked for, batch by batch beside the
//! stream, until it has everything that was published; then it is let in. One that has been in the stream before
//! and wants something again gets all of it at once, so that nothing newer comes in between.

use std::collections::VecDeque;

use kit_runtime::TaskError;

use super::Shift;
use crate::admin::position_before;
use crate::carrier::JoiningGroup;

#[derive(Default)]
pub(super) struct JoiningGroups(VecDeque<Coming>);

struct Coming {
    group: JoiningGroup,
    /// Everything up to here has been sent to it; nothing is known of one that just came.
    cursor: Option<i64>,
}

impl JoiningGroups {
    /// One that comes again goes on where it was, with its new receipt.
    pub(super) fn add(&mut self, group: JoiningGroup) {
        let mut known = self.0.iter_mut();
        let known =
            known.find(|coming| coming.group.queue == group.queue && coming.group.since == group.since);
        match known {
            Some(coming) => coming.group = group,
            None => self.0.push_back(Coming { group, cursor: None }),
        }
    }
}

impl Shift<'_> {
    /// Sends the next that is due to a joining group; whether there was one.
    pub(super) async fn serve(&mut self) -> Result<bool, TaskError> {
        let Some(mut coming) = self.joining.0.pop_front() else {
            return Ok(false);
        };
        let served = self.send_to(&mut coming).await;
        if !matches!(served, Ok(true)) {
            self.joining.0.push_back(coming);
        }
        served?;
        Ok(true)
    }

    /// Whether it is done.
    async fn send_to(&mut self, coming: &mut Coming) -> Result<bool, TaskError> {
        let mut cursor = match (coming.cursor, coming.group.since) {
            (Some(cursor), _) => cursor,
            (None, None) => 0,
            (None, Some(since)) => position_before(&self.relay.log, since).await?,
        };
        while cursor < self.position {
            let page = self.relay.page(cursor, self.position).await?;
            let sent = self
                .relay
                .publisher
                .publish_to(&coming.group, &page.records)
                .await;
            self.relay.route.metrics.resent(sent.confirmed);
            if let Some(trouble) = sent.trouble {
                self.relay.route.metrics.publish_failed();
                return Err(trouble.into());
            }
            cursor = page.upto;
            coming.cursor = Some(cursor);
            if sent.unwanted > 0 {
                tracing::warn!(
                    queue = coming.group.queue,
                    "a group that asked for events is gone"
                );
                break;
            }
            if coming.group.since.is_none() && cursor < self.position {
                return Ok(false);
            }
        }
        self.relay.publisher.admit(&coming.group).await?;
        Ok(true)
    }
}
