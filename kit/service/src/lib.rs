//! What lies between the kit and a service, made once: what a use case is called with, how it writes, how it
//! fails; and how a service describes itself to the process that hosts it.
//!
//! A handler takes a [`Call`] and hands it to a use case. The use case checks the request, and runs a unit of work
//! by [`Units::unit`], or by [`Units::once`] where its route is declared idempotent. What goes wrong is a
//! [`Failure`], whose arms every service has, with the service's own refusals
//! ([`ApiRefusal`](kit_http::ApiRefusal)) as one of them. All three turn into what the edge or a contract wants by
//! themselves, so that a handler is one line:
//!
//! ```ignore
//! pub(super) async fn create_order(
//!     State(orders): State<OrdersService>,
//!     call: Call,
//!     Json(request): Json<CreateOrder>,
//! ) -> Result<JsonAnswer<OrderView>, OrdersFailure> {
//!     orders.create_order(&call, request).await
//! }
//! ```
//!
//! A service is one value, [`Service`]: its name, routes, topics, migrations, configuration, and a
//! `build(config, home, peers)`. [`Home`] hands out what the process shares with it, [`Peers`] the clients of the
//! contracts that it calls, wherever those services run.
//!
//! What this crate deliberately does not do: look at configuration of its own, know any service, or hide the
//! database. Statements are `kit-db`'s, routes are `kit-http`'s, contracts are `kit-rpc`'s.

mod answer;
mod call;
mod command;
mod endpoint;
mod failure;
mod followers;
mod home;
mod hosted;
mod origin;
mod peers;
mod service;
mod steps;
mod units;
mod verification;

pub use answer::JsonAnswer;
pub use call::Call;
pub use command::{Listing, Ownership, ServiceCommand, answer, talk};
pub use endpoint::ServiceEndpoint;
pub use failure::Failure;
pub use followers::{Follower, Followers, TooManyFollowers};
pub use home::{Home, Process};
pub use hosted::{Hosted, Listener, Notice};
pub use origin::Origin;
pub use peers::{Directory, PeerError, PeerLocation, Peers};
pub use service::Service;
pub use steps::{StepWorker, start_steps};
pub use units::Units;
pub use verification::{Fact, Invariant};
