//! The key ring: rotation with overlap, and withdrawal.

use auth_api::{AuthRefusal, KeyList, KeyRotated};
use kit_db::{Reader, StoreError, Tx};
use kit_service::Failure;

use super::{AuthFailure, AuthService, By};
use crate::signing::{Seal, new_pair};
use crate::store;

const KEY: &str = "Key";

impl AuthService {
    /// Takes the keys as every process of the service sees them now.
    pub(crate) async fn sync_keys(&self) -> Result<(), AuthFailure> {
        let read = async move |reader: &mut Reader| store::list_keys(reader).await;
        let rows = self.units.read(read).await?;
        Ok(self.keys.sync(&rows, self.units.now())?)
    }

    /// The key ring.
    pub(crate) async fn list_keys(&self) -> Result<KeyList, AuthFailure> {
        self.sync_keys().await?;
        Ok(KeyList {
            items: self.keys.views(),
        })
    }

    /// Makes a new key, published at once, which signs when every verifier has it.
    pub(crate) async fn rotate_keys(&self, by: impl Into<By>) -> Result<KeyList, AuthFailure> {
        let (by, begun) = (by.into(), self.units.now());
        let mut key = new_pair(self.settings.algorithm, self.seal()?, begun, begun)?;
        // Making it may have taken a while, in which nobody could have it.
        let now = self.units.now();
        key.active_from = now.plus(self.settings.key_publish_ahead);
        let line = self.audit_line(&by, "key.rotated", &key.kid);
        let unit = async move |tx: &mut Tx| {
            store::insert_key(tx, &key).await?;
            store::insert_audit(tx, &line).await?;
            tx.publish(KeyRotated {
                kid: key.kid.clone(),
                timestamp: now,
            });
            Ok::<_, StoreError>(())
        };
        self.units.unit(&by.context, unit).await?;
        self.list_keys().await
    }

    /// Takes a key away. Where it is the one that signs, a new one signs at once: tokens that it signs before
    /// every verifier has it are refused for a moment, which is the price of the emergency.
    pub(crate) async fn withdraw_key(&self, by: impl Into<By>, kid: String) -> Result<KeyList, AuthFailure> {
        let seal = self.seal()?;
        // Not in any key's name, and PostgreSQL refuses a NUL in a text.
        if kid.contains(char::is_control) {
            return Err(Failure::NotFound(KEY));
        }
        let (by, now) = (by.into(), self.units.now());
        let spare = new_pair(self.settings.algorithm, seal, now, now)?;
        let line = self.audit_line(&by, "key.withdrawn", &kid);
        let unit = async move |tx: &mut Tx| {
            let rows = store::list_keys(tx).await?;
            if !store::withdraw_key(tx, &kid, now).await? {
                return Err(Failure::NotFound(KEY));
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
            Ok::<_, AuthFailure>(())
        };
        self.units.unit(&by.context, unit).await?;
        self.list_keys().await
    }

    fn seal(&self) -> Result<&Seal, AuthFailure> {
        let seal = self.keys.seal();
        seal.ok_or(Failure::Refused(AuthRefusal::SharedSecret))
    }
}
