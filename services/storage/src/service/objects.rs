//! What is in a service: listing it, and signing addresses for it.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit_adapter_shop::{ServiceState, Shop};
use kit_http::extract::{FilteredPage, ForeignCursor, Page};
use kit_objects::{ListOptions, ListedObject, ObjectError};
use kit_service::Call;
use storage_api::{ObjectFilter, ObjectView, PresignRequest, PresignedView};

use super::{Buckets, StorageFailure, StorageService, not_stored};
use crate::domain::{Presign, check_presign};

impl StorageService {
    /// The objects of the caller's service, by key.
    pub(crate) async fn list_objects(
        &self,
        call: &Call,
        request: &FilteredPage<ObjectFilter>,
    ) -> Result<Page<ObjectView>, StorageFailure> {
        let after = request.page.after.as_deref().map(key_of).transpose()?;
        let service = self.service_of(call).await?;
        if service.state != ServiceState::Active {
            return Err(Shop::<Buckets>::not_active(&service));
        }
        let options = ListOptions {
            prefix: request.filter.prefix.clone(),
            delimiter: None,
            after,
            limit: request.page.limit as usize + 1,
        };
        let listed = self.deps.backend.list_objects(&service.resource, options).await;
        let listed = listed.map_err(|error| match error {
            // It is being taken away.
            ObjectError::NoSuchBucket => Shop::<Buckets>::not_active(&service),
            error => not_stored(error),
        })?;
        let page = Page::cut(listed.objects, &request.page, |object| cursor_of(&object.key));
        Ok(page.map(view))
    }

    /// Signs an address of an object of the caller's service, which need not be there.
    pub(crate) async fn presign(
        &self,
        call: &Call,
        request: &PresignRequest,
    ) -> Result<PresignedView, StorageFailure> {
        check_presign(request)?;
        let service = self.service_of(call).await?;
        Shop::<Buckets>::usable_keys(&service)?;
        // Also where a rotation broke off before.
        let service = self.put_signing_key(service).await?;
        let keys = Shop::<Buckets>::usable_keys(&service)?;
        let (endpoint, now) = (&self.deps.endpoint, self.units.now());
        let presign = Presign {
            endpoint: endpoint.as_str(),
            host: endpoint.authority(),
            region: self.deps.backend.region(),
            bucket: &service.resource,
            key_id: &keys.signing,
            at: now,
        };
        let secret = self.deps.signing.of(&service, &keys.signing);
        Ok(PresignedView {
            url: presign.url(secret, request),
            headers: BTreeMap::new(),
            expires_at: now.plus(Duration::from_secs(request.expires_in.into())),
        })
    }
}

/// A key may hold signs that a cursor may not.
fn cursor_of(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

fn key_of(cursor: &str) -> Result<String, ForeignCursor> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| ForeignCursor)?;
    String::from_utf8(bytes).map_err(|_| ForeignCursor)
}

fn view(object: ListedObject) -> ObjectView {
    ObjectView {
        key: object.key,
        size: object.size,
        etag: object.etag,
        modified_at: object.modified_at,
        content_type: object.content_type,
    }
}
