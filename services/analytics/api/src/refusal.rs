//! What analytics refuses.

kit_http::refusals! {
    /// What analytics refuses, beside what every service does.
    pub enum AnalyticsRefusal("Analytics") {
        /// The statistics are another user's.
        NotYours = FORBIDDEN, "forbidden", "You can only see your own statistics";
        /// As many live streams are open as may be.
        TooManyStreams = SERVICE_UNAVAILABLE, "unavailable", "too many streams are open";
    }
}
