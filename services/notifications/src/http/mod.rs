//! Notifications' public routes, one endpoint a file.

mod get_mail;
mod get_preferences;
mod list_mail;
mod list_notifications;
mod put_preferences;
mod read_all_notifications;
mod read_notification;
mod stream_notifications;

use axum::Router;
use axum::extract::FromRef;
use kit_http::{Guard, Handlers, HandlersError};
use kit_runtime::Stop;
use kit_token::Verifier;

use crate::service::NotificationsService;

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct HttpState {
    pub(crate) service: NotificationsService,
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
        .finish(state)
}
