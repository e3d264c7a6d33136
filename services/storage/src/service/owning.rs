//! What users see of their service.

use kit_objects::ObjectError;
use kit_service::Call;
use storage_api::{ServiceView, UsageView};

use super::{StorageFailure, StorageService, not_stored};
use crate::domain::{Provisioned, shown};

impl StorageService {
    /// The caller's service, with what it uses.
    pub(crate) async fn get_service(&self, call: &Call) -> Result<ServiceView, StorageFailure> {
        let service = self.service_of(call).await?;
        let (usage, expires_at) = tokio::join!(self.usage_of(&service), self.expiry_of(call, &service));
        Ok(ServiceView {
            status: shown(service.state),
            plan_sku: service.sku,
            endpoint: self.deps.endpoint.as_str().to_owned(),
            region: self.deps.backend.region().to_owned(),
            bucket: service.resource,
            access_key_id: service.keys.map(|keys| keys.access),
            quota_bytes: service.terms.bytes(),
            usage: usage?,
            expires_at,
        })
    }

    /// Of a service that is kept, where its bucket is there already.
    async fn usage_of(&self, service: &Provisioned) -> Result<Option<UsageView>, StorageFailure> {
        if !service.state.is_kept() {
            return Ok(None);
        }
        match self.deps.backend.usage(&service.resource, self.units.now()).await {
            Ok(usage) => Ok(Some(UsageView {
                bytes: usage.bytes,
                objects: usage.objects,
                measured_at: usage.measured_at,
            })),
            Err(ObjectError::NoSuchBucket) => Ok(None),
            Err(error) => Err(not_stored(error)),
        }
    }
}
