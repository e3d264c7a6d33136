//! What others may know of auth: its public routes, the types that go through them, the contract that
//! other services call, and how a process gets the keys that tokens are verified with.

mod contract;
mod events;
mod keys;
mod routes;
mod types;

pub use contract::{Auth, AuthClient, AuthError, GetIdentity, GetKeySet, Identity, NoAuth};
pub use events::UserRegistered;
pub use keys::{KeyWatch, KeysError, TokenConfig};
pub use routes::{aliases, routes};
pub use types::{
    AccountStatus, AccountView, Home, LogIn, LoggedIn, Metadata, Register, Registered, Session, SetUp,
    Validate, Validated,
};
