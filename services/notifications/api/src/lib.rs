//! What others may know of notifications: its public routes, the types that go through them, and the events it
//! tells.

mod events;
mod refusal;
mod routes;
mod types;

pub use events::{NotificationCreated, TOPICS, events};
pub use refusal::NotificationsRefusal;
pub use routes::routes;
pub use types::{AllRead, NotificationId, NotificationKind, NotificationListing, NotificationView};
