//! What resource servers of others ask: whether a token is good (RFC 7662), and to end it (RFC 7009).

use std::sync::Arc;

use kit_db::Reader;
use kit_runtime::Timestamp;
use kit_token::{Principal, Refusal, SessionId, UserId};

use super::{Actor, AuthFailure, AuthService, Origin};
use crate::domain::RefreshToken;
use crate::store;

/// What a good token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ActiveToken {
    pub user_id: UserId,
    pub session_id: SessionId,
    pub username: Option<String>,
    pub expires_at: Timestamp,
}

impl AuthService {
    /// What a token is; `None` for one that is not good, whatever the reason.
    pub(crate) async fn introspect(&self, token: &str) -> Result<Option<ActiveToken>, AuthFailure> {
        if let Some(principal) = judged(self.vouch(token))? {
            return Ok(Some(ActiveToken {
                user_id: principal.user_id,
                session_id: principal.session_id,
                username: Some(principal.username.clone()),
                expires_at: principal.expires_at,
            }));
        }
        let Some(refresh) = RefreshToken::open(token, &self.inner.keys.refresh) else {
            return Ok(None);
        };
        let read = async move |reader: &mut Reader| store::find_session(reader, refresh.session_id).await;
        let now = self.inner.clock.now();
        let session = self.db.read(read).await?;
        let good = session.filter(|session| !session.is_over(now) && session.counter == refresh.counter);
        Ok(good.map(|session| ActiveToken {
            user_id: session.user_id,
            session_id: session.session_id,
            username: None,
            expires_at: session.expires_at,
        }))
    }

    /// Ends the session of a token. One that is not good has nothing to end, and that is no error.
    pub(crate) async fn revoke_token(&self, token: &str, origin: &Origin) -> Result<(), AuthFailure> {
        let of_access = judged(self.inner.verifier.verify(token))?.map(|principal| principal.session_id);
        let of_refresh =
            || RefreshToken::open(token, &self.inner.keys.refresh).map(|refresh| refresh.session_id);
        let Some(session_id) = of_access.or_else(of_refresh) else {
            return Ok(());
        };
        let owner = async move |reader: &mut Reader| store::find_owner(reader, session_id).await;
        if let Some(user_id) = self.db.read(owner).await? {
            self.end(user_id, session_id.into(), &Actor::Service, origin)
                .await?;
        }
        Ok(())
    }
}

/// Whom an access token speaks for; `None` where it is none, or not good. Where keys and revocations are not
/// known, or not well enough, that cannot be told, and "not good" would be a lie.
fn judged(verified: Result<Arc<Principal>, Refusal>) -> Result<Option<Arc<Principal>>, AuthFailure> {
    match verified {
        Ok(principal) => Ok(Some(principal)),
        Err(refusal @ (Refusal::NoKeys | Refusal::NoRevocations)) => Err(AuthFailure::NotReady(refusal)),
        Err(_) => Ok(None),
    }
}
