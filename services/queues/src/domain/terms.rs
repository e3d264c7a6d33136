//! What a plan promises, and what names a service's user.

use kit_adapter_shop::ServiceState;
use kit_http::Check;
use queues_api::{MOST_CONNECTIONS, MOST_QUEUE_BYTES, MOST_QUEUES, ServiceStatus};
use serde::{Deserialize, Serialize};

/// What a plan promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Limits {
    /// How many queues there may be.
    pub queues: u32,
    /// How many connections there may be at once.
    pub connections: u32,
    /// How many bytes of messages each queue may hold.
    pub queue_bytes: u64,
}

/// What is said of it; nothing where it is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LimitsChange {
    pub queues: Option<u32>,
    pub connections: Option<u32>,
    pub queue_bytes: Option<u64>,
}

impl LimitsChange {
    /// Names each that is wrong.
    pub(crate) fn check(self, check: &mut Check) {
        let most_queues = (self.queues.map(u64::from), u64::from(MOST_QUEUES));
        let most_connections = (self.connections.map(u64::from), u64::from(MOST_CONNECTIONS));
        for (pointer, (given, most)) in [
            ("/max_queues", most_queues),
            ("/max_connections", most_connections),
            ("/max_queue_bytes", (self.queue_bytes, MOST_QUEUE_BYTES)),
        ] {
            if given.is_some_and(|given| !(1..=most).contains(&given)) {
                check.refuse(pointer, format!("must be from 1 to {most}"));
            }
        }
    }

    /// What is promised with it; what was before where it is left out.
    pub(crate) fn apply(self, before: Option<&Limits>) -> Option<Limits> {
        Some(Limits {
            queues: self.queues.or(before.map(|limits| limits.queues))?,
            connections: self.connections.or(before.map(|limits| limits.connections))?,
            queue_bytes: self.queue_bytes.or(before.map(|limits| limits.queue_bytes))?,
        })
    }
}

/// The user of a virtual host, by name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct VhostUser {
    pub username: String,
}

/// A service, which is a virtual host with its user.
pub(crate) type Provisioned = kit_adapter_shop::Provisioned<Limits, VhostUser>;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_bounds_and_what_is_left_out_stays() {
        let all = LimitsChange {
            queues: Some(10_000),
            connections: Some(1),
            queue_bytes: Some(MOST_QUEUE_BYTES),
        };
        let wrong = LimitsChange {
            queues: Some(0),
            connections: Some(10_001),
            queue_bytes: Some(MOST_QUEUE_BYTES + 1),
        };
        let errors = |change: LimitsChange| {
            let mut check = Check::new();
            change.check(&mut check);
            check.finish(|| Some(())).err().map_or(0, |errors| errors.len())
        };
        assert_eq!((errors(all), errors(wrong)), (0, 3));
        let before = all.apply(None).unwrap();
        let change = LimitsChange {
            queues: Some(7),
            ..LimitsChange::default()
        };
        assert_eq!(change.apply(None), None);
        let expected = Limits { queues: 7, ..before };
        assert_eq!(change.apply(Some(&before)), Some(expected));
    }
}
