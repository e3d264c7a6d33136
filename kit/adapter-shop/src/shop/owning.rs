//! What users have.

use kit_db::{Reader, Tx};
use kit_runtime::Timestamp;
use kit_service::{Call, Failure};

use super::{SERVICE, SHOWN_LIMIT, Shop, ShopFailure};
use crate::{Goods, Provisioned, ProvisionedOf, ServiceState, store};

impl<G: Goods> Shop<G> {
    /// The caller's service: the newest, of those that are kept where there is one.
    pub async fn service_of(&self, call: &Call) -> Result<ProvisionedOf<G>, ShopFailure<G>> {
        let user_id = call.actor.user_id.to_string();
        let read = async move |reader: &mut Reader| store::find_service_of_user::<G>(reader, &user_id).await;
        self.units.read(read).await?.ok_or(Failure::NotFound(SERVICE))
    }

    /// A service as it is now.
    pub async fn service(&self, instance_id: &str) -> Result<ProvisionedOf<G>, ShopFailure<G>> {
        let id = instance_id.to_owned();
        let read = async move |reader: &mut Reader| store::find_service::<G>(reader, &id).await;
        self.units.read(read).await?.ok_or(Failure::NotFound(SERVICE))
    }

    /// Until when it is paid, which subscriptions knows. That it does not answer keeps nobody from their service.
    pub async fn expiry_of(&self, call: &Call, service: &ProvisionedOf<G>) -> Option<Timestamp> {
        let id: G::SubscriptionId = service.instance_id.parse().ok()?;
        let asking = (**call).clone().for_service(G::SERVICE).within(SHOWN_LIMIT);
        match G::paid_until(&self.deps.subscriptions, asking, id).await {
            Ok(paid_until) => paid_until,
            Err(error) => {
                tracing::warn!(error, "subscriptions does not say until when a service is paid");
                None
            }
        }
    }

    /// Counts a rotation of the secrets of the caller's service, before they are changed; the service and its keys.
    pub async fn count_rotation(&self, call: &Call) -> Result<(ProvisionedOf<G>, G::Keys), ShopFailure<G>> {
        let (user_id, now) = (call.actor.user_id.to_string(), self.units.now());
        let unit = async move |tx: &mut Tx| {
            let found = store::find_service_of_user_for_update::<G>(tx, &user_id).await?;
            let service = found.ok_or(Failure::NotFound(SERVICE))?;
            let keys = Self::usable_keys(&service)?;
            let rotated = Provisioned {
                rotations: service.rotations + 1,
                updated_at: now,
                ..service
            };
            store::save_service::<G>(tx, &rotated).await?;
            Ok::<_, ShopFailure<G>>((rotated, keys))
        };
        self.units.unit(call, unit).await
    }

    /// The keys of a service, if it can be used.
    pub fn usable_keys(service: &ProvisionedOf<G>) -> Result<G::Keys, ShopFailure<G>> {
        match &service.keys {
            Some(keys) if service.state == ServiceState::Active => Ok(keys.clone()),
            _ => Err(Self::not_active(service)),
        }
    }
}
