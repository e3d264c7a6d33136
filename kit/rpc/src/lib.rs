//! How services reach each other and the world.
//!
//! **Contracts.** A contract crate declares a trait with [`contract!`]; who calls holds a client that is the
//! same whether the service runs beside it or on another machine. That is only true because both ways obey
//! the same rules, which are written once, here:
//! - The deadline is enforced and a panic becomes [`Fault::Internal`], in process too.
//! - Errors arrive as they were given, by variant. What is not an answer of the service's becomes a
//!   [`Fault`]: [`Fault::Unavailable`] if it was surely not done, [`Fault::Unknown`] if it may have been,
//!   never one for both. A deadline that passed before the call began was surely not done.
//! - What may be sent again is; see [`contract!`].
//! - Nothing but values crosses: no transaction, no reference, no connection.
//!
//! **Connections.** [`pool`] keeps connections to other servers; the gateway proxies over it.
//!
//! What this crate deliberately does not do: find services (configuration names peers), balance between
//! several, break circuits, stream, or speak anything but JSON over HTTP/1.1.

mod call;
mod contract;
mod fault;
mod keys;
mod method;
pub mod pool;
mod remote;
mod serve;
mod wire;

pub use call::{Actor, AuditedRequest, CallContext, Deadline};
pub use fault::{CallError, Fault};
pub use keys::{INTERNAL_KEY, InternalKeys, InternalKeysError};
pub use remote::{Remote, RpcPool};

/// The client of a contract, which is made where it is known whether the service runs here.
pub trait ContractClient: Clone + Send + Sync + 'static {
    /// The service that is called.
    const SERVICE: &'static str;

    /// Calls the service in another process.
    fn of_peer(remote: Remote) -> Self;

    /// Calls what this client calls, as if it ran in another process.
    #[must_use]
    fn through_codec(self) -> Self;
}

/// What [`contract!`] writes.
#[doc(hidden)]
pub mod __private {
    pub use axum::Router;
    pub use futures::future::BoxFuture;
    pub use kit_telemetry::TraceParent;

    pub use crate::method::{Method, attempt, guard};
    pub use crate::remote::Transport;
    pub use crate::serve::{Dispatch, Refusal, router, serve};

    /// The boxed form of a contract, found by its client.
    pub trait Contract {
        /// The object behind the client.
        type Object: ?Sized;
    }
}
