//! Putting the service together: everything that can fail, before anything runs.

use kit_service::{Home, Hosted, Peers, Service};

use crate::config::NotificationsConfig;
use crate::consumers;
use crate::http::{HttpState, router};
use crate::live::Live;
use crate::service::{KeptNotifications, NotificationsService};
use crate::sweeper;
use crate::templates::Templates;

/// Notifications, for the process that hosts it.
pub fn service() -> Service {
    Service::new("notifications", "what users are told", build)
        .serving(notifications_api::routes())
        .publishing(notifications_api::TOPICS, notifications_api::events)
        .keeping(kit_db::migrations!["0001_notifications.sql"])
}

/// Builds it.
pub async fn build(config: NotificationsConfig, home: Home, _: Peers) -> anyhow::Result<Hosted<()>> {
    let bus = home.bus()?;
    let live = Live::new(config.streams, config.streams_per_user);
    live.follow(&bus)?;
    let kept = KeptNotifications {
        per_user: config.kept_per_user.into(),
        time: config.kept_for.into(),
    };
    let service = NotificationsService::new(home.units()?, live, kept);
    consumers::start(&bus, &service, &Templates::new()?)?;
    sweeper::start(&home.tasks, &service);
    let state = HttpState {
        service,
        verifier: home.verifier.clone(),
        stop: home.tasks.stop(),
    };
    Ok(Hosted::without_contract(router(state, home.guard())?))
}
