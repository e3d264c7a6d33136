//! What other services ask of auth.

use auth_api::{Auth, AuthError, GetIdentity, GetKeySet, Identity};
use kit_db::Reader;
use kit_rpc::CallContext;
use kit_token::Jwks;

use super::error::told;
use super::{AuthService, included};
use crate::store;

impl Auth for AuthService {
    async fn key_set(&self, _: &CallContext, _: GetKeySet) -> Result<Jwks, AuthError> {
        Ok(self.0.keys.ring.public_keys())
    }

    async fn get_identity(&self, _: &CallContext, request: GetIdentity) -> Result<Identity, AuthError> {
        let found = self
            .0
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
