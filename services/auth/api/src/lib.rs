//! What others may know of auth: its public routes, the types that go through them, the contract that
//! other services call, and how a process gets the keys that tokens are verified with.

mod ask_now;
mod contract;
mod events;
mod feed_age;
mod keys;
mod refusal;
mod routes;
mod types;
mod watch;

pub use ask_now::AskNow;
pub use contract::{
    Auth, AuthClient, AuthError, GetIdentity, GetKeySet, GetRevocations, Identity, NoAuth, RecordAudit,
    RevocationCursor, RevocationNews,
};
pub use events::{
    EmailConfirmed, KeyRotated, RolesChanged, SessionRevoked, TOPICS, UserDeleted, UserDisabled,
    UserRegistered, UserUpdated, events,
};
pub use feed_age::measure_feed;
pub use keys::{KeysError, Revocation, TokenConfig};
pub use refusal::AuthRefusal;
pub use routes::routes;
pub use types::{
    AccountQuery, AccountStatus, AccountView, ApiIndex, AuditEntry, ChangePassword, ConfirmEmail, Done,
    KeyList, KeyState, KeyView, LogIn, LogOut, LoggedIn, MailTo, Metadata, PatchAccount, RefreshSession,
    Register, Registered, ResetPassword, Session, SessionView, SetUp, SetUpQuery, Validate, Validated,
};
pub use watch::KeyWatch;
