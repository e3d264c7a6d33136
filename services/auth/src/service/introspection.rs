//! What resource servers of others ask: whether a token is good (RFC 7662), and to end it (RFC 7009).

use std::sync::Arc;

use auth_api::AuthRefusal;
use kit_db::Reader;
use kit_http::Anyone;
use kit_runtime::Timestamp;
use kit_service::{Call, Failure};
use kit_token::{Principal, Refusal, SessionId, UserId};

use super::audit::AuditActor;
use super::failure::token_error;
use super::{AuthFailure, AuthService, By};
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
        if let Some(principal) = if_good(self.verify_for_others(token))? {
            return Ok(Some(ActiveToken {
                user_id: principal.user_id,
                session_id: principal.session_id,
                username: Some(principal.username.clone()),
                expires_at: principal.expires_at,
            }));
        }
        let Some(refresh) = RefreshToken::open(token, &self.keys.refresh) else {
            return Ok(None);
        };
        let read = async move |reader: &mut Reader| store::find_session(reader, refresh.session_id).await;
        let now = self.units.now();
        let session = self.units.read(read).await?;
        let good = session.filter(|session| !session.is_over(now) && session.counter == refresh.counter);
        Ok(good.map(|session| ActiveToken {
            user_id: session.user_id,
            session_id: session.session_id,
            username: None,
            expires_at: session.expires_at,
        }))
    }

    /// Ends the session of a token. One that is not good has nothing to end, and that is no error.
    pub(crate) async fn revoke_token(&self, call: &Call<Anyone>, token: &str) -> Result<(), AuthFailure> {
        let of_access = if_good(self.verifier.verify(token))?.map(|principal| principal.session_id);
        let of_refresh = || RefreshToken::open(token, &self.keys.refresh).map(|refresh| refresh.session_id);
        let Some(session_id) = of_access.or_else(of_refresh) else {
            return Ok(());
        };
        let owner = async move |reader: &mut Reader| store::find_owner(reader, session_id).await;
        if let Some(user_id) = self.units.read(owner).await? {
            let by = By::caller(AuditActor::Service, call);
            self.end(user_id, session_id.into(), &by).await?;
        }
        Ok(())
    }
}

/// Whom an access token speaks for; `None` where it is none, or not good.
fn if_good(verified: Result<Arc<Principal>, Refusal>) -> Result<Option<Arc<Principal>>, AuthFailure> {
    match verified.map_err(token_error) {
        Err(Failure::Refused(AuthRefusal::TokenExpired | AuthRefusal::InvalidToken)) => Ok(None),
        verified => verified.map(Some),
    }
}
