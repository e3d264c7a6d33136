//! The key ring: rotation with overlap, and withdrawal.

use auth_api::{KeyRotated, KeyView};
use kit_db::{Reader, StoreError, Tx};
use thiserror::Error;

use super::{Actor, AuthFailure, AuthService, Origin};
use crate::signing::{SigningError, new_pair};
use crate::store;

/// Why the ring stays as it is.
#[derive(Debug, Error)]
pub(crate) enum KeysRefusal {
    #[error("tokens are signed with a shared secret")]
    SharedSecret,
    #[error("there is no such key")]
    NotFound,
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error(transparent)]
    Failed(#[from] AuthFailure),
}

impl AuthService {
    /// Takes the keys as every process of the service sees them now.
    pub(crate) async fn sync_keys(&self) -> Result<(), KeysRefusal> {
        let read = async move |reader: &mut Reader| store::list_keys(reader).await;
        let rows = self.db.read(read).await.map_err(AuthFailure::from)?;
        Ok(self.inner.keys.sync(&rows, self.inner.clock.now())?)
    }

    /// The key ring.
    pub(crate) async fn list_keys(&self) -> Result<Vec<KeyView>, KeysRefusal> {
        self.sync_keys().await?;
        Ok(self.inner.keys.views())
    }

    /// Makes a new key, published at once, which signs when every verifier has it.
    pub(crate) async fn rotate_keys(
        &self,
        actor: &Actor,
        origin: &Origin,
    ) -> Result<Vec<KeyView>, KeysRefusal> {
        let seal = self.inner.keys.seal().ok_or(KeysRefusal::SharedSecret)?;
        let begun = self.inner.clock.now();
        let mut key = new_pair(self.inner.settings.algorithm, seal, begun, begun)?;
        // Making it may have taken a while, in which nobody could have it.
        let now = self.inner.clock.now();
        key.active_from = now.plus(self.inner.settings.key_publish_ahead);
        let line = self.inner.audit_line(actor, "key.rotated", &key.kid, origin);
        let unit = async move |tx: &mut Tx| {
            store::insert_key(tx, &key).await?;
            store::insert_audit(tx, &line).await?;
            tx.publish(KeyRotated {
                kid: key.kid.clone(),
                timestamp: now,
            });
            Ok::<_, StoreError>(())
        };
        self.db.write(unit).await.map_err(AuthFailure::from)?;
        self.list_keys().await
    }

    /// Takes a key away. Where it is the one that signs, a new one signs at once: tokens that it signs before
    /// every verifier has it are refused for a moment, which is the price of the emergency.
    pub(crate) async fn withdraw_key(
        &self,
        actor: &Actor,
        kid: String,
        origin: &Origin,
    ) -> Result<Vec<KeyView>, KeysRefusal> {
        let seal = self.inner.keys.seal().ok_or(KeysRefusal::SharedSecret)?;
        // Not in any key's name, and PostgreSQL refuses a NUL in a text.
        if kid.contains(char::is_control) {
            return Err(KeysRefusal::NotFound);
        }
        let now = self.inner.clock.now();
        let spare = new_pair(self.inner.settings.algorithm, seal, now, now)?;
        let line = self.inner.audit_line(actor, "key.withdrawn", &kid, origin);
        let unit = async move |tx: &mut Tx| {
            let rows = store::list_keys(tx).await?;
            if !store::withdraw_key(tx, &kid, now).await? {
                return Ok(false);
            }
            // Never an earlier one again: there was a reason to rotate it away.
            let begun = |row: &&store::StoredKey| row.withdrawn_at.is_none() && row.active_from <= now;
            let signs = rows.iter().rfind(begun);
            if signs.is_none_or(|row| row.kid == kid) {
                store::insert_key(tx, &spare).await?;
            }
            store::insert_audit(tx, &line).await?;
            tx.publish(KeyRotated {
                kid: kid.clone(),
                timestamp: now,
            });
            Ok::<_, StoreError>(true)
        };
        if !self.db.write(unit).await.map_err(AuthFailure::from)? {
            return Err(KeysRefusal::NotFound);
        }
        self.list_keys().await
    }
}
