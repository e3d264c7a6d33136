//! The JSON of notifications' public routes.

mod mailbox;
mod notifications;
mod preferences;

pub use mailbox::{MailFilter, MailId, MailSummary, MailView};
pub use notifications::{AllRead, NotificationId, NotificationKind, NotificationListing, NotificationView};
pub use preferences::{PreferenceView, Preferences};
