//! What others may know of users: its public routes, the types that go through them, and the contract that
//! other services call.

mod contract;
mod routes;
mod types;

pub use contract::{FindProfile, Users, UsersClient, UsersError};
pub use routes::routes;
pub use types::{CreateProfile, Health, ProfileChanged, ProfileView, UpdateProfile};
