//! What notifications refuses.

kit_http::refusals! {
    /// What notifications refuses, beside what every service does.
    pub enum NotificationsRefusal("Notification") {
        /// As many streams are open as the process holds.
        TooManyStreams = SERVICE_UNAVAILABLE, "too_many_streams", "too many streams are open";
        /// As many streams of the user are open as one may have.
        TooManyOwnStreams = TOO_MANY_REQUESTS, "too_many_own_streams", "you have too many streams open";
    }
}
