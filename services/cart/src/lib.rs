//! What somebody means to buy: a cart for each user, and for each guest.
//!
//! A cart is SKUs and quantities. What they cost, and whether they can be had, is the catalog's to say: it is asked
//! once for all lines of a cart, before the unit of work, and what it says is shown and never kept. Of a price it is
//! remembered what it was when its owner put the line in, so that a change can be shown.
//!
//! A change loads the cart and holds it, decides in `domain/`, and writes the difference. Each has a number, the
//! cart's version, and a line knows the version with which it came: so an order takes out of the cart what was
//! ordered, and leaves what was put in since, however late and often that is asked.
//!
//! A guest's cart belongs to whoever has its token, of which the hash is stored. It is there as long as something is
//! in it, and ends a while after its last change. Who comes with a token that nobody knows is a guest without a cart,
//! and gets a new token with the first line: were a token taken that the client has chosen, others could choose it for
//! them.

mod build;
mod config;
mod consumers;
mod domain;
mod http;
mod service;
mod store;
mod sweeper;

pub use build::{build, service};
pub use config::CartConfig;
