//! Ending sessions and tokens: the row that every process reads, and the event that says so.

use std::time::Duration;

use auth_api::SessionRevoked;
use kit_db::{StoreError, Tx};
use kit_runtime::{Ids, Timestamp};
use kit_token::{SessionId, UserId};

use super::Inner;
use crate::store::{self, EndAt, Revocation, Revoked};

/// Which sessions of a user to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Which {
    These(Vec<SessionId>),
    AllBut(SessionId),
    All,
}

/// Writes revocations in the caller's transaction. Cheap to clone into a unit of work.
#[derive(Clone)]
pub(super) struct Revoker {
    ids: Ids,
    /// For how long a token can live that was issued a moment ago.
    token_life: Duration,
    now: Timestamp,
}

/// What a unit of work ended, to be believed here at once after its commit.
#[derive(Clone, Debug, Default)]
pub(super) struct Ended(Vec<Revoked>);

impl Revoker {
    /// Ends sessions of a user for everybody, as far as there is something to end. The caller holds the
    /// account, which a refresh needs too: after this nothing of them lives.
    pub(super) async fn sessions(
        &self,
        tx: &mut Tx,
        user_id: UserId,
        which: Which,
    ) -> Result<Ended, StoreError> {
        let at = EndAt {
            now: self.now,
            oldest_token: self.now.minus(self.token_life),
        };
        let sessions = match which {
            Which::These(sessions) => {
                let mut ended = Vec::new();
                for session in sessions {
                    if store::end_session(tx, user_id, session, at).await? {
                        ended.push(session);
                    }
                }
                ended
            }
            Which::AllBut(kept) => store::end_sessions(tx, user_id, Some(kept), at).await?,
            Which::All => store::end_sessions(tx, user_id, None, at).await?,
        };
        let mut ended = Ended::default();
        for session_id in sessions {
            ended.0.push(Revoked::Session(session_id));
            store::insert_revocation(tx, &self.entry(Revoked::Session(session_id))).await?;
            tx.publish(SessionRevoked {
                user_id,
                session_id,
                timestamp: self.now,
            });
        }
        Ok(ended)
    }

    /// Ends every token of a user below an epoch for everybody.
    pub(super) async fn epoch(&self, tx: &mut Tx, user_id: UserId, epoch: i64) -> Result<Ended, StoreError> {
        let what = Revoked::Epoch { user_id, epoch };
        store::insert_revocation(tx, &self.entry(what)).await?;
        Ok(Ended(vec![what]))
    }

    fn entry(&self, what: Revoked) -> Revocation {
        Revocation {
            id: self.ids.uuid().to_string(),
            what,
            at: self.now,
            expires_at: self.now.plus(self.token_life),
        }
    }
}

impl From<SessionId> for Which {
    fn from(session: SessionId) -> Self {
        Self::These(vec![session])
    }
}

impl Ended {
    pub(super) fn and(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

impl Inner {
    pub(super) fn revoker(&self, now: Timestamp) -> Revoker {
        Revoker {
            ids: self.ids.clone(),
            token_life: self.token_life(),
            now,
        }
    }

    /// For how long a token may be taken somewhere: it may be issued by a clock that is ahead, and be taken by
    /// one that is behind.
    pub(super) fn token_life(&self) -> Duration {
        self.settings.token_expiry + Duration::from_mins(2)
    }

    /// This process need not wait for the feed to bring its own news.
    pub(super) fn believe(&self, ended: &Ended) {
        for what in &ended.0 {
            match *what {
                Revoked::Session(session) => self.verifier.revocations().revoke_session(session),
                Revoked::Epoch { user_id, epoch } => self.verifier.revocations().raise_epoch(user_id, epoch),
            }
        }
    }
}
