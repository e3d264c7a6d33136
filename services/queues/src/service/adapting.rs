//! What subscriptions, or another platform, asks of an adapter. Nothing of one instance happens twice at the same time,
//! and each step may have been cut off, or have succeeded, before.

use kit_adapter::{Adapter, AdapterError, Instance, Offers, Usage};
use kit_adapter_shop::ServiceState;
use kit_runtime::Secret;
use queues_api::QueuesRefusal;
use serde_json::{Value, json};

use super::{QueuesService, not_done};
use crate::broker::BrokerError;
use crate::domain::Provisioned;

type StepError = kit_adapter_shop::StepError<QueuesRefusal>;

fn step(error: BrokerError) -> StepError {
    StepError::Failed(not_done(error))
}

impl Adapter for QueuesService {
    async fn offers(&self) -> Result<Offers, AdapterError> {
        self.shop.offers().await
    }

    async fn provision(&self, instance: &Instance) -> Result<(), AdapterError> {
        let service = self.begin_service(instance).await?;
        let is_closed = service.state == ServiceState::Suspended;
        let made = self
            .deps
            .broker
            .put_vhost(&service.resource, service.terms, is_closed)
            .await;
        Ok(made.map_err(step)?)
    }

    async fn bind(&self, instance: &Instance, binding_id: &str) -> Result<Value, AdapterError> {
        let broker = &self.deps.broker;
        let (service, user) = self.bind_keys(instance, binding_id, self.new_user()).await?;
        // Once its owner has changed the password it is theirs alone.
        let password = if service.rotations == 0 {
            let password = self.new_password();
            let put = broker.put_user(&user.username, &password).await;
            put.map_err(step)?;
            Some(password)
        } else {
            None
        };
        let admitted = broker
            .admit(&service.resource, &user.username, service.terms)
            .await;
        admitted.map_err(step)?;
        let checked = self.check_user(&service.instance_id, &user).await;
        checked.map_err(StepError::Failed)?;
        self.change(&service.instance_id, Provisioned::activate).await?;
        Ok(json!({
            "endpoint": self.deps.endpoint,
            "vhost": service.resource,
            "username": user.username,
            "password": password.as_ref().map(Secret::expose),
        }))
    }

    async fn unbind(&self, instance: &Instance, binding_id: &str) -> Result<(), AdapterError> {
        let Some(service) = self.find_instance(instance).await? else {
            return Ok(());
        };
        if service.binding_id.as_deref() != Some(binding_id) {
            return Ok(());
        }
        // The user goes first: one that no row names any more would never be removed. Who puts it in place meanwhile
        // looks at the row afterwards: where it is still in it, it goes below, and else they remove it themselves.
        if let Some(user) = service.keys {
            let broker = &self.deps.broker;
            broker.remove_user(&user.username).await.map_err(step)?;
            let binding_id = binding_id.to_owned();
            let unbind = move |service: Provisioned, now| service.unbind(&binding_id, now);
            self.change(&instance.id, unbind).await?;
            broker.remove_user(&user.username).await.map_err(step)?;
        }
        Ok(())
    }

    async fn deprovision(&self, instance: &Instance) -> Result<(), AdapterError> {
        let Some(service) = self.find_instance(instance).await? else {
            return Ok(());
        };
        // The row first: who puts the user in place after that removes it themselves.
        let service = self.change(&service.instance_id, Provisioned::end).await?;
        let broker = &self.deps.broker;
        broker.remove_vhost(&service.resource).await.map_err(step)?;
        if let Some(user) = &service.keys {
            broker.remove_user(&user.username).await.map_err(step)?;
        }
        self.change(&service.instance_id, Provisioned::ended).await?;
        Ok(())
    }

    async fn usage(&self, instance: &Instance) -> Result<Usage, AdapterError> {
        let service = self.find_instance(instance).await?;
        let service = service.ok_or(StepError::Rejected("there is no such instance"))?;
        let content = self.deps.broker.content(&service.resource).await;
        let content = content.map_err(step)?;
        let content = content.ok_or(StepError::Rejected("the instance has no virtual host"))?;
        Ok(Usage {
            bytes: content.bytes,
            objects: content.messages,
            measured_at: self.units.now(),
        })
    }

    async fn suspend(&self, instance: &Instance) -> Result<(), AdapterError> {
        // The row first: from then on the password is not changed.
        let (service, user) = self.switch(instance, Provisioned::suspend).await?;
        let closed = self.deps.broker.close(&service.resource, &user.username).await;
        Ok(closed.map_err(step)?)
    }

    async fn resume(&self, instance: &Instance) -> Result<(), AdapterError> {
        let (service, user) = self.switch(instance, Provisioned::resume).await?;
        let opened = self
            .deps
            .broker
            .open(&service.resource, &user.username, service.terms)
            .await;
        Ok(opened.map_err(step)?)
    }

    async fn health(&self) -> Result<(), AdapterError> {
        match self.deps.broker.check().await {
            Ok(()) => {}
            // This alone is told to whoever asks: it names nothing of ours but a setting.
            Err(error @ BrokerError::NotConfigured) => return Err(AdapterError::Rejected(error.to_string())),
            Err(error) => {
                let cause = &error as &dyn std::error::Error;
                tracing::warn!(cause, "no virtual host can be made");
                return Err(AdapterError::Unavailable(
                    "the broker is not available".to_owned(),
                ));
            }
        }
        self.units
            .db()
            .check()
            .await
            .map_err(|_| AdapterError::Unavailable("the database is not available".to_owned()))
    }
}
