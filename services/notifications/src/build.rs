//! Putting the service together: everything that can fail, before anything runs.

use kit_runtime::Secret;
use kit_service::{Followers, Home, Hosted, Peers, Service};
use notifications_api::NotificationsClient;

use crate::config::NotificationsConfig;
use crate::consumers;
use crate::http::{HttpState, router};
use crate::live;
use crate::mailer::Mailer;
use crate::sender::Sender;
use crate::service::{KeepingRules, NotificationsService, WebhookRules, WebhooksService};
use crate::sms::SmsClient;
use crate::sweeper;
use crate::templates::Templates;
use crate::webhooks::sender::WebhookSender;
use crate::webhooks::{WebhookClient, WebhookSecrets, consumer};

/// Notifications, for the process that hosts it.
pub fn service() -> Service {
    Service::new("notifications", "what users are told", build)
        .serving(notifications_api::routes())
        .publishing(notifications_api::TOPICS, notifications_api::events)
        .keeping(kit_db::migrations![
            "0001_notifications.sql",
            "0002_messages.sql",
            "0003_webhooks.sql",
            "0004_sms.sql"
        ])
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
    let (mailer, templates) = (Mailer::new(&config)?, Templates::new(home.public_url()?)?);
    let sms = SmsClient::new(&config, &home.tasks)?;
    let rules = KeepingRules {
        per_user: config.kept_per_user.into(),
        notifications_kept: config.kept_for.into(),
        messages_kept: config.messages_kept.into(),
        mail_within: config.mail_within.into(),
        has_sms: sms.is_configured() || mailer.is_mailbox(),
        sms_a_day: config.sms_per_day.into(),
    };
    let service = NotificationsService::new(
        (home.units()?, home.ids.clone()),
        followers,
        mailer.clone(),
        rules,
    );
    consumers::start(&bus, &service, &templates, peers.client()?)?;
    let webhooks = start_webhooks(&config, &home, (&service, &templates))?;
    sweeper::start(&home.tasks, &service, &webhooks);
    let sender = Sender {
        notifications: service.clone(),
        templates,
        mailer,
        sms,
        auth: peers.client()?,
        clock: home.clock.clone(),
        ids: home.ids.clone(),
    };
    sender.start(&home.tasks);
    let state = HttpState {
        service: service.clone(),
        webhooks,
        verifier: home.verifier.clone(),
        stop: home.tasks.stop(),
    };
    Ok(Hosted::new(
        NotificationsClient::local(service.clone()),
        router(state, home.guard())?,
        NotificationsClient::router(service, home.internal_keys.clone()),
    ))
}

/// Webhooks, which take in what happens and send it.
fn start_webhooks(
    config: &NotificationsConfig,
    home: &Home,
    (notifications, templates): (&NotificationsService, &Templates),
) -> anyhow::Result<WebhooksService> {
    let rules = WebhookRules::of(config);
    let client = WebhookClient::new(rules.url, rules.timeout, &home.tasks);
    let webhooks = WebhooksService::new(
        (home.units()?, home.ids.clone()),
        (notifications.clone(), templates.clone()),
        client.clone(),
        WebhookSecrets::new(&webhooks_secret(config, home)?),
        rules,
    );
    consumer::start(&home.bus()?, &webhooks)?;
    let sender = WebhookSender {
        webhooks: webhooks.clone(),
        client,
        rules: rules.url,
        clock: home.clock.clone(),
    };
    sender.start(&home.tasks);
    Ok(webhooks)
}

/// Processes that sign for the same endpoints need the same.
fn webhooks_secret(config: &NotificationsConfig, home: &Home) -> anyhow::Result<Secret<String>> {
    match &config.webhooks_secret {
        Some(secret) => Ok(secret.clone()),
        None => Ok(home.secret("notifications.webhooks")?),
    }
}
