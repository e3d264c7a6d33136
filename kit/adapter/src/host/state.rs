//! What is decided of an instance, without clock, database or network.

use kit_runtime::Timestamp;
use kit_values::words;

use crate::Instance;

words! {
    /// How far an instance is.
    pub(super) enum InstanceState {
        /// It was asked for.
        Provisioning = "provisioning",
        /// It is there.
        Provisioned = "provisioned",
        /// What was asked for last cannot be done; something of it may be there.
        Failed = "failed",
        /// It is to go.
        Deprovisioning = "deprovisioning",
        /// It is gone.
        Deprovisioned = "deprovisioned",
    }
}

/// An instance as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredInstance {
    pub instance: Instance,
    pub state: InstanceState,
    pub operation: String,
    pub reason: Option<String>,
    pub tries: u32,
    pub busy_until: Timestamp,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// A new operation begins.
    Begin(InstanceState),
    /// It is done already.
    Done,
    /// It goes on, as the operation of this name.
    Running(String),
    /// There is none any more.
    Gone,
    /// Another operation goes on.
    Concurrent,
    /// It was asked for with other attributes.
    Differs,
}

impl StoredInstance {
    /// Somebody asks for the instance, which may be there.
    pub(super) fn provision(known: Option<&Self>, asked: &Instance, now: Timestamp) -> Decision {
        let Some(known) = known else {
            return Decision::Begin(InstanceState::Provisioning);
        };
        let is_same = known.instance == *asked;
        match known.state {
            InstanceState::Deprovisioning => Decision::Concurrent,
            InstanceState::Provisioning | InstanceState::Provisioned | InstanceState::Failed if !is_same => {
                Decision::Differs
            }
            InstanceState::Provisioning => Decision::Running(known.operation.clone()),
            InstanceState::Provisioned => Decision::Done,
            InstanceState::Failed if known.is_busy(now) => Decision::Concurrent,
            InstanceState::Failed | InstanceState::Deprovisioned => {
                Decision::Begin(InstanceState::Provisioning)
            }
        }
    }

    /// Somebody wants the instance to go.
    pub(super) fn deprovision(known: Option<&Self>, now: Timestamp) -> Decision {
        let Some(known) = known else {
            return Decision::Gone;
        };
        match known.state {
            InstanceState::Deprovisioned => Decision::Gone,
            InstanceState::Deprovisioning => Decision::Running(known.operation.clone()),
            InstanceState::Provisioning => Decision::Concurrent,
            InstanceState::Provisioned | InstanceState::Failed if known.is_busy(now) => Decision::Concurrent,
            InstanceState::Provisioned | InstanceState::Failed => {
                Decision::Begin(InstanceState::Deprovisioning)
            }
        }
    }

    /// Whether something is done with it at once.
    pub(super) fn is_busy(&self, now: Timestamp) -> bool {
        self.busy_until > now
    }
}

impl InstanceState {
    /// What it is when its operation has succeeded.
    pub(super) const fn succeeded(self) -> Self {
        match self {
            Self::Provisioning | Self::Provisioned | Self::Failed => Self::Provisioned,
            Self::Deprovisioning | Self::Deprovisioned => Self::Deprovisioned,
        }
    }
}

#[cfg(test)]
mod tests {
    use kit_values::{Money, example};

    use super::*;
    use crate::{InstanceContext, InstanceParameters};

    const NOW: Timestamp = Timestamp::from_seconds(100);

    fn instance(plan: &str) -> Instance {
        Instance {
            id: "i".to_owned(),
            plan_id: plan.to_owned(),
            context: InstanceContext {
                platform: "stoa".to_owned(),
                user_id: "u".to_owned(),
                username: "ada".to_owned(),
            },
            parameters: InstanceParameters {
                sku: example("SMALL"),
                price: Money {
                    amount_minor: 1,
                    currency: "USD".parse().unwrap(),
                },
                duration_days: 30,
            },
        }
    }

    fn stored(state: InstanceState, busy_until: i64) -> StoredInstance {
        StoredInstance {
            instance: instance("p"),
            state,
            operation: "op".to_owned(),
            reason: None,
            tries: 0,
            busy_until: Timestamp::from_seconds(busy_until),
        }
    }

    #[test]
    fn what_is_asked_again_is_done_once_and_what_contradicts_is_refused() {
        let begin = Decision::Begin(InstanceState::Provisioning);
        let running = Decision::Running("op".to_owned());
        for (state, same, other) in [
            (InstanceState::Provisioning, running, Decision::Differs),
            (InstanceState::Provisioned, Decision::Done, Decision::Differs),
            (InstanceState::Failed, begin.clone(), Decision::Differs),
            (
                InstanceState::Deprovisioning,
                Decision::Concurrent,
                Decision::Concurrent,
            ),
            (InstanceState::Deprovisioned, begin.clone(), begin.clone()),
        ] {
            let known = stored(state, 0);
            assert_eq!(
                StoredInstance::provision(Some(&known), &instance("p"), NOW),
                same,
                "{state}"
            );
            assert_eq!(
                StoredInstance::provision(Some(&known), &instance("q"), NOW),
                other,
                "{state}"
            );
        }
        assert_eq!(StoredInstance::provision(None, &instance("p"), NOW), begin);
    }

    #[test]
    fn what_is_there_goes_once_and_not_while_something_is_done_with_it() {
        let begin = Decision::Begin(InstanceState::Deprovisioning);
        for (state, free, busy) in [
            (
                InstanceState::Provisioning,
                Decision::Concurrent,
                Decision::Concurrent,
            ),
            (InstanceState::Provisioned, begin.clone(), Decision::Concurrent),
            (InstanceState::Failed, begin, Decision::Concurrent),
            (
                InstanceState::Deprovisioning,
                Decision::Running("op".to_owned()),
                Decision::Running("op".to_owned()),
            ),
            (InstanceState::Deprovisioned, Decision::Gone, Decision::Gone),
        ] {
            assert_eq!(
                StoredInstance::deprovision(Some(&stored(state, 100)), NOW),
                free,
                "{state}"
            );
            assert_eq!(
                StoredInstance::deprovision(Some(&stored(state, 101)), NOW),
                busy,
                "{state}"
            );
        }
        assert_eq!(StoredInstance::deprovision(None, NOW), Decision::Gone);
    }
}
