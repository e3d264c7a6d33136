//! Notifications' public routes, one endpoint a file.

mod create_webhook_endpoint;
mod delete_webhook_endpoint;
mod get_mail;
mod get_preferences;
mod get_webhook_delivery;
mod get_webhook_endpoint;
mod list_mail;
mod list_notifications;
mod list_webhook_attempts;
mod list_webhook_deliveries;
mod list_webhook_endpoints;
mod put_preferences;
mod read_all_notifications;
mod read_notification;
mod replay_webhook_delivery;
mod replay_webhooks;
mod rotate_webhook_secret;
mod stream_notifications;
mod test_webhook_endpoint;
mod update_webhook_endpoint;

use axum::Router;
use axum::extract::FromRef;
use kit_http::{Guard, Handlers, HandlersError};
use kit_runtime::Stop;
use kit_token::Verifier;

use crate::service::{NotificationsService, WebhooksService};

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct HttpState {
    pub(crate) service: NotificationsService,
    pub(crate) webhooks: WebhooksService,
    /// Verifies the caller of a stream again while it is open.
    pub(crate) verifier: Verifier,
    /// Ends streams.
    pub(crate) stop: Stop,
}

impl FromRef<HttpState> for NotificationsService {
    fn from_ref(state: &HttpState) -> Self {
        state.service.clone()
    }
}

impl FromRef<HttpState> for WebhooksService {
    fn from_ref(state: &HttpState) -> Self {
        state.webhooks.clone()
    }
}

impl FromRef<HttpState> for Verifier {
    fn from_ref(state: &HttpState) -> Self {
        state.verifier.clone()
    }
}

impl FromRef<HttpState> for Stop {
    fn from_ref(state: &HttpState) -> Self {
        state.stop.clone()
    }
}

pub(crate) fn router(state: HttpState, guard: Guard) -> Result<Router, HandlersError> {
    Handlers::new(notifications_api::routes(), guard)
        .on("list_notifications", list_notifications::list_notifications)
        .on("read_notification", read_notification::read_notification)
        .on(
            "read_all_notifications",
            read_all_notifications::read_all_notifications,
        )
        .on("stream_notifications", stream_notifications::stream_notifications)
        .on("get_preferences", get_preferences::get_preferences)
        .on("put_preferences", put_preferences::put_preferences)
        .on("list_mail", list_mail::list_mail)
        .on("get_mail", get_mail::get_mail)
        .on(
            "create_webhook_endpoint",
            create_webhook_endpoint::create_webhook_endpoint,
        )
        .on(
            "list_webhook_endpoints",
            list_webhook_endpoints::list_webhook_endpoints,
        )
        .on("get_webhook_endpoint", get_webhook_endpoint::get_webhook_endpoint)
        .on(
            "update_webhook_endpoint",
            update_webhook_endpoint::update_webhook_endpoint,
        )
        .on(
            "delete_webhook_endpoint",
            delete_webhook_endpoint::delete_webhook_endpoint,
        )
        .on(
            "rotate_webhook_secret",
            rotate_webhook_secret::rotate_webhook_secret,
        )
        .on(
            "test_webhook_endpoint",
            test_webhook_endpoint::test_webhook_endpoint,
        )
        .on(
            "list_webhook_deliveries",
            list_webhook_deliveries::list_webhook_deliveries,
        )
        .on("get_webhook_delivery", get_webhook_delivery::get_webhook_delivery)
        .on(
            "replay_webhook_delivery",
            replay_webhook_delivery::replay_webhook_delivery,
        )
        .on(
            "list_webhook_attempts",
            list_webhook_attempts::list_webhook_attempts,
        )
        .on("replay_webhooks", replay_webhooks::replay_webhooks)
        .finish(state)
}
