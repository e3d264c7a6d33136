//! Going on with a session.

use auth_api::{AccountStatus, AuthRefusal, LoggedIn};
use kit_db::{StoreError, Tx};
use kit_http::Anyone;
use kit_service::{Call, Failure};

use super::audit::AuditActor;
use super::revoking::Ended;
use super::tokens::IssueFor;
use super::{AuthFailure, AuthService, By};
use crate::domain::{Account, Refresh, RefreshToken};
use crate::store;

/// What the unit of work did. A session that ends here ends although the request is refused.
enum Refreshed {
    GoesOn { account: Account, counter: i64 },
    Ended(Ended),
    Invalid,
}

impl AuthService {
    /// New tokens for the newest refresh token of a session. Its parent gets the same successor for a moment;
    /// anything older ends the session.
    pub(crate) async fn refresh(&self, call: &Call<Anyone>, text: &str) -> Result<LoggedIn, AuthFailure> {
        let invalid = || Failure::Refused(AuthRefusal::InvalidRefreshToken);
        let token = RefreshToken::open(text, &self.keys.refresh).ok_or_else(invalid)?;
        match self.rotate(call, token).await? {
            Refreshed::GoesOn { account, counter } => {
                let issue = IssueFor {
                    session_id: token.session_id,
                    counter,
                    issued_at: self.units.now(),
                };
                Ok(self.logged_in(account, issue))
            }
            Refreshed::Ended(ended) => {
                self.apply_here(&ended);
                tracing::warn!(session = %token.session_id, "a refresh token was used again; its session ends");
                Err(invalid())
            }
            Refreshed::Invalid => Err(invalid()),
        }
    }

    async fn rotate(&self, call: &Call<Anyone>, token: RefreshToken) -> Result<Refreshed, AuthFailure> {
        let (auth, now) = (self.clone(), self.units.now());
        let expires_at = now.plus(self.settings.refresh_expiry);
        let by = By::caller(AuditActor::RefreshToken, call);
        let unit = async move |tx: &mut Tx| {
            let RefreshToken { session_id, counter } = token;
            // Everything that ends sessions takes this lock first.
            let account = store::find_owner_for_update(tx, session_id).await?;
            let session = store::find_session(tx, session_id).await?;
            let (Some(account), Some(session)) = (account, session) else {
                return Ok(Refreshed::Invalid);
            };
            let user_id = account.user_id;
            if account.status == AccountStatus::Disabled {
                return Ok(Refreshed::Invalid);
            }
            Ok::<_, StoreError>(match session.refresh(counter, now) {
                Refresh::Rotate => {
                    store::rotate(tx, session_id, now, expires_at).await?;
                    let counter = counter + 1;
                    Refreshed::GoesOn { account, counter }
                }
                Refresh::Repeat => Refreshed::GoesOn {
                    account,
                    counter: session.counter,
                },
                Refresh::Reused => {
                    let line = auth.audit_line(&by, "session.reused", user_id);
                    store::insert_audit(tx, &line).await?;
                    let session = session_id.into();
                    Refreshed::Ended(auth.revoke_sessions(tx, user_id, session, now).await?)
                }
                Refresh::Over => Refreshed::Invalid,
            })
        };
        Ok(self.units.unit(call, unit).await?)
    }
}
