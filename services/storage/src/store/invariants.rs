//! What must hold of the tables of storage, whatever happened before; and what subscriptions knows too.

use kit_adapter_shop::{ENDED_BY_USE, SOLD_BY_PLAN, provisioned};
use kit_service::{Fact, Invariant};

pub(crate) const INVARIANTS: &[Invariant] = &[
    Invariant {
        rule: "a service that can be used, or could be again, has its keys",
        violations: "SELECT instance_id FROM services \
         WHERE state IN ('active', 'suspended') AND (access_key_id IS NULL OR activated_at IS NULL)",
    },
    Invariant {
        rule: "a service has both keys and the binding they are for, or none of them",
        violations: "SELECT instance_id FROM services WHERE (binding_id IS NULL) <> (access_key_id IS NULL) \
           OR (access_key_id IS NULL) <> (signing_key_id IS NULL)",
    },
    Invariant {
        rule: "a service that is gone has no keys",
        violations: "SELECT instance_id FROM services \
         WHERE state IN ('deprovisioned', 'failed') AND access_key_id IS NOT NULL",
    },
    ENDED_BY_USE,
    Invariant {
        rule: "a service is what was sold, to whom it was sold",
        violations: "SELECT instance_id FROM services JOIN purchases ON subscription_id = instance_id \
         WHERE services.sku <> purchases.sku OR services.quota_bytes <> purchases.quota_bytes \
           OR services.user_id <> purchases.user_id",
    },
    SOLD_BY_PLAN,
];

pub(crate) const FACTS: &[Fact] = &[provisioned("services provisioned by storage")];
