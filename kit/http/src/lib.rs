//! The edge of every service, written once: how a request is read, how a refusal looks, who may call, and
//! the server that owns the socket.
//!
//! Three rules shape this crate.
//! - **One layer stack, at the socket.** Request id, log, metrics, header limits, panic and the rendering of
//!   errors belong to whoever accepted the connection ([`server`]). A router that a service returns brings
//!   none of it, so that a request which the gateway hands over in process is not logged twice.
//! - **An error is a value until it leaves.** Handlers answer [`ApiError`]; the stack turns it into the one
//!   JSON shape, or problem+json where that was asked for, with the request's id.
//! - **A route is declared before it is served.** [`RouteTable`]s live in contract crates; a service's
//!   router ([`Handlers`]), the gateway's access rules and the OpenAPI document all come from them.

mod access;
mod body;
mod check;
mod error;
mod etag;
pub mod extract;
mod handlers;
mod health;
mod openapi;
mod refusal;
mod routes;
pub mod server;
mod stream;

pub use access::{Anyone, Customer, GuestAccess, Holder, Verified};
pub use body::{BodyError, ReplyBody, RequestBody};
pub use check::Check;
pub use error::{ApiError, FieldError};
pub use etag::{Etag, IfMatch};
pub use handlers::{Guard, Handlers, HandlersError, MatchedRoute};
pub use health::Health;
pub use openapi::{DocumentInfo, document};
pub use refusal::ApiRefusal;
pub use routes::{Access, Exposure, RateClass, Route, RouteTable};
pub use stream::{StreamGuard, event_stream};

/// What [`refusals!`] writes.
#[doc(hidden)]
pub mod __private {
    pub use http::StatusCode;
    pub use serde;
}
