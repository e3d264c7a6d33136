//! What a plan promises, and what names a service's keys.

use kit_adapter_shop::ServiceState;
use kit_http::Check;
use serde::{Deserialize, Serialize};
use storage_api::ServiceStatus;

/// What a JSON number says exactly in every language.
const LARGEST_QUOTA: u64 = (1 << 53) - 1;

/// What a plan promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Quota {
    /// How many bytes may be kept.
    pub quota_bytes: i64,
}

impl Quota {
    /// As it is said to others. It is checked where it comes in, and by the table.
    pub(crate) fn bytes(self) -> u64 {
        u64::try_from(self.quota_bytes).unwrap_or_default()
    }
}

/// What is said of it; nothing where it is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct QuotaChange {
    /// How many bytes may be kept.
    pub quota_bytes: Option<u64>,
}

impl QuotaChange {
    /// Names what is wrong.
    pub(crate) fn check(self, check: &mut Check) {
        if self
            .quota_bytes
            .is_some_and(|bytes| !(1..=LARGEST_QUOTA).contains(&bytes))
        {
            check.refuse("/quota_bytes", "must be from 1 to 9007199254740991");
        }
    }

    /// What is promised with it; what was before where it is left out.
    pub(crate) fn apply(self, before: Option<&Quota>) -> Option<Quota> {
        match self.quota_bytes {
            Some(bytes) => Some(Quota {
                quota_bytes: i64::try_from(bytes).ok()?,
            }),
            None => before.copied(),
        }
    }
}

/// The identifiers of a service's keys.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct KeyIds {
    /// The owner's key.
    pub access: String,
    /// The key by which addresses are signed.
    pub signing: String,
}

impl KeyIds {
    /// The owner's, and the one that signs addresses.
    pub(crate) fn both(&self) -> [&str; 2] {
        [&self.access, &self.signing]
    }
}

/// A service, which is a bucket with its keys.
pub(crate) type Provisioned = kit_adapter_shop::Provisioned<Quota, KeyIds>;

/// How a service stands, as its owner sees it.
pub(crate) const fn shown(state: ServiceState) -> ServiceStatus {
    match state {
        ServiceState::Provisioning => ServiceStatus::Provisioning,
        ServiceState::Active => ServiceStatus::Active,
        ServiceState::Suspended => ServiceStatus::Suspended,
        ServiceState::Deprovisioning | ServiceState::Deprovisioned => ServiceStatus::Deprovisioned,
        ServiceState::Failed => ServiceStatus::Failed,
    }
}
