//! What is provisioned, and what may become of it.

use kit_runtime::Timestamp;
use kit_values::{Sku, words};

words! {
    /// How far a service is.
    pub enum ServiceState {
        /// It is made, or about to be; it has no key that can be used.
        Provisioning = "provisioning",
        /// It can be used.
        Active = "active",
        /// It is kept, with keys that are disabled.
        Suspended = "suspended",
        /// It is being taken away.
        Deprovisioning = "deprovisioning",
        /// It is gone.
        Deprovisioned = "deprovisioned",
        /// It is gone, and could never be used.
        Failed = "failed",
    }
}

impl ServiceState {
    /// Whether what it is of is there, or may be, and is to stay.
    pub const fn is_kept(self) -> bool {
        match self {
            Self::Provisioning | Self::Active | Self::Suspended => true,
            Self::Deprovisioning | Self::Deprovisioned | Self::Failed => false,
        }
    }
}

/// A service: something that is provisioned, and the names of its keys. No secret is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Provisioned<T, K> {
    /// The subscription, or whatever else the platform calls it.
    pub instance_id: String,
    /// Whose it is.
    pub user_id: String,
    /// Its plan.
    pub sku: Sku,
    /// As it was sold.
    pub terms: T,
    /// The name of what is provisioned.
    pub resource: String,
    /// How far it is.
    pub state: ServiceState,
    /// The binding for which it has keys.
    pub binding_id: Option<String>,
    /// The names of its keys, where it has them.
    pub keys: Option<K>,
    /// How often the secrets were changed.
    pub rotations: i64,
    /// When it could be used for the first time.
    pub activated_at: Option<Timestamp>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When anything of it changed last.
    pub updated_at: Timestamp,
}

/// Why a service gets no credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BindRefusal {
    /// It has others, of another binding.
    Bound,
    /// It is suspended, or over.
    NotUsable,
}

impl<T, K> Provisioned<T, K> {
    /// One that is asked for now.
    pub(crate) fn begin(
        instance_id: String,
        user_id: String,
        ((sku, terms), resource): ((Sku, T), String),
        at: Timestamp,
    ) -> Self {
        Self {
            resource,
            instance_id,
            user_id,
            sku,
            terms,
            state: ServiceState::Provisioning,
            binding_id: None,
            keys: None,
            rotations: 0,
            activated_at: None,
            created_at: at,
            updated_at: at,
        }
    }

    /// With keys for a binding: those that it has for it already, or these.
    pub(crate) fn bind(self, binding_id: &str, new: K, at: Timestamp) -> Result<Self, BindRefusal> {
        match self.state {
            ServiceState::Provisioning | ServiceState::Active => {}
            ServiceState::Suspended
            | ServiceState::Deprovisioning
            | ServiceState::Deprovisioned
            | ServiceState::Failed => return Err(BindRefusal::NotUsable),
        }
        match &self.binding_id {
            Some(bound) if bound == binding_id => Ok(self),
            Some(_) => Err(BindRefusal::Bound),
            None => Ok(Self {
                binding_id: Some(binding_id.to_owned()),
                keys: Some(new),
                rotations: 0,
                updated_at: at,
                ..self
            }),
        }
    }

    /// Once its keys are in place: it can be used.
    #[must_use]
    pub fn activate(self, at: Timestamp) -> Self {
        match self.state {
            ServiceState::Provisioning => Self {
                state: ServiceState::Active,
                activated_at: self.activated_at.or(Some(at)),
                updated_at: at,
                ..self
            },
            ServiceState::Active
            | ServiceState::Suspended
            | ServiceState::Deprovisioning
            | ServiceState::Deprovisioned
            | ServiceState::Failed => self,
        }
    }

    /// Without the keys of a binding; as it is where it has none of it.
    #[must_use]
    pub fn unbind(self, binding_id: &str, at: Timestamp) -> Self {
        if self.binding_id.as_deref() != Some(binding_id) {
            return self;
        }
        let state = if self.state.is_kept() {
            ServiceState::Provisioning
        } else {
            self.state
        };
        Self {
            state,
            updated_at: at,
            ..self.without_keys()
        }
    }

    /// Kept, and not to be used; none where it cannot be.
    pub fn suspend(self, at: Timestamp) -> Option<Self> {
        match self.state {
            ServiceState::Suspended => Some(self),
            ServiceState::Active => Some(Self {
                state: ServiceState::Suspended,
                updated_at: at,
                ..self
            }),
            ServiceState::Provisioning
            | ServiceState::Deprovisioning
            | ServiceState::Deprovisioned
            | ServiceState::Failed => None,
        }
    }

    /// To be used again; none where it cannot be.
    pub fn resume(self, at: Timestamp) -> Option<Self> {
        match self.state {
            ServiceState::Active => Some(self),
            ServiceState::Suspended => Some(Self {
                state: ServiceState::Active,
                updated_at: at,
                ..self
            }),
            ServiceState::Provisioning
            | ServiceState::Deprovisioning
            | ServiceState::Deprovisioned
            | ServiceState::Failed => None,
        }
    }

    /// About to be taken away.
    #[must_use]
    pub fn end(self, at: Timestamp) -> Self {
        if !self.state.is_kept() {
            return self;
        }
        Self {
            state: ServiceState::Deprovisioning,
            updated_at: at,
            ..self
        }
    }

    /// Once what it is of is gone.
    #[must_use]
    pub fn ended(self, at: Timestamp) -> Self {
        if self.state != ServiceState::Deprovisioning {
            return self;
        }
        let state = match self.activated_at {
            Some(_) => ServiceState::Deprovisioned,
            None => ServiceState::Failed,
        };
        Self {
            state,
            updated_at: at,
            ..self.without_keys()
        }
    }

    fn without_keys(self) -> Self {
        Self {
            binding_id: None,
            keys: None,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use kit_values::example;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_893_456_000);

    fn begun() -> Provisioned<u32, &'static str> {
        let terms = ((example("S3"), 10), "stoa-1".to_owned());
        Provisioned::begin("sub_1".to_owned(), "ada".to_owned(), terms, NOW)
    }

    #[test]
    fn a_binding_has_the_same_keys_however_often_it_is_asked_for() {
        let bound = begun().bind("b", "1", NOW).unwrap().activate(NOW);
        assert_eq!(bound.state, ServiceState::Active);
        let again = bound.clone().bind("b", "2", NOW).unwrap();
        assert_eq!(again.keys, Some("1"));
        assert_eq!(bound.clone().bind("c", "2", NOW), Err(BindRefusal::Bound));
        let unbound = bound.unbind("c", NOW).unbind("b", NOW);
        assert_eq!((unbound.state, unbound.keys), (ServiceState::Provisioning, None));
        assert!(unbound.bind("c", "2", NOW).is_ok());
    }

    #[test]
    fn what_is_suspended_is_not_bound_and_can_be_resumed() {
        let active = begun().bind("b", "1", NOW).unwrap().activate(NOW);
        let suspended = active.clone().suspend(NOW).unwrap();
        assert_eq!(suspended.clone().suspend(NOW), Some(suspended.clone()));
        assert_eq!(
            suspended.clone().activate(NOW),
            suspended,
            "a late bind does not resume it"
        );
        assert_eq!(suspended.clone().bind("b", "2", NOW), Err(BindRefusal::NotUsable));
        assert_eq!(suspended.resume(NOW), Some(active));
        assert_eq!(begun().suspend(NOW), None);
    }

    #[test]
    fn what_is_over_stays_over() {
        let active = begun().bind("b", "1", NOW).unwrap().activate(NOW);
        let gone = active.end(NOW).ended(NOW);
        assert_eq!((gone.state, gone.keys), (ServiceState::Deprovisioned, None));
        assert_eq!(gone.clone().end(NOW).ended(NOW), gone);
        assert_eq!(gone.clone().activate(NOW), gone);
        assert_eq!(gone.clone().suspend(NOW), None);
        assert_eq!(gone.resume(NOW), None);
        assert_eq!(begun().end(NOW).ended(NOW).state, ServiceState::Failed);
    }
}
