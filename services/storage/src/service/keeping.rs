//! A MinIO is kept in step with the rows, by a look at all of them from time to time.
//!
//! **Quotas** it holds against what it has counted some time ago: whoever writes fast writes more. So by the keys of a
//! bucket that holds more than it may nothing can be written until it does not any more.
//!
//! **What it has forgotten** it is told again. While a MinIO that was just started reads what it knows it takes changes, and
//! may lose them: a key that was suspended then could be used on.
//!
//! **What was left over** goes: a key of a service that has other ones or none, put in place by a process that was lost
//! before it could see that.
//!
//! Who looks first or twice does no harm, so each process that runs storage looks by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use kit_adapter_shop::ServiceState;
use kit_objects::ObjectError;
use kit_service::Failure;

use super::{StorageFailure, StorageService, not_stored};
use crate::backend::{KeyStanding, MinIoBackend};
use crate::domain::{KeyIds, Provisioned};

/// How many services are read at once.
const PAGE: u32 = 100;

/// How often a key is put right, since its service was changed meanwhile.
const MOST_ROUNDS: u32 = 10;

/// What keys may do there, by their identifiers.
type Keys = BTreeMap<String, KeyStanding>;

impl StorageService {
    /// Looks at every service that has keys, again and again.
    pub(crate) fn keep_in_step(&self, minio: &MinIoBackend, period: Duration) {
        let (storage, minio) = (self.clone(), minio.clone());
        self.deps.tasks.repeat("storage.keeping", period, move || {
            let (storage, minio) = (storage.clone(), minio.clone());
            async move { storage.look_after_all(&minio).await.map(|()| false) }
        });
    }

    async fn look_after_all(&self, minio: &MinIoBackend) -> Result<(), StorageFailure> {
        // Before the rows, which have a key before it is there: what is in none of them then was taken from its service.
        let there = minio.list_keys().await.map_err(not_stored)?;
        let mut left_over = there.clone();
        let mut after = String::new();
        loop {
            let services = self.list_bound_services(&after, PAGE).await?;
            let Some(last) = services.last() else { break };
            after.clone_from(&last.instance_id);
            for service in services {
                for id in service.keys.iter().flat_map(KeyIds::both) {
                    left_over.remove(id);
                }
                match self.look_after(minio, &service, &there).await {
                    // It is being taken away, or something is wrong with this one.
                    Err(Failure::Internal(cause)) => {
                        tracing::warn!(%cause, bucket = service.resource, "not looked after");
                    }
                    other => other?,
                }
            }
        }
        for id in left_over.into_keys() {
            tracing::warn!(key = id, "a key of no service is removed");
            minio.remove_key(&id).await.map_err(not_stored)?;
        }
        Ok(())
    }

    async fn look_after(
        &self,
        minio: &MinIoBackend,
        service: &Provisioned,
        there: &Keys,
    ) -> Result<(), StorageFailure> {
        self.remind(minio, service, there).await?;
        if service.state == ServiceState::Active {
            self.check_quota(minio, service, there)
                .await
                .map_err(not_stored)?;
        }
        Ok(())
    }

    /// Tells again what may be forgotten of a service's keys.
    async fn remind(
        &self,
        minio: &MinIoBackend,
        service: &Provisioned,
        there: &Keys,
    ) -> Result<(), StorageFailure> {
        let is_suspended = match service.state {
            ServiceState::Active => false,
            ServiceState::Suspended => true,
            // Whoever changes it has not ended.
            _ => return Ok(()),
        };
        for id in service.keys.iter().flat_map(KeyIds::both) {
            if !there.contains_key(id) {
                minio
                    .readmit_key(id, &service.resource)
                    .await
                    .map_err(not_stored)?;
            }
            let standing = there.get(id).copied().unwrap_or_default();
            if standing.is_suspended != is_suspended {
                tracing::warn!(bucket = service.resource, is_suspended, "a key is put right");
                self.put_right(minio, service, id).await?;
            }
        }
        Ok(())
    }

    /// Suspends a key or lets it be used, as its service says, and says when that was done.
    async fn put_right(
        &self,
        minio: &MinIoBackend,
        service: &Provisioned,
        id: &str,
    ) -> Result<(), StorageFailure> {
        let (instance_id, mut state) = (&service.instance_id, service.state);
        for _ in 0..MOST_ROUNDS {
            let done = match state {
                ServiceState::Active => minio.enable_key(id).await,
                ServiceState::Suspended => minio.disable_key(id).await,
                _ => return Ok(()),
            };
            done.map_err(not_stored)?;
            let now = self.service(instance_id).await?.state;
            if now == state {
                return Ok(());
            }
            state = now;
        }
        Ok(())
    }

    async fn check_quota(
        &self,
        minio: &MinIoBackend,
        service: &Provisioned,
        there: &Keys,
    ) -> Result<(), ObjectError> {
        let Some(keys) = &service.keys else {
            return Ok(());
        };
        let usage = minio.usage(&service.resource, self.units.now()).await?;
        let (bucket, bytes) = (&service.resource, usage.bytes);
        let is_over = bytes > service.terms.bytes();
        for id in keys.both() {
            match (is_over, there.get(id).is_some_and(|key| key.is_over_quota)) {
                (true, false) => {
                    tracing::info!(bucket, bytes, "a bucket is over its quota");
                    minio.forbid_writing(id).await?;
                }
                (false, true) => {
                    tracing::info!(bucket, bytes, "a bucket has room again");
                    minio.allow_writing(id).await?;
                }
                (true, true) | (false, false) => {}
            }
        }
        Ok(())
    }
}
