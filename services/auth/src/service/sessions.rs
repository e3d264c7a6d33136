//! One's own sessions: listing them, and ending them.

use auth_api::SessionView;
use kit_db::{Reader, StoreError, Tx};
use kit_http::extract::{Page, PageRequest};
use kit_token::{Principal, SessionId, UserId};

use super::revoking::Which;
use super::{Actor, AuthFailure, AuthService, Origin};
use crate::domain::{RefreshToken, SessionState};
use crate::store;

impl AuthService {
    /// The caller's open sessions.
    pub(crate) async fn list_sessions(
        &self,
        caller: &Principal,
        request: &PageRequest,
    ) -> Result<Page<SessionView>, AuthFailure> {
        let (user_id, now) = (caller.user_id, self.inner.clock.now());
        let (after, limit) = (
            request.after.clone().unwrap_or_default(),
            i64::from(request.limit) + 1,
        );
        let read = async move |reader: &mut Reader| {
            store::list_open_sessions(reader, user_id, &after, limit, now).await
        };
        let page = Page::cut(self.db.read(read).await?, request, |session| {
            session.session_id.to_string()
        });
        Ok(page.map(|session| view(session, caller.session_id)))
    }

    /// Ends the caller's session, and the one of a refresh token, if that is the caller's too.
    pub(crate) async fn log_out(
        &self,
        caller: &Principal,
        refresh_token: Option<&str>,
        origin: &Origin,
    ) -> Result<(), AuthFailure> {
        let other = refresh_token.and_then(|text| RefreshToken::open(text, &self.inner.keys.refresh));
        let other = other.map(|token| token.session_id);
        let sessions = std::iter::once(caller.session_id).chain(other).collect();
        self.end(caller.user_id, Which::These(sessions), &caller.into(), origin)
            .await?;
        Ok(())
    }

    /// Ends one of the caller's sessions; whether there was such a one.
    pub(crate) async fn end_session(
        &self,
        caller: &Principal,
        session_id: SessionId,
        origin: &Origin,
    ) -> Result<bool, AuthFailure> {
        Ok(self
            .end(caller.user_id, session_id.into(), &caller.into(), origin)
            .await?
            > 0)
    }

    /// Ends all of the caller's sessions but the one that asks.
    pub(crate) async fn end_other_sessions(
        &self,
        caller: &Principal,
        origin: &Origin,
    ) -> Result<(), AuthFailure> {
        self.end(
            caller.user_id,
            Which::AllBut(caller.session_id),
            &caller.into(),
            origin,
        )
        .await?;
        Ok(())
    }

    /// Ends sessions of a user and tells how many there were.
    pub(super) async fn end(
        &self,
        user_id: UserId,
        which: Which,
        actor: &Actor,
        origin: &Origin,
    ) -> Result<usize, AuthFailure> {
        let now = self.inner.clock.now();
        let revoker = self.inner.revoker(now);
        let line = self.inner.audit_line(actor, "session.ended", user_id, origin);
        let unit = async move |tx: &mut Tx| {
            store::find_by_id_for_update(tx, user_id).await?;
            let ended = revoker.sessions(tx, user_id, which).await?;
            if ended.count() > 0 {
                store::insert_audit(tx, &line).await?;
            }
            Ok::<_, StoreError>(ended)
        };
        let ended = self.db.write(unit).await?;
        self.inner.believe(&ended);
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
