//! One's own sessions: listing them, and ending them.

use auth_api::SessionView;
use kit_db::{Reader, StoreError, Tx};
use kit_http::extract::{Page, PageRequest};
use kit_service::{Call, Failure};
use kit_token::{SessionId, UserId};

use super::revoking::Which;
use super::{AuthFailure, AuthService, By};
use crate::domain::{RefreshToken, SessionState};
use crate::store;

impl AuthService {
    /// The caller's open sessions.
    pub(crate) async fn list_sessions(
        &self,
        call: &Call,
        request: &PageRequest,
    ) -> Result<Page<SessionView>, AuthFailure> {
        let (user_id, now) = (call.actor.user_id, self.units.now());
        let (after, limit) = request.rows::<String>()?;
        let after = after.unwrap_or_default();
        let read = async move |reader: &mut Reader| {
            store::list_open_sessions(reader, user_id, &after, limit, now).await
        };
        let found = self.units.read(read).await?;
        let page = Page::cut(found, request, |session| session.session_id.to_string());
        Ok(page.map(|session| view(session, call.actor.session_id)))
    }

    /// Ends the caller's session, and the one of a refresh token, if that is the caller's too.
    pub(crate) async fn log_out(&self, call: &Call, refresh_token: Option<&str>) -> Result<(), AuthFailure> {
        let other = refresh_token.and_then(|text| RefreshToken::open(text, &self.keys.refresh));
        let other = other.map(|token| token.session_id);
        let sessions = std::iter::once(call.actor.session_id).chain(other).collect();
        self.end(call.actor.user_id, Which::These(sessions), &call.into())
            .await?;
        Ok(())
    }

    /// Ends one of the caller's sessions.
    pub(crate) async fn end_session(&self, call: &Call, session_id: SessionId) -> Result<(), AuthFailure> {
        match self
            .end(call.actor.user_id, session_id.into(), &call.into())
            .await?
        {
            0 => Err(Failure::NotFound("Session")),
            _ => Ok(()),
        }
    }

    /// Ends all of the caller's sessions but the one that asks.
    pub(crate) async fn end_other_sessions(&self, call: &Call) -> Result<(), AuthFailure> {
        let others = Which::AllBut(call.actor.session_id);
        self.end(call.actor.user_id, others, &call.into()).await?;
        Ok(())
    }

    /// Ends sessions of a user; how many there were.
    pub(super) async fn end(&self, user_id: UserId, which: Which, by: &By) -> Result<usize, AuthFailure> {
        let (auth, now) = (self.clone(), self.units.now());
        let line = self.audit_line(by, "session.ended", user_id);
        let unit = async move |tx: &mut Tx| {
            store::find_by_id_for_update(tx, user_id).await?;
            let ended = auth.revoke_sessions(tx, user_id, which, now).await?;
            if ended.count() > 0 {
                store::insert_audit(tx, &line).await?;
            }
            Ok::<_, StoreError>(ended)
        };
        let ended = self.units.unit(&by.context, unit).await?;
        self.apply_here(&ended);
        Ok(ended.count())
    }
}

fn view(session: SessionState, current: SessionId) -> SessionView {
    SessionView {
        id: session.session_id,
        device: session.device,
        ip: session.ip,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        current: session.session_id == current,
    }
}
