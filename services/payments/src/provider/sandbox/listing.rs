//! What the sandbox says of what it has made, to whoever compares.

use kit_db::{Reader, StoreError};
use kit_runtime::Timestamp;

use super::{GIVEN_UP, Sandbox, SandboxCharge};
use crate::domain::{ChargeOutcome, ChargePage, ListedCharge, ProviderBalance};
use crate::store;

/// How many charges are on a page.
const PAGE: i64 = 100;

impl Sandbox {
    /// Charges of a period, by their keys; none where it is away.
    pub(in crate::provider) async fn list_charges(
        &self,
        (from, until): (Timestamp, Timestamp),
        cursor: Option<&str>,
    ) -> Option<ChargePage> {
        let after = cursor.unwrap_or_default().to_owned();
        let read = async move |reader: &mut Reader| {
            store::list_sandbox_charges(reader, (from, until), &after, PAGE).await
        };
        let charges = self.0.units.read(read).await.inspect_err(is_away).ok()?;
        let last = charges
            .last()
            .filter(|_| i64::try_from(charges.len()) == Ok(PAGE));
        let next = last.map(|charge| charge.key.clone());
        let listed = charges.into_iter().map(|charge| ListedCharge {
            key: charge.key.clone(),
            balance: self.balance(charge),
        });
        let charges = listed
            .filter(|charge| charge.balance.outcome.is_decided())
            .collect();
        Some(ChargePage { charges, next })
    }

    /// What it has of the charge of a key; none where it is away.
    pub(in crate::provider) async fn find_balance(&self, key: &str) -> Option<ProviderBalance> {
        let key = key.to_owned();
        let read = async move |reader: &mut Reader| store::find_sandbox_charge(reader, &key).await;
        let found = self.0.units.read(read).await.inspect_err(is_away).ok()?;
        Some(found.map_or_else(
            || ProviderBalance {
                outcome: ChargeOutcome::Closed {
                    reason: GIVEN_UP.to_owned(),
                },
                refunded_minor: 0,
            },
            |charge| self.balance(charge),
        ))
    }

    fn balance(&self, charge: SandboxCharge) -> ProviderBalance {
        ProviderBalance {
            refunded_minor: charge.refunded_minor,
            outcome: self.outcome(charge),
        }
    }
}

fn is_away(error: &StoreError) {
    let cause = error as &dyn std::error::Error;
    tracing::warn!(cause, "the sandbox is away");
}
