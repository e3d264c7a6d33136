//! A hint that there is news of revocations.

use std::sync::Arc;

use tokio::sync::Notify;

/// Makes a process ask auth for news before its turn. A cheap handle.
///
/// Only a hint: what was revoked is said by auth alone, and is asked for twice a second in any case. So the
/// event log may stand still, or tell of it twice, and nothing but the time until the next look is lost or won.
#[derive(Clone, Debug, Default)]
pub struct AskNow(Arc<Notify>);

impl AskNow {
    /// There may be news. Many hints before the next look are one.
    pub fn hint(&self) {
        self.0.notify_one();
    }

    /// Returns once there was a hint since the last time.
    pub async fn hinted(&self) {
        self.0.notified().await;
    }
}
