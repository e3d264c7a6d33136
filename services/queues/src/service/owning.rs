//! What users see of their service, and its password.

use kit_adapter_shop::{SHOWN_LIMIT, Shop};
use kit_service::Call;
use queues_api::{QueueCredentialsView, QueueServiceView, QueueUsageView};

use super::{QueuesFailure, QueuesService, VirtualHosts, not_done};
use crate::domain::{Provisioned, VhostUser, shown};

impl QueuesService {
    /// The caller's service, with what is in it.
    pub(crate) async fn get_service(&self, call: &Call) -> Result<QueueServiceView, QueuesFailure> {
        let service = self.service_of(call).await?;
        let (usage, expires_at) = tokio::join!(self.usage_of(&service), self.expiry_of(call, &service));
        Ok(QueueServiceView {
            status: shown(service.state),
            plan_sku: service.sku,
            endpoint: self.deps.endpoint.clone(),
            vhost: service.resource,
            username: service.keys.map(|user| user.username),
            max_queues: service.terms.queues,
            max_connections: service.terms.connections,
            max_queue_bytes: service.terms.queue_bytes,
            usage,
            expires_at,
        })
    }

    /// Of a service that is kept. That the broker does not say it keeps nobody from the rest.
    async fn usage_of(&self, service: &Provisioned) -> Option<QueueUsageView> {
        if !service.state.is_kept() {
            return None;
        }
        let counting = self.deps.broker.content(&service.resource);
        match tokio::time::timeout(SHOWN_LIMIT, counting).await {
            Ok(Ok(content)) => content.map(|content| QueueUsageView {
                bytes: content.bytes,
                objects: content.messages,
                measured_at: self.units.now(),
            }),
            Ok(Err(error)) => {
                let cause = &error as &dyn std::error::Error;
                tracing::warn!(cause, "the broker does not say what is in a virtual host");
                None
            }
            Err(_) => {
                tracing::warn!("the broker does not say in time what is in a virtual host");
                None
            }
        }
    }

    /// Gives the caller's user another password. The one before is dead, and who came in by it is put out.
    pub(crate) async fn rotate(&self, call: &Call) -> Result<QueueCredentialsView, QueuesFailure> {
        let (queues, asking) = (self.clone(), call.clone());
        // Half of it would be a password that nobody knows.
        self.detached("queues.rotate", async move { queues.rotate_now(&asking).await })
            .await
    }

    async fn rotate_now(&self, call: &Call) -> Result<QueueCredentialsView, QueuesFailure> {
        let (service, user) = self.count_rotation(call).await?;
        let password = self.new_password();
        let put = self.deps.broker.put_user(&user.username, &password).await;
        // Also where it failed: it may be done, or half done.
        self.check_user(&service.instance_id, &user).await?;
        put.map_err(not_done)?;
        let out = self.deps.broker.disconnect(&user.username).await;
        out.map_err(not_done)?;
        Ok(QueueCredentialsView {
            username: user.username,
            password: password.expose().clone(),
        })
    }

    /// Whether a service still has a user that was just put in place. Where it has not, because it was taken from it
    /// meanwhile, the user is removed.
    pub(super) async fn check_user(&self, instance_id: &str, user: &VhostUser) -> Result<(), QueuesFailure> {
        let service = self.service(instance_id).await?;
        if service.state.is_kept() && service.keys.as_ref() == Some(user) {
            return Ok(());
        }
        let removed = self.deps.broker.remove_user(&user.username).await;
        removed.map_err(not_done)?;
        Err(Shop::<VirtualHosts>::not_active(&service))
    }
}
