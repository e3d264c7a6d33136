//! What an operator may set.

use std::net::SocketAddr;

use kit_config::{BaseUrl, Check, Span};
use kit_runtime::Secret;
use lettre::address::AddressError;

use crate::mailer::Mailer;

/// A process that stops waits for what it sends, and not for long.
const LONGEST_WEBHOOK: std::time::Duration = std::time::Duration::from_secs(20);

kit_config::config! {
    /// What users are told.
    pub struct NotificationsConfig("notifications") {
        /// Where the service listens when it has a port of its own.
        listen: SocketAddr = "127.0.0.1:8090",
        /// How many notifications of a user are kept, the newest.
        kept_per_user: u32 = "200",
        /// How long a notification is kept.
        kept_for: Span = "180d",
        /// How many streams a process holds at once.
        streams: usize = "1000",
        /// How many of them one user may have.
        streams_per_user: usize = "10",
        /// The mail server, such as `smtps://user:password@mail.example.com` or
        /// `smtp://user:password@mail.example.com:587?tls=required`. Without one, mail is kept in the mailbox, where
        /// admins read it.
        #[key("smtp.url")]
        smtp_url: Option<Secret<String>>,
        /// Whom mail comes from, such as `Our shop <shop@example.com>`.
        #[key("mail.from")]
        mail_from: String = "Stoa <no-reply@localhost>",
        /// How long after an event a mail of it is still written; older ones are found among the notifications.
        #[key("mail.within")]
        mail_within: Span = "3d",
        /// How long it is known of a message that it was sent, without what it said.
        #[key("mail.kept_for")]
        messages_kept: Span = "30d",
        /// The provider of SMS, which speaks the API of Twilio.
        #[key("sms.url")]
        sms_url: BaseUrl = "https://api.twilio.com",
        /// The account at the provider (`AC…`). Without one, SMS are kept in the mailbox where mail is, and else there
        /// are none.
        #[key("sms.account")]
        sms_account: Option<String>,
        /// The account's token.
        #[key("sms.token")]
        sms_token: Option<Secret<String>>,
        /// Whom SMS come from: a number such as `+4930123456`, or a name that the provider knows.
        #[key("sms.from")]
        sms_from: Option<String>,
        /// How many SMS a user gets in a day at most.
        #[key("sms.per_day")]
        sms_per_day: u32 = "20",
        /// Of what the secrets of webhooks are made; by default a file in the data folder. The same in all processes of
        /// notifications. Once it is another one, nothing is sent to an endpoint until its secret is rotated.
        #[key("webhooks.secret")]
        webhooks_secret: Option<Secret<String>>,
        /// How many endpoints may get webhooks.
        #[key("webhooks.endpoints")]
        webhooks_endpoints: u32 = "50",
        /// How many webhooks a process sends to one endpoint at once.
        #[key("webhooks.at_once")]
        webhooks_at_once: usize = "4",
        /// How long an endpoint is waited for.
        #[key("webhooks.timeout")]
        webhooks_timeout: Span = "15s",
        /// After how long an endpoint that takes nothing of what it is sent is disabled.
        #[key("webhooks.disable_after")]
        webhooks_disable_after: Span = "5d",
        /// How long after an event a webhook of it is still written.
        #[key("webhooks.within")]
        webhooks_within: Span = "3d",
        /// How long webhooks and the attempts to send them are kept after their end.
        #[key("webhooks.kept_for")]
        webhooks_kept: Span = "30d",
        /// Whether webhooks may be sent without TLS, for development.
        #[key("webhooks.allow_http")]
        webhooks_allow_http: bool = "false",
        /// Whether webhooks may be sent to this machine and into private networks, for development.
        #[key("webhooks.allow_private")]
        webhooks_allow_private: bool = "false",
    }
    validate(check)
}

fn check(config: &NotificationsConfig, check: &mut Check<'_>) {
    if config.kept_per_user == 0 {
        check.refuse("kept_per_user", "must be more than 0");
    }
    let account = config.sms_account.as_deref().unwrap_or_default();
    if !account.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        check.refuse("sms.account", "must be letters and digits");
    }
    for (key, is_there) in [
        ("sms.token", config.sms_token.is_some()),
        ("sms.from", config.sms_from.is_some()),
    ] {
        if is_there != config.sms_account.is_some() {
            check.refuse(
                key,
                "is needed with `notifications.sms.account`, and with it alone",
            );
        }
    }
    if config.webhooks_at_once == 0 {
        check.refuse("webhooks.at_once", "must be more than 0");
    }
    if std::time::Duration::from(config.webhooks_timeout) > LONGEST_WEBHOOK {
        check.refuse("webhooks.timeout", "must be at most 20s");
    }
    if let Some(secret) = &config.webhooks_secret {
        check.require_strong("webhooks.secret", secret);
    }
    for (key, span) in [
        ("kept_for", config.kept_for),
        ("mail.kept_for", config.messages_kept),
        ("webhooks.timeout", config.webhooks_timeout),
        ("webhooks.disable_after", config.webhooks_disable_after),
        ("webhooks.kept_for", config.webhooks_kept),
    ] {
        if std::time::Duration::from(span).is_zero() {
            check.refuse(key, "must be more than 0");
        }
    }
    if let Err(error) = Mailer::new(config) {
        let key = if error.is::<AddressError>() {
            "mail.from"
        } else {
            "smtp.url"
        };
        check.refuse(key, format!("cannot be used: {error}"));
    }
}

#[cfg(test)]
mod tests {
    use kit_config::{Catalog, Sources};

    use super::*;

    fn problems(key: &str, value: &str) -> Option<String> {
        let flags = vec![(format!("notifications.{key}"), value.to_owned())];
        let sources = Sources {
            flags,
            ..Sources::default()
        };
        match Catalog::new().section::<NotificationsConfig>().load(sources) {
            Ok(loaded) => loaded
                .get::<NotificationsConfig>()
                .err()
                .map(|error| error.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    #[test]
    fn what_no_mail_can_be_sent_with_is_found_at_start() {
        for (key, good) in [
            ("smtp.url", "smtps://user:p%40ss@mail.example.com"),
            ("smtp.url", "smtp://mail.example.com:587?tls=required"),
            ("mail.from", "Our shop <shop@example.com>"),
            ("mail.from", "shop@example.com"),
        ] {
            assert_eq!(problems(key, good), None, "{good}");
        }
        for (key, bad) in [
            ("smtp.url", "mail.example.com"),
            ("smtp.url", "http://mail.example.com"),
            ("smtp.url", "smtp://mail.example.com?tls=perhaps"),
            ("mail.from", "our shop"),
            ("mail.kept_for", "0s"),
            ("kept_per_user", "0"),
            ("sms.token", "without-an-account"),
            ("sms.from", "+4930123456"),
            ("sms.account", "AC/../x"),
            ("webhooks.at_once", "0"),
            ("webhooks.timeout", "0s"),
            ("webhooks.timeout", "21s"),
        ] {
            let problems = problems(key, bad).unwrap_or_default();
            assert!(
                problems.contains(&format!("notifications.{key}")),
                "{bad}: {problems}"
            );
        }
        let secret = problems("smtp.url", "http://user:hunter2@mail.example.com").unwrap_or_default();
        assert!(!secret.contains("hunter2"), "{secret}");
    }
}
