//! What other services ask of auth.

use std::time::Duration;

use auth_api::{
    Auth, AuthError, GetIdentity, GetKeySet, GetRevocations, Identity, RecordAudit, RevocationCursor,
    RevocationNews,
};
use kit_db::{Reader, Tx};
use kit_rpc::CallContext;
use kit_runtime::Timestamp;
use kit_service::Failure;
use kit_token::{Jwks, UserId};

use super::tokens::included;
use super::{AuthFailure, AuthService, USER};
use crate::store;

const NEWS_LIMIT: i64 = 5_000;

/// An entry may be committed after a later one was read: its time is taken before its transaction ends, by a
/// clock of another process. Units end within seconds and clocks agree within thirty, so whoever has read to
/// the end goes on a minute before it; what comes twice changes nothing.
const LOOK_BACK: Duration = Duration::from_mins(1);

fn look_back(now: Timestamp) -> RevocationCursor {
    RevocationCursor {
        at: now.minus(LOOK_BACK),
        id: String::new(),
    }
}

impl AuthService {
    async fn revocations_after(
        &self,
        cursor: Option<RevocationCursor>,
    ) -> Result<RevocationNews, AuthFailure> {
        let now = self.units.now();
        let read = async move |reader: &mut Reader| {
            let news = store::read_revocations(reader, cursor.as_ref(), NEWS_LIMIT, now).await?;
            Ok((news, store::list_keys(reader).await?))
        };
        let (mut news, keys) = self.units.read(read).await?;
        self.keys.sync(&keys, now)?;
        news.key_set = self.keys.set_name();
        if !news.more {
            news.cursor = Some(look_back(now));
        }
        Ok(news)
    }

    async fn identity(&self, user_id: UserId) -> Result<Identity, AuthFailure> {
        let read = async move |reader: &mut Reader| store::find_by_id(reader, user_id).await;
        let account = self.units.read(read).await?.ok_or(Failure::NotFound(USER))?;
        Ok(Identity {
            user_id: account.user_id,
            username: account.username,
            email: account.email,
            roles: included(account.role),
        })
    }
}

impl Auth for AuthService {
    async fn key_set(&self, _: &CallContext, _: GetKeySet) -> Result<Jwks, AuthError> {
        // Where nobody follows the feed, the ring moves on by this. Keys that may be old are better than none.
        if let Err(error) = self.sync_keys().await {
            tracing::warn!(%error, "the signing keys could not be looked at");
        }
        Ok(self.keys.public_keys())
    }

    async fn revocations(
        &self,
        _: &CallContext,
        request: GetRevocations,
    ) -> Result<RevocationNews, AuthError> {
        let news = self.revocations_after(request.after).await;
        news.map_err(AuthFailure::into_contract_error)
    }

    async fn get_identity(&self, _: &CallContext, request: GetIdentity) -> Result<Identity, AuthError> {
        let identity = self.identity(request.user_id).await;
        identity.map_err(AuthFailure::into_contract_error)
    }

    async fn record_audit(&self, call: &CallContext, request: RecordAudit) -> Result<(), AuthError> {
        let record = async move |tx: &mut Tx| {
            for line in &request.lines {
                store::insert_audit(tx, line).await?;
            }
            Ok::<_, AuthFailure>(())
        };
        let recorded = self.units.unit(call, record).await;
        recorded.map_err(AuthFailure::into_contract_error)
    }
}
