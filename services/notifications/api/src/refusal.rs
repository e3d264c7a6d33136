//! What notifications refuses.

kit_http::refusals! {
    /// What notifications refuses, beside what every service does.
    pub enum NotificationsRefusal("Notification") {
        /// As many streams are open as the process holds.
        TooManyStreams = SERVICE_UNAVAILABLE, "too_many_streams", "too many streams are open";
        /// As many streams of the user are open as one may have.
        TooManyOwnStreams = TOO_MANY_REQUESTS, "too_many_own_streams", "you have too many streams open";
        /// There is an endpoint of this address.
        WebhookUrlTaken = CONFLICT, "webhook_url_taken", "there is an endpoint of this address already";
        /// There are as many endpoints as there may be.
        TooManyWebhookEndpoints {
            /// The largest number of endpoints.
            most: i64,
        } = CONFLICT, "too_many_webhook_endpoints", "there are at most {most} endpoints";
        /// Nothing is sent to an endpoint that is disabled.
        WebhookEndpointDisabled = CONFLICT, "webhook_endpoint_disabled", "the endpoint is disabled";
    }
}
