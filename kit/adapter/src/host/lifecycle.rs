//! What is asked of an adapter's instances. Who changes one holds its row while that is decided; nobody is asked anything
//! while a row is held.

use kit_db::{Reader, StoreError, Tx};
use kit_values::Uuid;
use serde_json::Value;

use super::state::{Decision, InstanceState, StoredInstance};
use super::work::{LEASE, in_time};
use super::{AdapterHost, store};
use crate::wire::CONCURRENCY;
use crate::{Adapter, AdapterError, Instance, Offers, Usage};

/// Why something that was asked for is not done.
#[derive(Debug)]
pub(super) enum HostError {
    /// The request is not one of the protocol (400).
    Malformed(String),
    /// There is no such thing (404).
    Unknown,
    /// There is no such thing any more (410).
    Gone,
    /// It exists with other attributes (409).
    Differs,
    /// It cannot be done (422): the protocol's code for it, where it has one, and why.
    Unprocessable(Option<&'static str>, String),
    /// The adapter or the database is away (503): surely not done.
    Unavailable(String),
    /// It may be done (500).
    Broken(String),
}

/// What is done at once with an instance that is there.
#[derive(Clone, Debug)]
enum Step {
    /// Credentials are made, of an instance of this plan.
    Bind { binding: String, plan: String },
    /// Credentials are taken away.
    Unbind { binding: String },
    /// Something of which nothing is written down.
    Other,
}

impl Step {
    fn binding(&self) -> Option<&str> {
        match self {
            Self::Bind { binding, .. } | Self::Unbind { binding } => Some(binding),
            Self::Other => None,
        }
    }
}

impl From<StoreError> for HostError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => Self::Unavailable(cause.to_string()),
            error => Self::Broken(error.to_string()),
        }
    }
}

impl HostError {
    pub(super) fn concurrent() -> Self {
        let why = "another operation of this instance is in progress";
        Self::Unprocessable(Some(CONCURRENCY), why.to_owned())
    }

    fn of_failed_instance() -> Self {
        Self::Unprocessable(None, "the instance has failed".to_owned())
    }

    /// What an adapter says that was asked something which changes nothing.
    fn of_query(error: AdapterError) -> Self {
        match error {
            AdapterError::Rejected(reason) => Self::Unprocessable(None, reason),
            AdapterError::Unavailable(reason) => Self::Unavailable(reason),
        }
    }

    /// What an adapter says that was asked to change something.
    fn of_change(error: AdapterError) -> Self {
        match error {
            AdapterError::Rejected(reason) => Self::Unprocessable(None, reason),
            AdapterError::Unavailable(reason) => Self::Broken(reason),
        }
    }
}

impl<A: Adapter> AdapterHost<A> {
    pub(super) async fn offers(&self) -> Result<Offers, HostError> {
        in_time(self.0.adapter.offers())
            .await
            .map_err(HostError::of_query)
    }

    pub(super) async fn health(&self) -> Result<(), HostError> {
        in_time(self.0.adapter.health())
            .await
            .map_err(HostError::of_query)
    }

    /// Accepts an instance; what becomes of the request.
    pub(super) async fn provision(&self, asked: Instance, is_offered: bool) -> Result<Decision, HostError> {
        let (units, operation) = (&self.0.deps.units, self.new_name());
        let now = units.now();
        let unit = async move |tx: &mut Tx| {
            let known = store::find_instance_for_update(tx, &asked.id).await?;
            let decision = StoredInstance::provision(known.as_ref(), &asked, now);
            let Decision::Begin(state) = decision else {
                return Ok(decision);
            };
            if !is_offered {
                return Err(HostError::Malformed(format!(
                    "there is no plan `{}`",
                    asked.plan_id
                )));
            }
            if store::begin(tx, &asked, (state, &operation), (known.is_some(), now)).await? {
                return Ok(Decision::Running(operation.clone()));
            }
            // Somebody else has inserted it since it was looked for.
            let known = store::find_instance_for_update(tx, &asked.id).await?;
            Ok(StoredInstance::provision(known.as_ref(), &asked, now))
        };
        let decision = units.write(unit).await?;
        self.0.wake.notify_one();
        Ok(decision)
    }

    /// Accepts that an instance goes; what becomes of the request.
    pub(super) async fn deprovision(&self, id: &str) -> Result<Decision, HostError> {
        let (units, operation, id) = (&self.0.deps.units, self.new_name(), id.to_owned());
        let now = units.now();
        let unit = async move |tx: &mut Tx| {
            let known = store::find_instance_for_update(tx, &id).await?;
            let decision = StoredInstance::deprovision(known.as_ref(), now);
            let (Decision::Begin(state), Some(known)) = (&decision, known) else {
                return Ok::<_, HostError>(decision);
            };
            store::begin(tx, &known.instance, (*state, &operation), (true, now)).await?;
            Ok(Decision::Running(operation.clone()))
        };
        let decision = units.write(unit).await?;
        self.0.wake.notify_one();
        Ok(decision)
    }

    pub(super) async fn find(&self, id: &str) -> Result<Option<StoredInstance>, HostError> {
        let id = id.to_owned();
        let read = async move |reader: &mut Reader| store::find_instance(reader, &id).await;
        Ok(self.0.deps.units.read(read).await?)
    }

    /// Makes credentials; none where they were made before.
    pub(super) async fn bind(&self, id: &str, binding: &str, plan: &str) -> Result<Option<Value>, HostError> {
        let step = Step::Bind {
            binding: binding.to_owned(),
            plan: plan.to_owned(),
        };
        let Some((instance, name)) = self.take(id, &step).await? else {
            return Ok(None);
        };
        let (host, binding) = (self.clone(), binding.to_owned());
        self.detached(async move {
            let made = in_time(host.0.adapter.bind(&instance, &binding)).await;
            host.give_back((&instance, name), step, made).await.map(Some)
        })
        .await
    }

    /// Takes credentials away.
    pub(super) async fn unbind(&self, id: &str, binding: &str) -> Result<(), HostError> {
        let step = Step::Unbind {
            binding: binding.to_owned(),
        };
        let taken = self.take(id, &step).await?;
        let (instance, name) = taken.ok_or(HostError::Gone)?;
        let (host, binding) = (self.clone(), binding.to_owned());
        self.detached(async move {
            let gone = in_time(host.0.adapter.unbind(&instance, &binding)).await;
            host.give_back((&instance, name), step, gone).await
        })
        .await
    }

    pub(super) async fn suspend(&self, id: &str) -> Result<(), HostError> {
        let taken = self.take(id, &Step::Other).await?;
        let (instance, name) = taken.ok_or(HostError::Gone)?;
        let host = self.clone();
        self.detached(async move {
            let done = in_time(host.0.adapter.suspend(&instance)).await;
            host.give_back((&instance, name), Step::Other, done).await
        })
        .await
    }

    pub(super) async fn resume(&self, id: &str) -> Result<(), HostError> {
        let taken = self.take(id, &Step::Other).await?;
        let (instance, name) = taken.ok_or(HostError::Gone)?;
        let host = self.clone();
        self.detached(async move {
            let done = in_time(host.0.adapter.resume(&instance)).await;
            host.give_back((&instance, name), Step::Other, done).await
        })
        .await
    }

    pub(super) async fn usage(&self, id: &str) -> Result<Usage, HostError> {
        let found = self.find(id).await?.ok_or(HostError::Unknown)?;
        match found.state {
            InstanceState::Deprovisioned => Err(HostError::Gone),
            InstanceState::Provisioned => {
                let usage = in_time(self.0.adapter.usage(&found.instance)).await;
                usage.map_err(HostError::of_query)
            }
            InstanceState::Failed => Err(HostError::of_failed_instance()),
            InstanceState::Provisioning | InstanceState::Deprovisioning => Err(HostError::concurrent()),
        }
    }

    /// Takes an instance that is there, so that nobody else does anything with it, and the name by which it is given
    /// back; nothing where the step was done before. Credentials that are about to be made are written down, so that
    /// whoever takes away what is left finds them.
    async fn take(&self, id: &str, step: &Step) -> Result<Option<(Instance, String)>, HostError> {
        let (id, step, name) = (id.to_owned(), step.clone(), self.new_name());
        let now = self.0.deps.units.now();
        let unit = async move |tx: &mut Tx| {
            let known = store::find_instance_for_update(tx, &id).await?;
            let known = known.ok_or(HostError::Unknown)?;
            match known.state {
                InstanceState::Provisioned => {}
                InstanceState::Deprovisioned => return Err(HostError::Gone),
                InstanceState::Failed => return Err(HostError::of_failed_instance()),
                InstanceState::Provisioning | InstanceState::Deprovisioning => {
                    return Err(HostError::concurrent());
                }
            }
            if let Step::Bind { plan, .. } = &step
                && *plan != known.instance.plan_id
            {
                return Err(HostError::Differs);
            }
            let is_made = match step.binding() {
                Some(binding) => store::find_binding(tx, (&id, binding)).await?,
                None => None,
            };
            match (&step, is_made) {
                (Step::Bind { .. }, Some(true)) => return Ok(None),
                (Step::Unbind { .. }, None) => return Err(HostError::Gone),
                _ => {}
            }
            if known.is_busy(now) {
                return Err(HostError::concurrent());
            }
            if let Step::Bind { binding, .. } = &step {
                store::save_binding(tx, (&id, binding), false).await?;
            }
            store::take(tx, &id, (&name, now.plus(LEASE))).await?;
            Ok(Some((known.instance, name.clone())))
        };
        self.0.deps.units.write(unit).await
    }

    /// The adapter has answered: writes down what it has done, and lets others have the instance.
    async fn give_back<T>(
        &self,
        (instance, name): (&Instance, String),
        step: Step,
        done: Result<T, AdapterError>,
    ) -> Result<T, HostError> {
        let (id, is_done) = (instance.id.clone(), done.is_ok());
        let unit = async move |tx: &mut Tx| {
            let is_ours = store::release(tx, &id, &name).await?;
            match &step {
                Step::Bind { binding, .. } if is_ours && is_done => {
                    store::save_binding(tx, (&id, binding), true).await?;
                }
                Step::Unbind { binding } if is_ours && is_done => {
                    store::delete_binding(tx, (&id, binding)).await?;
                }
                Step::Bind { .. } | Step::Unbind { .. } | Step::Other => {}
            }
            Ok::<_, HostError>(is_ours)
        };
        // The adapter may have done it, whatever the database says.
        let written = self.0.deps.units.write(unit).await;
        let is_ours = written.map_err(|error: HostError| HostError::Broken(format!("{error:?}")))?;
        if !is_ours {
            return Err(HostError::Broken("it took too long".to_owned()));
        }
        done.map_err(HostError::of_change)
    }

    fn new_name(&self) -> String {
        self.0.deps.units.new_id::<Uuid>().to_string()
    }
}
