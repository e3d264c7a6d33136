//! A session, and what a refresh token is worth to it.

use std::time::Duration;

use kit_runtime::Timestamp;
use kit_token::{SessionId, UserId};

/// For so long after a rotation the token before is taken too: an answer may be lost, or two tabs may ask at
/// once. It gets the same successor, so that nothing is gained by it.
const GRACE: Duration = Duration::from_secs(30);

/// A session as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionState {
    pub session_id: SessionId,
    pub user_id: UserId,
    /// How often the refresh token was rotated.
    pub counter: i64,
    pub device: String,
    pub ip: String,
    pub created_at: Timestamp,
    pub rotated_at: Option<Timestamp>,
    pub last_used_at: Timestamp,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

/// What becomes of a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refresh {
    /// The token is the current one: count on.
    Rotate,
    /// The token is the parent of the current one, within its grace: answer with the current one.
    Repeat,
    /// The token was used before. Somebody has a copy, and nobody knows who: end the session.
    Reused,
    /// The session is over.
    Over,
}

impl SessionState {
    /// Whether it is over at `now`.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.revoked_at.is_some() || self.expires_at <= now
    }

    /// What a refresh with the token of this counter does.
    pub(crate) fn refresh(&self, counter: i64, now: Timestamp) -> Refresh {
        let in_grace = self.rotated_at.is_some_and(|rotated| now <= rotated.plus(GRACE));
        match self.counter - counter {
            _ if self.is_over(now) => Refresh::Over,
            0 => Refresh::Rotate,
            1 if in_grace => Refresh::Repeat,
            // A counter ahead of ours was sealed by a database that lost its last commits: no better.
            _ => Refresh::Reused,
        }
    }
}

#[cfg(test)]
mod tests {
    use kit_values::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn session() -> SessionState {
        SessionState {
            session_id: SessionId::from(Uuid::nil()),
            user_id: UserId::from(Uuid::nil()),
            counter: 5,
            device: String::new(),
            ip: String::new(),
            created_at: NOW,
            rotated_at: Some(NOW),
            last_used_at: NOW,
            expires_at: NOW.plus(Duration::from_hours(1)),
            revoked_at: None,
        }
    }

    #[test]
    fn the_current_token_rotates() {
        assert_eq!(session().refresh(5, NOW), Refresh::Rotate);
    }

    #[test]
    fn the_parent_is_taken_within_its_grace_and_ends_the_session_after() {
        assert_eq!(session().refresh(4, NOW.plus(GRACE)), Refresh::Repeat);
        let late = NOW.plus(GRACE).plus(Duration::from_micros(1));
        assert_eq!(session().refresh(4, late), Refresh::Reused);
    }

    #[test]
    fn an_older_token_ends_the_session_at_once() {
        assert_eq!(session().refresh(3, NOW), Refresh::Reused);
        assert_eq!(session().refresh(6, NOW), Refresh::Reused);
    }

    #[test]
    fn a_session_that_is_over_stays_over() {
        let revoked = SessionState {
            revoked_at: Some(NOW),
            ..session()
        };
        assert_eq!(revoked.refresh(5, NOW), Refresh::Over);
        assert_eq!(session().refresh(5, session().expires_at), Refresh::Over);
    }
}
