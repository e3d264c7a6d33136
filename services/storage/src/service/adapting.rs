//! What subscriptions, or another platform, asks of an adapter. Nothing of one instance happens twice at the same time,
//! and each step may have been cut off, or have succeeded, before.

use kit_adapter::{Adapter, AdapterError, Instance, Offers, Usage};
use kit_objects::ObjectError;
use kit_runtime::Secret;
use serde_json::{Value, json};
use storage_api::StorageRefusal;

use super::{StorageService, not_stored};
use crate::domain::{KeyIds, Provisioned};

type StepError = kit_adapter_shop::StepError<StorageRefusal>;

fn step(error: ObjectError) -> StepError {
    StepError::Failed(not_stored(error))
}

impl Adapter for StorageService {
    async fn offers(&self) -> Result<Offers, AdapterError> {
        self.shop.offers().await
    }

    async fn provision(&self, instance: &Instance) -> Result<(), AdapterError> {
        let service = self.begin_service(instance).await?;
        // It was used already, so its bucket is whole.
        if service.activated_at.is_some() {
            return Ok(());
        }
        let quota_bytes = service.terms.bytes();
        let made = self
            .deps
            .backend
            .make_bucket(&service.resource, quota_bytes)
            .await;
        made.map_err(step)?;
        Ok(())
    }

    async fn bind(&self, instance: &Instance, binding_id: &str) -> Result<Value, AdapterError> {
        let (service, keys) = self.bind_keys(instance, binding_id, self.new_keys()).await?;
        // Once its owner has changed the secret it is theirs alone.
        let secret = if service.rotations == 0 {
            let secret = self.new_secret();
            let put = self.put_access_key(&service, &keys, secret.clone()).await;
            put.map_err(StepError::Failed)?;
            Some(secret)
        } else {
            None
        };
        let service = self.put_signing_key(service).await.map_err(StepError::Failed)?;
        let service = self.change(&service.instance_id, Provisioned::activate).await?;
        Ok(json!({
            "endpoint": self.deps.endpoint.as_str(),
            "region": self.deps.backend.region(),
            "bucket": service.resource,
            "access_key_id": keys.access,
            "secret_access_key": secret.as_ref().map(Secret::expose),
        }))
    }

    async fn unbind(&self, instance: &Instance, binding_id: &str) -> Result<(), AdapterError> {
        let Some(service) = self.find_instance(instance).await? else {
            return Ok(());
        };
        if service.binding_id.as_deref() != Some(binding_id) {
            return Ok(());
        }
        // The keys go first: what no row names any more would never be removed. Who puts one in place meanwhile looks at
        // the row afterwards: where it is still in it, it goes below, and else they remove it themselves.
        if let Some(keys) = service.keys {
            self.remove_keys(&keys).await?;
            let binding_id = binding_id.to_owned();
            let unbind = move |service: Provisioned, now| service.unbind(&binding_id, now);
            self.change(&instance.id, unbind).await?;
            self.remove_keys(&keys).await?;
        }
        Ok(())
    }

    async fn deprovision(&self, instance: &Instance) -> Result<(), AdapterError> {
        let Some(service) = self.find_instance(instance).await? else {
            return Ok(());
        };
        let service = self.change(&service.instance_id, Provisioned::end).await?;
        // Before, so that nothing more is written; and afterwards, when nobody can put them in place any more.
        let keys = service.keys.clone();
        if let Some(keys) = &keys {
            self.remove_keys(keys).await?;
        }
        let removed = self.deps.backend.remove_bucket(&service.resource).await;
        removed.map_err(step)?;
        if let Some(keys) = &keys {
            self.remove_keys(keys).await?;
        }
        self.change(&service.instance_id, Provisioned::ended).await?;
        Ok(())
    }

    async fn usage(&self, instance: &Instance) -> Result<Usage, AdapterError> {
        let service = self.find_instance(instance).await?;
        let service = service.ok_or(StepError::Rejected("there is no such instance"))?;
        match self.deps.backend.usage(&service.resource, self.units.now()).await {
            Ok(usage) => Ok(Usage {
                bytes: usage.bytes,
                objects: usage.objects,
                measured_at: usage.measured_at,
            }),
            Err(ObjectError::NoSuchBucket) => Err(StepError::Rejected("the instance has no bucket").into()),
            Err(error) => Err(step(error).into()),
        }
    }

    async fn suspend(&self, instance: &Instance) -> Result<(), AdapterError> {
        // The row first: from then on no address is signed and no secret is changed.
        let (_, keys) = self.switch(instance, Provisioned::suspend).await?;
        for id in keys.both() {
            let disabled = self.deps.backend.disable_key(id).await;
            disabled.map_err(step)?;
        }
        Ok(())
    }

    async fn resume(&self, instance: &Instance) -> Result<(), AdapterError> {
        let (_, keys) = self.switch(instance, Provisioned::resume).await?;
        for id in keys.both() {
            let enabled = self.deps.backend.enable_key(id).await;
            enabled.map_err(step)?;
        }
        Ok(())
    }

    async fn health(&self) -> Result<(), AdapterError> {
        self.deps.backend.check().await.map_err(step)?;
        self.units
            .db()
            .check()
            .await
            .map_err(|_| AdapterError::Unavailable("the database is not available".to_owned()))
    }
}

impl StorageService {
    async fn remove_keys(&self, keys: &KeyIds) -> Result<(), StepError> {
        for id in keys.both() {
            self.deps.backend.remove_key(id).await.map_err(step)?;
        }
        Ok(())
    }
}
