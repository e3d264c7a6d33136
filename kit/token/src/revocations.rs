//! What was revoked before it expired.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use kit_runtime::{Clock, Timestamp};

use crate::{Principal, Refusal, SessionId, UserId};

/// How often entries are looked through for those that have had their time.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// The revoked sessions and the raised epochs, in memory, asked for every token.
///
/// Entries merge by union and by the larger epoch, so that the same news may come twice, from two sides and in
/// any order. An entry is kept for as long as a token issued before it can live, and then forgotten: what it
/// would refuse has expired. An empty set refuses nothing.
///
/// Where the set follows a feed, silence is not good news: until the first answer every token is refused, and
/// how old the last one is can be asked, so that what matters most fails closed.
#[derive(Debug)]
pub struct Revocations {
    clock: Clock,
    /// From the news to the end of the last token that it can concern.
    retention: Duration,
    state: RwLock<State>,
}

/// What is known of the feed that brings the news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedHealth {
    /// No feed is followed: nothing is ever revoked here.
    NotFollowed,
    /// A feed is followed, and has not answered yet.
    Waiting,
    /// The last good answer is this old, which is young enough.
    Fresh(Duration),
    /// The last good answer is this old, which is too old.
    Stale(Duration),
}

#[derive(Debug, Default)]
struct State {
    feed: Option<Feed>,
    sessions: HashMap<SessionId, Timestamp>,
    epochs: HashMap<UserId, RaisedEpoch>,
    next_sweep: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Feed {
    max_age: Duration,
    refreshed_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
struct RaisedEpoch {
    epoch: i64,
    until: Timestamp,
}

impl Revocations {
    pub(crate) fn new(clock: Clock, retention: Duration) -> Self {
        Self {
            clock,
            retention,
            state: RwLock::default(),
        }
    }

    /// From now on every token of this session is refused.
    pub fn revoke_session(&self, session: SessionId) {
        self.change(|state, until| {
            state.sessions.insert(session, until);
        });
    }

    /// From now on every token of this user with a lower epoch is refused.
    pub fn raise_epoch(&self, user: UserId, epoch: i64) {
        self.change(|state, until| {
            let raised = state.epochs.entry(user).or_insert(RaisedEpoch { epoch, until });
            raised.epoch = raised.epoch.max(epoch);
            raised.until = until;
        });
    }

    /// From now on a feed brings the news, and its last good answer may be `max_age` old. Until there is one,
    /// every token is refused.
    pub fn follow(&self, max_age: Duration) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.feed = Some(Feed {
            max_age,
            refreshed_at: None,
        });
    }

    /// The feed has answered, and everything it said is in the set.
    pub fn mark_fresh(&self) {
        let now = self.clock.now();
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(feed) = &mut state.feed {
            feed.refreshed_at = Some(now);
        }
    }

    /// Whether the feed is followed, and how old its last answer is.
    pub fn health(&self) -> FeedHealth {
        let feed = self.state.read().unwrap_or_else(PoisonError::into_inner).feed;
        let Some(Feed {
            max_age,
            refreshed_at,
        }) = feed
        else {
            return FeedHealth::NotFollowed;
        };
        let Some(refreshed_at) = refreshed_at else {
            return FeedHealth::Waiting;
        };
        let age = self.clock.now().since(refreshed_at);
        if age > max_age {
            FeedHealth::Stale(age)
        } else {
            FeedHealth::Fresh(age)
        }
    }

    pub(crate) fn check(&self, principal: &Principal) -> Result<(), Refusal> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if state.feed.is_some_and(|feed| feed.refreshed_at.is_none()) {
            return Err(Refusal::NoRevocations);
        }
        if state.sessions.contains_key(&principal.session_id) {
            return Err(Refusal::SessionRevoked);
        }
        match state.epochs.get(&principal.user_id) {
            Some(raised) if principal.epoch < raised.epoch => Err(Refusal::EpochRevoked),
            _ => Ok(()),
        }
    }

    fn change(&self, change: impl FnOnce(&mut State, Timestamp)) {
        let now = self.clock.now();
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if now >= state.next_sweep {
            state.sessions.retain(|_, until| *until > now);
            state.epochs.retain(|_, raised| raised.until > now);
            state.next_sweep = now.plus(SWEEP_EVERY);
        }
        change(&mut state, now.plus(self.retention));
    }
}

#[cfg(test)]
mod tests {
    use kit_runtime::{FakeClock, Ids};

    use super::*;

    #[test]
    fn a_feed_that_falls_silent_is_stale() {
        let fake = FakeClock::at(Timestamp::from_seconds(1_000));
        let revocations = Revocations::new(fake.clock(), Duration::from_mins(10));
        assert_eq!(revocations.health(), FeedHealth::NotFollowed);
        revocations.follow(Duration::from_mins(1));
        assert_eq!(revocations.health(), FeedHealth::Waiting);
        revocations.mark_fresh();
        fake.advance(Duration::from_mins(1));
        assert_eq!(revocations.health(), FeedHealth::Fresh(Duration::from_mins(1)));
        fake.advance(Duration::from_secs(1));
        assert_eq!(revocations.health(), FeedHealth::Stale(Duration::from_secs(61)));
    }

    #[test]
    fn entries_are_forgotten_once_no_token_can_be_alive() {
        let (fake, ids) = (FakeClock::at(Timestamp::from_seconds(1_000)), Ids::seeded(1));
        let revocations = Revocations::new(fake.clock(), Duration::from_mins(10));
        let held = |revocations: &Revocations| {
            let state = revocations.state.read().unwrap();
            (state.sessions.len(), state.epochs.len())
        };
        revocations.revoke_session(ids.uuid().into());
        revocations.raise_epoch(ids.uuid().into(), 1);
        fake.advance(Duration::from_secs(599));
        revocations.revoke_session(ids.uuid().into());
        assert_eq!(held(&revocations), (2, 1));
        fake.advance(Duration::from_secs(61));
        revocations.revoke_session(ids.uuid().into());
        assert_eq!(held(&revocations), (2, 0));
    }
}
