//! Stands for auth, which a service may not know beyond its contract: it says what the story wants.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use auth_api::{
    Auth, AuthError, GetIdentity, GetKeySet, GetRevocations, NoAuth, RecordAudit, RevocationNews,
};
use kit_rpc::CallContext;
use kit_token::{Jwks, Role, UserId};

#[derive(Clone, Default)]
pub(crate) struct AuthDouble(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    addresses: HashMap<UserId, String>,
    is_away: bool,
}

impl AuthDouble {
    /// From now on this is the address of an account.
    pub(crate) fn set_address(&self, user_id: UserId, address: &str) {
        self.0
            .lock()
            .unwrap()
            .addresses
            .insert(user_id, address.to_owned());
    }

    /// Whether it answers.
    pub(crate) fn set_away(&self, is_away: bool) {
        self.0.lock().unwrap().is_away = is_away;
    }
}

impl Auth for AuthDouble {
    async fn key_set(&self, call: &CallContext, request: GetKeySet) -> Result<Jwks, AuthError> {
        NoAuth.key_set(call, request).await
    }

    async fn revocations(
        &self,
        call: &CallContext,
        request: GetRevocations,
    ) -> Result<RevocationNews, AuthError> {
        NoAuth.revocations(call, request).await
    }

    async fn get_identity(
        &self,
        _: &CallContext,
        request: GetIdentity,
    ) -> Result<auth_api::Identity, AuthError> {
        let script = self.0.lock().unwrap();
        if script.is_away {
            return Err(AuthError::Unavailable);
        }
        let address = script.addresses.get(&request.user_id);
        let email = address.ok_or(AuthError::NotFound("User".into()))?.clone();
        Ok(auth_api::Identity {
            user_id: request.user_id,
            username: "somebody".to_owned(),
            email,
            roles: vec![Role::Customer],
        })
    }

    async fn record_audit(&self, call: &CallContext, request: RecordAudit) -> Result<(), AuthError> {
        NoAuth.record_audit(call, request).await
    }
}
