//! The contract between the platform and the adapters that provision what is subscribed to: the Open Service Broker API
//! 2.17, and beside it `/ext/v1` for usage, suspending, resuming and health.
//!
//! **An adapter** implements [`Adapter`] and is run by [`AdapterHost`], which answers the protocol, keeps the instances in
//! the service's database, and does what it has accepted until it is done: after a crash as well, and in one process
//! at a time. What is asked again is done once, what contradicts it is refused, and of two that want to change one
//! instance at the same time one is told to come again (`422 ConcurrencyError`).
//!
//! **The platform** calls adapters by [`AdapterClient`], in its process, in another one of ours, or anybody's. Its errors
//! tell what was surely not done from what may be half done and has to be taken away ([`AdapterFault`]).
//!
//! What it deliberately does not do: updates of instances (`PATCH` changes nothing), asynchronous bindings, fetching
//! bindings, dashboards, originating identities, more than one service an adapter.

mod adapter;
mod client;
mod host;
mod instance_id;
mod wire;

pub use adapter::{
    Adapter, AdapterError, Instance, InstanceContext, InstanceParameters, Offers, PlanOffer, Usage,
};
pub use client::{AdapterClient, AdapterFault, OperationState, Progress};
pub use host::{AdapterHost, HostDeps, TABLES};
pub use wire::AdapterCredentials;
