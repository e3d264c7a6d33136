//! The pages of the sandbox, on which a payer decides.

use kit_db::{Reader, StoreError, Tx};
use kit_runtime::Timestamp;
use kit_service::Failure;
use kit_values::Money;
use payments_api::{CheckoutAction, CheckoutPage, CheckoutStatus, PaymentsRefusal};

use super::{Sandbox, SandboxCharge, SandboxStatus, hash_of};
use crate::service::PaymentsFailure;
use crate::store;

const NOT_FOUND: PaymentsFailure = Failure::NotFound("Checkout");

impl Sandbox {
    /// What a page shows.
    pub(crate) async fn page(&self, token: &str) -> Result<CheckoutPage, PaymentsFailure> {
        let (hash, now) = (hash_of(token), self.0.units.now());
        let read = async move |reader: &mut Reader| store::find_sandbox_charge_of_page(reader, &hash).await;
        let found = self.0.units.read(read).await?;
        Ok(found.ok_or(NOT_FOUND)?.page(now))
    }

    /// Does what the payer decided; the page after it, and the key of its charge.
    pub(crate) async fn decide(
        &self,
        token: &str,
        action: CheckoutAction,
    ) -> Result<(CheckoutPage, String), PaymentsFailure> {
        let (hash, now) = (hash_of(token), self.0.units.now());
        let sandbox = self.clone();
        let unit = async move |tx: &mut Tx| {
            let found = store::find_sandbox_charge_of_page(tx, &hash).await?;
            let key = found.ok_or(NOT_FOUND)?.key;
            let held = store::find_sandbox_charge_for_update(tx, &key).await?;
            let mut charge = held.ok_or(StoreError::RowCount { found: 0 })?;
            if charge.decide(action, now)? {
                store::save_sandbox_charge(tx, &charge).await?;
                sandbox.announce(tx, &charge).await?;
            }
            Ok::<_, PaymentsFailure>((charge.page(now), key))
        };
        self.0.units.write(unit).await
    }
}

impl SandboxCharge {
    fn page(&self, now: Timestamp) -> CheckoutPage {
        let status = match self.status {
            SandboxStatus::Open | SandboxStatus::ActionRequired if now >= self.expires_at => {
                CheckoutStatus::Expired
            }
            SandboxStatus::Open => CheckoutStatus::Open,
            SandboxStatus::ActionRequired => CheckoutStatus::ActionRequired,
            SandboxStatus::Succeeded => CheckoutStatus::Succeeded,
            SandboxStatus::Declined => CheckoutStatus::Declined,
            SandboxStatus::Closed => CheckoutStatus::Closed,
        };
        CheckoutPage {
            status,
            amount: Money {
                amount_minor: self.amount_minor,
                currency: self.currency,
            },
            description: self.description.clone(),
            return_url: self.return_url.clone(),
            expires_at: self.expires_at,
        }
    }

    /// False where it was decided so before.
    fn decide(&mut self, action: CheckoutAction, now: Timestamp) -> Result<bool, PaymentsFailure> {
        use CheckoutAction::{Abandon, Approve, CompleteAction, Decline, RequireAction};
        let (status, reason) = match (self.page(now).status, action) {
            (CheckoutStatus::Open, Approve) | (CheckoutStatus::ActionRequired, CompleteAction) => {
                (SandboxStatus::Succeeded, None)
            }
            (CheckoutStatus::Open, RequireAction) => (SandboxStatus::ActionRequired, None),
            (CheckoutStatus::Open | CheckoutStatus::ActionRequired, Decline) => {
                (SandboxStatus::Declined, Some("Your card was declined."))
            }
            (CheckoutStatus::Open | CheckoutStatus::ActionRequired, Abandon) => {
                (SandboxStatus::Closed, Some("the payer went away"))
            }
            (CheckoutStatus::ActionRequired, RequireAction)
            | (CheckoutStatus::Succeeded, Approve | CompleteAction)
            | (CheckoutStatus::Declined, Decline)
            | (CheckoutStatus::Closed, Abandon) => return Ok(false),
            (status, _) => {
                return Err(Failure::Refused(PaymentsRefusal::CheckoutClosed { status }));
            }
        };
        (self.status, self.reason) = (status, reason.map(str::to_owned));
        Ok(true)
    }
}
