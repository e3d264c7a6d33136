//! The first admin: from the configuration, or by whoever holds the one-time set-up link.

use std::sync::{Mutex, MutexGuard, PoisonError};

use auth_api::{AuthRefusal, Register};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit_db::{Reader, Tx};
use kit_http::Anyone;
use kit_runtime::{Ids, Secret};
use kit_service::{Call, Failure};
use kit_token::Role;

use super::audit::AuditActor;
use super::register::insert;
use super::{AuthFailure, AuthService, By};
use crate::store;

/// The secret of the set-up link: there while no admin is, and good once.
#[derive(Debug, Default)]
pub(crate) struct SetUpLink(Mutex<Option<Secret<String>>>);

impl SetUpLink {
    /// Makes a new secret and forgets the one before.
    fn open(&self, ids: &Ids) -> Secret<String> {
        let secret = Secret::new(URL_SAFE_NO_PAD.encode(ids.random::<32>()));
        *self.secret() = Some(secret.clone());
        secret
    }

    fn is(&self, given: &str) -> bool {
        let expected = self.secret();
        expected.as_ref().is_some_and(|secret| {
            verify_slices_are_equal(secret.expose().as_bytes(), given.as_bytes()).is_ok()
        })
    }

    fn close(&self) {
        *self.secret() = None;
    }

    fn secret(&self) -> MutexGuard<'_, Option<Secret<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AuthService {
    /// Opens the set-up link where nobody is admin yet; its secret.
    pub(crate) async fn open_set_up(&self, ids: &Ids) -> Result<Option<Secret<String>>, AuthFailure> {
        Ok((!self.has_admin().await?).then(|| self.set_up_link.open(ids)))
    }

    /// Makes the configured first admin, unless there is one. Processes that start at once make one of them.
    pub(crate) async fn ensure_admin(&self, request: &Register) -> Result<(), AuthFailure> {
        match self
            .make_first_admin(request, By::operator("configuration"))
            .await
        {
            Err(Failure::Refused(AuthRefusal::NoSetUpLink)) => Ok(()),
            made => made,
        }
    }

    /// Whether this is the secret of the set-up link and somebody is still wanted.
    pub(crate) async fn check_set_up(&self, token: &str) -> Result<(), AuthFailure> {
        if self.set_up_link.is(token) && !self.has_admin().await? {
            Ok(())
        } else {
            Err(Failure::Refused(AuthRefusal::NoSetUpLink))
        }
    }

    /// Makes the first admin for the holder of the link.
    pub(crate) async fn set_up(
        &self,
        call: &Call<Anyone>,
        token: &str,
        request: &Register,
    ) -> Result<(), AuthFailure> {
        if !self.set_up_link.is(token) {
            return Err(Failure::Refused(AuthRefusal::NoSetUpLink));
        }
        self.make_first_admin(request, By::caller(AuditActor::SetUpLink, call))
            .await?;
        self.set_up_link.close();
        Ok(())
    }

    /// Refuses as the link does where somebody is admin already.
    async fn make_first_admin(&self, request: &Register, by: By) -> Result<(), AuthFailure> {
        // Asked before the password is hashed, and again where it counts.
        if self.has_admin().await? {
            return Err(Failure::Refused(AuthRefusal::NoSetUpLink));
        }
        let account = self.new_account(request, Role::Admin).await?;
        let line = self.audit_line(&by, "account.created", account.user_id);
        let unit = async move |tx: &mut Tx| {
            store::lock_admins(tx).await?;
            if store::admin_exists(tx).await? {
                return Err(Failure::Refused(AuthRefusal::NoSetUpLink));
            }
            insert(tx, &account).await?;
            Ok(store::insert_audit(tx, &line).await?)
        };
        self.units.unit(&by.context, unit).await
    }

    async fn has_admin(&self) -> Result<bool, AuthFailure> {
        let read = async move |reader: &mut Reader| store::admin_exists(reader).await;
        Ok(self.units.read(read).await?)
    }
}
