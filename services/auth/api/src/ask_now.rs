//! A hint that there is news of revocations.

use std::sync::Arc;

use kit_bus::{Bus, BusError, Delivery};
use tokio::sync::Notify;

use crate::{KeyRotated, RolesChanged, SessionRevoked, UserDisabled};

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

    /// Takes auth's events for hints, from now on and as long as the process lives.
    pub fn listen(&self, bus: &Bus) -> Result<(), BusError> {
        bus.broadcast("token.watch")
            .on(self.on::<SessionRevoked>())
            .on(self.on::<RolesChanged>())
            .on(self.on::<UserDisabled>())
            .on(self.on::<KeyRotated>())
            .start()
    }

    fn on<E>(&self) -> impl Fn(Delivery<E>) -> std::future::Ready<()> + Send + Sync + use<E> {
        let ask = self.clone();
        move |_| {
            ask.hint();
            std::future::ready(())
        }
    }
}
