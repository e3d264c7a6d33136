//! Purchases.

use kit_runtime::Timestamp;
use kit_token::UserId;
use kit_values::{Currency, Money, Sku};

use crate::{Plan, PlanName};

/// A plan as it was when somebody asked for it. Subscriptions is asked on these terms, and what is provisioned has
/// them, whatever becomes of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Purchase<T, I> {
    /// The subscription, chosen here.
    pub subscription_id: I,
    /// Who buys.
    pub user_id: UserId,
    /// The idempotency key of the request, where it had one.
    pub request_key: Option<String>,
    /// The plan.
    pub sku: Sku,
    /// Its name for people.
    pub name: PlanName,
    /// What a period costs, in the currency's smallest unit.
    pub price_minor: i64,
    /// The currency of that.
    pub currency: Currency,
    /// How many days a period has.
    pub duration_days: i64,
    /// What the plan promises.
    pub terms: T,
    /// When it was asked for.
    pub created_at: Timestamp,
}

impl<T, I> Purchase<T, I> {
    pub(crate) fn of(
        plan: Plan<T>,
        subscription_id: I,
        (user_id, request_key): (UserId, Option<String>),
        at: Timestamp,
    ) -> Self {
        Self {
            subscription_id,
            user_id,
            request_key,
            sku: plan.sku,
            name: plan.name,
            price_minor: plan.price_minor,
            currency: plan.currency,
            duration_days: plan.duration_days,
            terms: plan.terms,
            created_at: at,
        }
    }

    /// What a period costs.
    pub fn price(&self) -> Money {
        Money {
            amount_minor: self.price_minor,
            currency: self.currency,
        }
    }

    /// How many days a period has, as it was checked where the plan came in, and by the table.
    pub fn days(&self) -> u32 {
        u32::try_from(self.duration_days).unwrap_or_default()
    }
}
