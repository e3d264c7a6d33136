//! How far a service is that is provisioned for a subscription: what is to be done next with it, and where that leads.
//! Money says what is wanted of it; here is said how that is come by, with adapters that answer late, wrongly or not at all.

use kit_values::words;
use subscriptions_api::ProvisioningStatus;

words! {
    /// What is to become of a service.
    pub(crate) enum Wanted {
        /// Nothing was paid for it yet.
        Nothing = "nothing",
        /// It can be used.
        Running = "running",
        /// It is kept, and nobody can use it.
        Suspended = "suspended",
        /// It is gone.
        Gone = "gone",
    }
}

words! {
    /// How far a service is.
    pub(crate) enum ResourceState {
        /// Nobody was asked for it.
        Absent = "absent",
        /// Its adapter is asked, or about to be; something of it may be there.
        Requested = "requested",
        /// Its adapter is at it.
        InProgress = "in_progress",
        /// It is there, without credentials.
        Provisioned = "provisioned",
        /// It is not known what is there: that has to be taken away before the adapter is asked again.
        Orphaned = "orphaned",
        /// It can be used.
        Active = "active",
        /// It is kept, and nobody can use it.
        Suspended = "suspended",
        /// It cannot be provisioned; what there may be of it has to be taken away.
        Failing = "failing",
        /// It could not be provisioned, and nothing is left of it.
        Failed = "failed",
        /// It is gone.
        Gone = "gone",
    }
}

/// What an adapter is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResourceAction {
    Provision,
    /// How far the provisioning is.
    Poll,
    Bind,
    Suspend,
    Resume,
    Deprovision,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ResourceOutcome {
    Done,
    /// The adapter is at it, and calls what it does so.
    Accepted(Option<String>),
    /// Nothing yet: ask again later.
    Later,
    /// It may be done, or half done.
    Unknown,
    /// It will not be done, and why.
    Refused(String),
    /// The adapter knows nothing of it.
    Lost,
}

impl ResourceState {
    /// As the owner sees it.
    pub(crate) const fn shown(self) -> ProvisioningStatus {
        match self {
            Self::Absent => ProvisioningStatus::None,
            Self::Requested | Self::InProgress | Self::Provisioned | Self::Orphaned => {
                ProvisioningStatus::Pending
            }
            Self::Active => ProvisioningStatus::Active,
            Self::Suspended => ProvisioningStatus::Suspended,
            Self::Failing | Self::Failed => ProvisioningStatus::Failed,
            Self::Gone => ProvisioningStatus::Deprovisioned,
        }
    }

    /// Whether its adapter is still, or again, to be asked for it.
    pub(crate) const fn is_before_the_adapter(self) -> bool {
        matches!(self, Self::Requested | Self::Orphaned)
    }

    /// Whether it cannot or does not come to be any more, after `before`, and nobody could ever use it.
    pub(crate) const fn is_gone_unused(self, before: Self) -> bool {
        matches!(self, Self::Failing | Self::Failed | Self::Gone)
            && !matches!(before, Self::Active | Self::Suspended)
    }

    /// When something is wanted of it: that it is asked for is written down before anybody is.
    #[must_use]
    pub(crate) fn wanting(self, wanted: Wanted) -> Self {
        match self {
            Self::Absent if wanted == Wanted::Running => Self::Requested,
            other => other,
        }
    }
}

/// What is to be done next, so that a service becomes what is wanted of it; none where it is, or never will be. What
/// nobody could use yet is not kept.
pub(crate) fn next_action(state: ResourceState, wanted: Wanted) -> Option<ResourceAction> {
    let is_running = wanted == Wanted::Running;
    match state {
        ResourceState::Absent | ResourceState::Failed | ResourceState::Gone => None,
        ResourceState::Requested if is_running => Some(ResourceAction::Provision),
        ResourceState::InProgress if is_running => Some(ResourceAction::Poll),
        ResourceState::Provisioned if is_running => Some(ResourceAction::Bind),
        ResourceState::Requested
        | ResourceState::InProgress
        | ResourceState::Provisioned
        | ResourceState::Orphaned
        | ResourceState::Failing => Some(ResourceAction::Deprovision),
        ResourceState::Active => match wanted {
            Wanted::Running => None,
            Wanted::Suspended => Some(ResourceAction::Suspend),
            Wanted::Nothing | Wanted::Gone => Some(ResourceAction::Deprovision),
        },
        ResourceState::Suspended => match wanted {
            Wanted::Running => Some(ResourceAction::Resume),
            Wanted::Suspended => None,
            Wanted::Nothing | Wanted::Gone => Some(ResourceAction::Deprovision),
        },
    }
}

/// How far a service is after an adapter was asked something; none where it is as far as before.
pub(crate) fn after(
    state: ResourceState,
    wanted: Wanted,
    action: ResourceAction,
    outcome: &ResourceOutcome,
) -> Option<ResourceState> {
    match (action, outcome) {
        (ResourceAction::Provision | ResourceAction::Poll, ResourceOutcome::Done) => {
            Some(ResourceState::Provisioned)
        }
        (ResourceAction::Provision, ResourceOutcome::Accepted(_)) => Some(ResourceState::InProgress),
        (ResourceAction::Provision, ResourceOutcome::Unknown) => Some(ResourceState::Orphaned),
        (ResourceAction::Poll, ResourceOutcome::Lost) => Some(ResourceState::Requested),
        (
            ResourceAction::Provision | ResourceAction::Poll | ResourceAction::Bind,
            ResourceOutcome::Refused(_),
        ) => Some(ResourceState::Failing),
        (ResourceAction::Bind | ResourceAction::Resume, ResourceOutcome::Done) => Some(ResourceState::Active),
        (ResourceAction::Suspend, ResourceOutcome::Done) => Some(ResourceState::Suspended),
        (ResourceAction::Deprovision, ResourceOutcome::Done) => Some(match state {
            ResourceState::Failing => ResourceState::Failed,
            ResourceState::Orphaned if wanted == Wanted::Running => ResourceState::Requested,
            _ => ResourceState::Gone,
        }),
        (
            ResourceAction::Provision
            | ResourceAction::Poll
            | ResourceAction::Bind
            | ResourceAction::Suspend
            | ResourceAction::Resume
            | ResourceAction::Deprovision,
            ResourceOutcome::Accepted(_)
            | ResourceOutcome::Later
            | ResourceOutcome::Unknown
            | ResourceOutcome::Refused(_)
            | ResourceOutcome::Lost,
        ) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn outcomes() -> impl Strategy<Value = ResourceOutcome> {
        prop_oneof![
            Just(ResourceOutcome::Done),
            Just(ResourceOutcome::Accepted(None)),
            Just(ResourceOutcome::Later),
            Just(ResourceOutcome::Unknown),
            Just(ResourceOutcome::Refused("no".to_owned())),
            Just(ResourceOutcome::Lost),
        ]
    }

    fn targets() -> impl Strategy<Value = Wanted> {
        prop::sample::select(vec![Wanted::Running, Wanted::Suspended, Wanted::Gone])
    }

    /// With an adapter that does all it is asked.
    fn settle(mut state: ResourceState, wanted: Wanted) -> (ResourceState, u32) {
        let mut steps = 0;
        while let Some(action) = next_action(state, wanted) {
            state = after(state, wanted, action, &ResourceOutcome::Done).unwrap();
            steps += 1;
            assert!(steps < 10, "it never ends");
        }
        (state, steps)
    }

    #[test]
    fn what_is_wanted_is_come_by_from_everywhere() {
        for state in ResourceState::ALL {
            for wanted in [Wanted::Running, Wanted::Suspended, Wanted::Gone] {
                let (end, _) = settle(state, wanted);
                let expected = match (state, wanted) {
                    (ResourceState::Absent, _) => ResourceState::Absent,
                    (ResourceState::Failing | ResourceState::Failed, _) => ResourceState::Failed,
                    (ResourceState::Gone, _) => ResourceState::Gone,
                    (_, Wanted::Running) => ResourceState::Active,
                    (ResourceState::Active | ResourceState::Suspended, Wanted::Suspended) => {
                        ResourceState::Suspended
                    }
                    _ => ResourceState::Gone,
                };
                assert_eq!(end, expected, "{state} {wanted}");
            }
        }
    }

    #[test]
    fn what_is_asked_for_is_written_down_first() {
        assert_eq!(
            ResourceState::Absent.wanting(Wanted::Running),
            ResourceState::Requested
        );
        for wanted in [Wanted::Nothing, Wanted::Suspended, Wanted::Gone] {
            assert_eq!(ResourceState::Absent.wanting(wanted), ResourceState::Absent);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_may_be_there_is_forgotten(
            happenings in prop::collection::vec((targets(), outcomes()), 0..60),
        ) {
            let mut state = ResourceState::Absent.wanting(Wanted::Running);
            // Whether an adapter may have something of it.
            let mut may_exist = false;
            for (wanted, outcome) in happenings {
                let Some(action) = next_action(state, wanted) else { continue };
                match (action, &outcome) {
                    (ResourceAction::Provision, _) => may_exist = true,
                    (ResourceAction::Deprovision, ResourceOutcome::Done) => may_exist = false,
                    _ => {}
                }
                if let Some(next) = after(state, wanted, action, &outcome) {
                    state = next;
                }
                let is_over = matches!(state, ResourceState::Gone | ResourceState::Failed);
                prop_assert!(!(is_over && may_exist), "{state} leaves something behind");
                prop_assert!(state != ResourceState::Active || may_exist, "nobody made it");
            }
        }

        #[test]
        fn who_answered_nobody_knows_what_is_asked_again_only_after_it_was_taken_away(wanted in targets()) {
            let orphaned = after(
                ResourceState::Requested, wanted, ResourceAction::Provision, &ResourceOutcome::Unknown,
            ).unwrap();
            prop_assert_eq!(next_action(orphaned, wanted), Some(ResourceAction::Deprovision));
        }
    }
}
