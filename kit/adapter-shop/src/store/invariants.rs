//! What must hold of a shop's tables, whatever happened before; and what subscriptions knows too.

use kit_service::{Fact, Invariant};

/// How a service ended says whether it could ever be used.
pub const ENDED_BY_USE: Invariant = Invariant {
    rule: "a service that never could be used is not called deprovisioned",
    violations: "SELECT instance_id FROM services WHERE (state = 'deprovisioned' AND activated_at IS NULL) \
       OR (state = 'failed' AND activated_at IS NOT NULL)",
};

/// Nothing is sold without a plan.
pub const SOLD_BY_PLAN: Invariant = Invariant {
    rule: "what is sold is of a plan that there is",
    violations: "SELECT subscription_id FROM purchases WHERE LOWER(sku) NOT IN (SELECT sku_key FROM plans)",
};

/// All of a shop whose tables are [`TABLES`](super::TABLES). A service with columns of its own says the rest of them
/// itself.
pub const INVARIANTS: &[Invariant] = &[
    Invariant {
        rule: "a service that can be used, or could be again, has its keys",
        violations: "SELECT instance_id FROM services \
         WHERE state IN ('active', 'suspended') AND (access_keys IS NULL OR activated_at IS NULL)",
    },
    Invariant {
        rule: "a service has keys and the binding they are for, or neither",
        violations: "SELECT instance_id FROM services WHERE (binding_id IS NULL) <> (access_keys IS NULL)",
    },
    Invariant {
        rule: "a service that is gone has no keys",
        violations: "SELECT instance_id FROM services \
         WHERE state IN ('deprovisioned', 'failed') AND access_keys IS NOT NULL",
    },
    ENDED_BY_USE,
    Invariant {
        rule: "a service is what was sold, to whom it was sold",
        violations: "SELECT instance_id FROM services JOIN purchases ON subscription_id = instance_id \
         WHERE services.sku <> purchases.sku OR services.terms <> purchases.terms \
           OR services.user_id <> purchases.user_id",
    },
    SOLD_BY_PLAN,
];

/// What a shop has provisioned, under the name by which subscriptions knows the same.
pub const fn provisioned(name: &'static str) -> Fact {
    Fact {
        name,
        // Those of other platforms are theirs to count.
        rows: "SELECT instance_id, state FROM services \
               WHERE state IN ('active', 'suspended') AND instance_id LIKE 'sub%'",
    }
}
