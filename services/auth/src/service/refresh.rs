//! Going on with a session.

use auth_api::{AccountStatus, LoggedIn};
use kit_db::{StoreError, Tx};
use kit_token::SessionId;
use thiserror::Error;

use super::revoking::Ended;
use super::{Actor, AuthFailure, AuthService, IssueFor, Origin};
use crate::domain::{Account, Refresh, RefreshToken};
use crate::store;

/// Why a session did not go on.
#[derive(Debug, Error)]
pub(crate) enum RefreshRefusal {
    /// Not ours, used before, or of a session that is over: nobody is told which.
    #[error("invalid refresh token")]
    Invalid,
    #[error(transparent)]
    Failed(#[from] AuthFailure),
}

/// What the unit of work found. A session that ends here ends although the request is refused.
enum Outcome {
    Goes {
        account: Account,
        session_id: SessionId,
        counter: i64,
    },
    Ends(Ended),
    Invalid,
}

impl AuthService {
    /// New tokens for the newest refresh token of a session. Its parent gets the same successor for a moment;
    /// anything older ends the session.
    pub(crate) async fn refresh(&self, text: &str, origin: &Origin) -> Result<LoggedIn, RefreshRefusal> {
        let token = RefreshToken::open(text, &self.inner.keys.refresh).ok_or(RefreshRefusal::Invalid)?;
        match self.turn(token, origin).await? {
            Outcome::Goes {
                account,
                session_id,
                counter,
            } => {
                let issued_at = self.inner.clock.now();
                let session = self.inner.tokens(
                    &account,
                    IssueFor {
                        session_id,
                        counter,
                        issued_at,
                    },
                );
                Ok(LoggedIn {
                    session,
                    user_id: account.user_id,
                    username: account.username,
                })
            }
            Outcome::Ends(ended) => {
                self.inner.believe(&ended);
                tracing::warn!(session = %token.session_id, "a refresh token was used again; its session ends");
                Err(RefreshRefusal::Invalid)
            }
            Outcome::Invalid => Err(RefreshRefusal::Invalid),
        }
    }

    async fn turn(&self, token: RefreshToken, origin: &Origin) -> Result<Outcome, AuthFailure> {
        let now = self.inner.clock.now();
        let (inner, origin) = (self.inner.clone(), origin.clone());
        let (revoker, expires_at) = (
            self.inner.revoker(now),
            now.plus(self.inner.settings.refresh_expiry),
        );
        let unit = async move |tx: &mut Tx| {
            let RefreshToken { session_id, counter } = token;
            // Everything that ends sessions takes this lock first.
            let account = store::find_owner_for_update(tx, session_id).await?;
            let session = store::find_session(tx, session_id).await?;
            let (Some(account), Some(session)) = (account, session) else {
                return Ok(Outcome::Invalid);
            };
            let user_id = account.user_id;
            if account.status == AccountStatus::Disabled {
                return Ok(Outcome::Invalid);
            }
            Ok::<_, StoreError>(match session.refresh(counter, now) {
                Refresh::Rotate => {
                    store::rotate(tx, session_id, now, expires_at).await?;
                    Outcome::Goes {
                        account,
                        session_id,
                        counter: counter + 1,
                    }
                }
                Refresh::Repeat => Outcome::Goes {
                    account,
                    session_id,
                    counter: session.counter,
                },
                Refresh::Reused => {
                    let line = inner.audit_line(Actor::RefreshToken, "session.reused", user_id, &origin);
                    store::insert_audit(tx, &line).await?;
                    Outcome::Ends(revoker.sessions(tx, user_id, session_id.into()).await?)
                }
                Refresh::Over => Outcome::Invalid,
            })
        };
        Ok(self.db.write(unit).await?)
    }
}
