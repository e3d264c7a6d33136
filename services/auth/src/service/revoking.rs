//! Ending sessions and tokens: the row that every process reads, and the event that says so.

use std::time::Duration;

use auth_api::SessionRevoked;
use kit_db::{StoreError, Tx};
use kit_runtime::Timestamp;
use kit_token::{SessionId, UserId};
use kit_values::Uuid;

use super::AuthService;
use crate::store::{self, EndAt, Revocation, Revoked};

/// Which sessions of a user to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Which {
    These(Vec<SessionId>),
    AllBut(SessionId),
    All,
}

impl From<SessionId> for Which {
    fn from(session: SessionId) -> Self {
        Self::These(vec![session])
    }
}

/// What a unit of work ended, to be applied here at once after its commit.
#[derive(Clone, Debug, Default)]
pub(super) struct Ended(Vec<Revoked>);

impl Ended {
    pub(super) fn and(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

impl AuthService {
    /// Ends sessions of a user for everybody, as far as there is something to end, in the caller's transaction.
    /// The caller holds the account, which a refresh needs too: after this nothing of them lives.
    pub(super) async fn revoke_sessions(
        &self,
        tx: &mut Tx,
        user_id: UserId,
        which: Which,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        let at = EndAt {
            now,
            oldest_token: now.minus(self.token_life()),
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
            let what = Revoked::Session(session_id);
            ended.0.push(what);
            store::insert_revocation(tx, &self.revocation(what, now)).await?;
            tx.publish(SessionRevoked {
                user_id,
                session_id,
                timestamp: now,
            });
        }
        Ok(ended)
    }

    /// Ends every token of a user below an epoch for everybody, in the caller's transaction.
    pub(super) async fn revoke_epoch(
        &self,
        tx: &mut Tx,
        user_id: UserId,
        epoch: i64,
        now: Timestamp,
    ) -> Result<Ended, StoreError> {
        let what = Revoked::Epoch { user_id, epoch };
        store::insert_revocation(tx, &self.revocation(what, now)).await?;
        Ok(Ended(vec![what]))
    }

    fn revocation(&self, what: Revoked, at: Timestamp) -> Revocation {
        Revocation {
            id: self.units.new_id::<Uuid>().to_string(),
            what,
            at,
            expires_at: at.plus(self.token_life()),
        }
    }

    /// For how long a token may be taken somewhere: it may be issued by a clock that is ahead, and be taken by
    /// one that is behind.
    pub(super) fn token_life(&self) -> Duration {
        self.settings.token_expiry + Duration::from_mins(2)
    }

    /// This process need not wait for the feed to bring its own news.
    pub(super) fn apply_here(&self, ended: &Ended) {
        let revocations = self.verifier.revocations();
        for what in &ended.0 {
            match *what {
                Revoked::Session(session) => revocations.revoke_session(session),
                Revoked::Epoch { user_id, epoch } => revocations.raise_epoch(user_id, epoch),
            }
        }
    }
}
