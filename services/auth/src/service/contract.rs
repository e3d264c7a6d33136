//! What other services ask of auth.

use std::time::Duration;

use auth_api::{
    Auth, AuthError, GetIdentity, GetKeySet, GetRevocations, Identity, RevocationCursor, RevocationNews,
};
use kit_db::Reader;
use kit_rpc::CallContext;
use kit_runtime::Timestamp;
use kit_token::Jwks;

use super::error::told;
use super::{AuthService, included};
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

impl Auth for AuthService {
    async fn key_set(&self, _: &CallContext, _: GetKeySet) -> Result<Jwks, AuthError> {
        // Where nobody follows the feed, the ring moves on by this. Keys that may be old are better than none.
        if let Err(error) = self.sync_keys().await {
            tracing::warn!(%error, "the signing keys could not be looked at");
        }
        Ok(self.inner.keys.public_keys())
    }

    async fn revocations(
        &self,
        _: &CallContext,
        request: GetRevocations,
    ) -> Result<RevocationNews, AuthError> {
        let now = self.inner.clock.now();
        let read = async move |reader: &mut Reader| {
            let news = store::read_revocations(reader, request.after.as_ref(), NEWS_LIMIT, now).await?;
            Ok((news, store::list_keys(reader).await?))
        };
        let (mut news, keys) = self.db.read(read).await.map_err(|error| told(&error))?;
        self.inner.keys.sync(&keys, now).map_err(|error| {
            tracing::error!(%error, "the signing keys of the database cannot be used");
            AuthError::Internal
        })?;
        news.key_set = self.inner.keys.set_name();
        if !news.more {
            news.cursor = Some(look_back(now));
        }
        Ok(news)
    }

    async fn get_identity(&self, _: &CallContext, request: GetIdentity) -> Result<Identity, AuthError> {
        let found = self
            .db
            .read(async move |reader: &mut Reader| store::find_by_id(reader, request.user_id).await);
        let account = found
            .await
            .map_err(|error| told(&error))?
            .ok_or(AuthError::UnknownAccount)?;
        Ok(Identity {
            user_id: account.user_id,
            username: account.username,
            email: account.email,
            roles: included(account.role),
        })
    }
}
