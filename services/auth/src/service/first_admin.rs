//! The first admin: from the configuration, or by whoever holds the one-time set-up link.

use std::sync::{Mutex, PoisonError};

use auth_api::Register;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit_db::{Reader, Tx, UnitError, refuse};
use kit_runtime::{Ids, Secret};
use kit_token::Role;
use thiserror::Error;

use super::register::insert;
use super::{Actor, AuthFailure, AuthService, Origin, RegisterRefusal};
use crate::store;

/// The secret of the set-up link: there while no admin is, and good once.
#[derive(Debug, Default)]
pub(crate) struct SetUpLink(Mutex<Option<Secret<String>>>);

/// Why the set-up link made no admin.
#[derive(Debug, Error)]
pub(crate) enum SetUpRefusal {
    /// Not the secret, used before, or somebody else became admin meanwhile.
    #[error("the set-up link does not work")]
    NoLink,
    #[error(transparent)]
    Register(#[from] RegisterRefusal),
}

impl SetUpLink {
    /// Makes a new secret and forgets the one before.
    fn open(&self, ids: &Ids) -> Secret<String> {
        let secret = Secret::new(URL_SAFE_NO_PAD.encode(ids.random::<32>()));
        *self.secret() = Some(secret.clone());
        secret
    }

    pub(crate) fn is(&self, given: &str) -> bool {
        let expected = self.secret();
        expected.as_ref().is_some_and(|secret| {
            verify_slices_are_equal(secret.expose().as_bytes(), given.as_bytes()).is_ok()
        })
    }

    fn close(&self) {
        *self.secret() = None;
    }

    fn secret(&self) -> std::sync::MutexGuard<'_, Option<Secret<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AuthService {
    /// Opens the set-up link where nobody is admin yet.
    pub(crate) async fn open_setup(&self) -> Result<Option<Secret<String>>, AuthFailure> {
        Ok((!self.has_admin().await?).then(|| self.inner.setup.open(&self.inner.ids)))
    }

    /// Makes the configured first admin, unless there is one. Processes that start at once make one of them.
    pub(crate) async fn ensure_admin(&self, wanted: &Register) -> Result<(), RegisterRefusal> {
        let origin = Origin::configuration();
        match self.make_first_admin(wanted, &Actor::Operator, &origin).await {
            Ok(()) | Err(SetUpRefusal::NoLink) => Ok(()),
            Err(SetUpRefusal::Register(refusal)) => Err(refusal),
        }
    }

    /// Whether this is the secret of the set-up link and somebody is still wanted.
    pub(crate) async fn is_setup_open(&self, token: &str) -> Result<bool, AuthFailure> {
        Ok(self.inner.setup.is(token) && !self.has_admin().await?)
    }

    /// Makes the first admin for the holder of the link.
    pub(crate) async fn set_up(
        &self,
        token: &str,
        wanted: &Register,
        origin: &Origin,
    ) -> Result<(), SetUpRefusal> {
        if !self.inner.setup.is(token) {
            return Err(SetUpRefusal::NoLink);
        }
        self.make_first_admin(wanted, &Actor::SetUpLink, origin).await?;
        self.inner.setup.close();
        Ok(())
    }

    async fn make_first_admin(
        &self,
        wanted: &Register,
        actor: &Actor,
        origin: &Origin,
    ) -> Result<(), SetUpRefusal> {
        // Asked before the password is hashed, and again where it counts.
        if self.has_admin().await.map_err(RegisterRefusal::from)? {
            return Err(SetUpRefusal::NoLink);
        }
        let account = self.new_account(wanted, Role::Admin).await?;
        let line = self
            .inner
            .audit_line(actor, "account.created", account.user_id, origin);
        let unit = async move |tx: &mut Tx| {
            store::lock_admins(tx).await?;
            if store::admin_exists(tx).await? {
                return Err(refuse(SetUpRefusal::NoLink));
            }
            insert(tx, &account).await.map_err(|error| match error {
                UnitError::Refused(refusal) => refuse(refusal.into()),
                UnitError::Store(error) => UnitError::Store(error),
            })?;
            Ok(store::insert_audit(tx, &line).await?)
        };
        let written = self.db.write(unit).await;
        written.map_err(|error: kit_db::WriteError<UnitError<SetUpRefusal>>| {
            error
                .flatten()
                .settle(|error| RegisterRefusal::from(error).into())
        })
    }

    async fn has_admin(&self) -> Result<bool, AuthFailure> {
        let asked = async move |reader: &mut Reader| store::admin_exists(reader).await;
        Ok(self.db.read(asked).await?)
    }
}
