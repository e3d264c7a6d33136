//! What the author of an adapter writes.

use std::future::Future;

use kit_runtime::Timestamp;
use kit_values::{Money, Sku};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// Provisions what is subscribed to. Each method may be called again after it was cut off, or after it has succeeded:
/// what is done already is then no error. None that changes an instance is called while another is under way for it.
pub trait Adapter: Clone + Send + Sync + 'static {
    /// What can be provisioned, retired plans included: what exists of them goes on.
    fn offers(&self) -> impl Future<Output = Result<Offers, AdapterError>> + Send;

    /// Makes the instance.
    fn provision(&self, instance: &Instance) -> impl Future<Output = Result<(), AdapterError>> + Send;

    /// Makes credentials. What is answered goes to whoever asks for the binding and is not kept.
    fn bind(
        &self,
        instance: &Instance,
        binding_id: &str,
    ) -> impl Future<Output = Result<Value, AdapterError>> + Send;

    /// Takes credentials away.
    fn unbind(
        &self,
        instance: &Instance,
        binding_id: &str,
    ) -> impl Future<Output = Result<(), AdapterError>> + Send;

    /// Takes the instance away, with all that is in it and the credentials that are left.
    fn deprovision(&self, instance: &Instance) -> impl Future<Output = Result<(), AdapterError>> + Send;

    /// What the instance uses now.
    fn usage(&self, instance: &Instance) -> impl Future<Output = Result<Usage, AdapterError>> + Send;

    /// Keeps the instance and lets nobody use it.
    fn suspend(&self, instance: &Instance) -> impl Future<Output = Result<(), AdapterError>> + Send;

    /// Lets a suspended instance be used again.
    fn resume(&self, instance: &Instance) -> impl Future<Output = Result<(), AdapterError>> + Send;

    /// Whether instances can be provisioned and used now.
    fn health(&self) -> impl Future<Output = Result<(), AdapterError>> + Send;
}

/// What an adapter offers: one service with its plans.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Offers {
    /// The service's identifier.
    pub service_id: String,
    /// Its name, such as `s3`.
    pub name: String,
    /// What it is, in a sentence.
    pub description: String,
    /// Its plans.
    pub plans: Vec<PlanOffer>,
}

/// A plan of an adapter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PlanOffer {
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is, in a sentence.
    pub description: String,
    /// Whether nobody may begin with it any more.
    pub retired: bool,
}

/// An instance of the service, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its identifier, chosen by who asks for it.
    pub id: String,
    /// Its plan.
    pub plan_id: String,
    /// Whose it is.
    pub context: InstanceContext,
    /// On which terms.
    pub parameters: InstanceParameters,
}

/// Whose an instance is (`context` of the protocol).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct InstanceContext {
    /// The platform: `stoa`.
    pub platform: String,
    /// The user's identifier.
    pub user_id: String,
    /// The user's name.
    pub username: String,
}

/// On which terms an instance is provisioned (`parameters` of the protocol).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct InstanceParameters {
    /// The plan's SKU.
    pub sku: Sku,
    /// What a period costs.
    pub price: Money,
    /// How many days a period has.
    pub duration_days: u32,
}

/// What an instance uses.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Usage {
    /// Bytes.
    pub bytes: u64,
    /// Things, such as objects or messages.
    pub objects: u64,
    /// When it was measured.
    pub measured_at: Timestamp,
}

/// Why an adapter did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AdapterError {
    /// It cannot be done, now or later; the text goes to whoever asked.
    #[error("{0}")]
    Rejected(String),
    /// It could not be done now, or it is unknown whether it was; it is tried again.
    #[error("{0}")]
    Unavailable(String),
}
