//! What others may know of users: its public routes, the types that go through them, the contract that other
//! services call, and its events.

mod contract;
mod events;
mod refusal;
mod routes;
mod types;

pub use contract::{FindProfile, Users, UsersClient, UsersError};
pub use events::{
    ProfileCreated, ProfileDeleted, ProfileHidden, ProfileShown, ProfileUpdated, TOPICS, events,
};
pub use refusal::UsersRefusal;
pub use routes::routes;
pub use types::{Bio, CreateProfile, FullName, ProfileChanged, ProfileView, UpdateProfile};
