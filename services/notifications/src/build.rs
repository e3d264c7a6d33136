//! Putting the service together: everything that can fail, before anything runs.

use kit_service::{Followers, Home, Hosted, Peers, Service};
use notifications_api::NotificationsClient;

use crate::config::NotificationsConfig;
use crate::consumers;
use crate::http::{HttpState, router};
use crate::live;
use crate::mailer::Mailer;
use crate::sender::Sender;
use crate::service::{KeepingRules, NotificationsService};
use crate::sweeper;
use crate::templates::Templates;

/// Notifications, for the process that hosts it.
pub fn service() -> Service {
    Service::new("notifications", "what users are told", build)
        .serving(notifications_api::routes())
        .publishing(notifications_api::TOPICS, notifications_api::events)
        .keeping(kit_db::migrations!["0001_notifications.sql", "0002_messages.sql"])
}

/// Builds it.
pub async fn build(
    config: NotificationsConfig,
    home: Home,
    peers: Peers,
) -> anyhow::Result<Hosted<NotificationsClient>> {
    let bus = home.bus()?;
    let followers = Followers::new(config.streams, config.streams_per_user);
    live::start(&bus, &followers)?;
    let rules = KeepingRules {
        per_user: config.kept_per_user.into(),
        notifications_kept: config.kept_for.into(),
        messages_kept: config.messages_kept.into(),
        mail_within: config.mail_within.into(),
    };
    let (mailer, templates) = (Mailer::new(&config)?, Templates::new(home.public_url()?)?);
    let service = NotificationsService::new(
        (home.units()?, home.ids.clone()),
        followers,
        mailer.clone(),
        rules,
    );
    consumers::start(&bus, &service, &templates)?;
    sweeper::start(&home.tasks, &service);
    let sender = Sender {
        notifications: service.clone(),
        templates,
        mailer,
        auth: peers.client()?,
        clock: home.clock.clone(),
        ids: home.ids.clone(),
    };
    sender.start(&home.tasks);
    let state = HttpState {
        service: service.clone(),
        verifier: home.verifier.clone(),
        stop: home.tasks.stop(),
    };
    Ok(Hosted::new(
        NotificationsClient::local(service.clone()),
        router(state, home.guard())?,
        NotificationsClient::router(service, home.internal_keys.clone()),
    ))
}
