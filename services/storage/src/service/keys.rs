//! Keys: how secrets get into the object store, and how it is kept in step with the rows.

use kit_adapter_shop::{Shop, key_name, secret};
use kit_runtime::Secret;
use kit_service::{Call, Failure};
use storage_api::CredentialsView;

use super::{Buckets, StorageFailure, StorageService, not_stored};
use crate::domain::{KeyIds, Provisioned};

/// How often a key is put in place again, since the secrets were changed meanwhile.
const MOST_ROUNDS: u32 = 10;

impl StorageService {
    /// Gives the caller's key another secret. The one before is dead, and so is every address that was signed.
    pub(crate) async fn rotate(&self, call: &Call) -> Result<CredentialsView, StorageFailure> {
        let (storage, asking) = (self.clone(), call.clone());
        // Half of it would be a secret that nobody knows.
        self.detached("storage.rotate", async move { storage.rotate_now(&asking).await })
            .await
    }

    async fn rotate_now(&self, call: &Call) -> Result<CredentialsView, StorageFailure> {
        let (service, keys) = self.count_rotation(call).await?;
        let secret = self.new_secret();
        self.put_access_key(&service, &keys, secret.clone()).await?;
        self.put_signing_key(service).await?;
        Ok(CredentialsView {
            access_key_id: keys.access,
            secret_access_key: secret.expose().clone(),
        })
    }

    /// Identifiers of keys that nobody has.
    pub(super) fn new_keys(&self) -> KeyIds {
        KeyIds {
            access: key_name(self.deps.ids.random()),
            signing: key_name(self.deps.ids.random()),
        }
    }

    /// A secret that nobody knows.
    pub(super) fn new_secret(&self) -> Secret<String> {
        Secret::new(secret(self.deps.ids.random()))
    }

    /// Puts the owner's key in place with a secret.
    pub(super) async fn put_access_key(
        &self,
        service: &Provisioned,
        keys: &KeyIds,
        secret: Secret<String>,
    ) -> Result<(), StorageFailure> {
        let put = self.deps.backend.put_key(&keys.access, secret, &service.resource);
        put.await.map_err(not_stored)?;
        self.check_key(&service.instance_id, &keys.access).await.map(drop)
    }

    /// Puts the signing key in place, with the secret that it has after the newest rotation; the service as it is then.
    pub(super) async fn put_signing_key(
        &self,
        mut service: Provisioned,
    ) -> Result<Provisioned, StorageFailure> {
        for _ in 0..MOST_ROUNDS {
            let keys = service
                .keys
                .clone()
                .ok_or_else(|| Shop::<Buckets>::not_active(&service))?;
            let secret = self.deps.signing.of(&service, &keys.signing);
            let put = self
                .deps
                .backend
                .put_key(&keys.signing, secret, &service.resource);
            put.await.map_err(not_stored)?;
            let now = self.check_key(&service.instance_id, &keys.signing).await?;
            if now.rotations == service.rotations {
                return Ok(now);
            }
            service = now;
        }
        Err(Failure::StillRunning)
    }

    /// The service as it is now, if it has a key that was just put in place. Where it has not, because the key was taken
    /// from it meanwhile, the key is removed.
    async fn check_key(&self, instance_id: &str, key_id: &str) -> Result<Provisioned, StorageFailure> {
        let service = self.service(instance_id).await?;
        let has_it = service
            .keys
            .as_ref()
            .is_some_and(|keys| keys.access == key_id || keys.signing == key_id);
        if has_it {
            return Ok(service);
        }
        self.deps.backend.remove_key(key_id).await.map_err(not_stored)?;
        Err(Shop::<Buckets>::not_active(&service))
    }
}
