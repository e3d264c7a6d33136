//! What an operator may set.

use std::net::SocketAddr;
use std::time::Duration;

use kit_config::{BaseUrl, Check, Map, Span};
use kit_runtime::Secret;
use kit_webhooks::WebhookKey;

use crate::domain::BillingTimes;

kit_config::config! {
    /// Subscriptions.
    pub struct SubscriptionsConfig("subscriptions") {
        /// Where the service listens when it has a port of its own.
        listen: SocketAddr = "127.0.0.1:8088",
        /// How long the first invoice of a subscription can be paid; then the subscription ends.
        first_payment_time_to_live: Span = "23h",
        /// How long before a period's end the invoice of the next one is issued; of short periods, in their middle.
        renewal_lead: Span = "7d",
        /// From when an invoice is overdue to the first reminder, from that to the second, and so on. With the last of
        /// them the subscription ends.
        dunning: Vec<Span> = "2d,5d,7d,7d",
        /// From when an invoice is overdue until the service is suspended.
        grace: Span = "7d",
        /// How long the service of a subscription that is over is kept.
        retention: Span = "30d",
        /// Adapters that are no services of the platform, or elsewhere: each name's address. `s3` is the platform's own
        /// service `storage`, and `queues` the one of that name, where they are not here.
        adapters: Map<BaseUrl>,
        /// As whom subscriptions calls each of them.
        adapter_usernames: Map<String>,
        /// With which password.
        adapter_passwords: Map<Secret<String>>,
        /// The secrets by which payments sign callbacks, `whsec_` and base64: each is good. By default that of payments
        /// (`payments.callback_secret`, or the file of it in the data folder).
        callback_secrets: Vec<Secret<String>>,
        /// How often it is looked for what is due.
        poll: Span = "1s",
    }
    validate(check)
}

impl SubscriptionsConfig {
    pub(crate) fn times(&self) -> BillingTimes {
        BillingTimes {
            first_payment: self.first_payment_time_to_live.into(),
            renewal_lead: self.renewal_lead.into(),
            dunning: self.dunning.iter().map(|span| (*span).into()).collect(),
            grace: self.grace.into(),
            retention: self.retention.into(),
        }
    }
}

fn check(config: &SubscriptionsConfig, check: &mut Check<'_>) {
    for (key, span) in [
        ("first_payment_time_to_live", config.first_payment_time_to_live),
        ("renewal_lead", config.renewal_lead),
        ("poll", config.poll),
    ] {
        if Duration::from(span).is_zero() {
            check.refuse(key, "must be more than 0");
        }
    }
    if config.dunning.is_empty() {
        check.refuse("dunning", "must name at least one span");
    }
    if config
        .callback_secrets
        .iter()
        .any(|secret| WebhookKey::parse(secret).is_none())
    {
        check.refuse(
            "callback_secrets",
            "must be `whsec_` and the base64 of 24 bytes or more",
        );
    }
    for name in config.adapters.keys() {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=32).contains(&name.len()) || !name.bytes().all(is_plain) {
            check.refuse("adapters", "must have names of 1 to 32 of `a-z`, `0-9` and `-`");
        }
        if !config.adapter_usernames.contains_key(name) || !config.adapter_passwords.contains_key(name) {
            check.refuse(
                "adapters",
                format!("`{name}` needs `adapter_usernames.{name}` and `adapter_passwords.{name}`"),
            );
        }
    }
    let named = config
        .adapter_usernames
        .keys()
        .chain(config.adapter_passwords.keys());
    for name in named.filter(|name| !config.adapters.contains_key(*name)) {
        check.refuse(
            "adapters",
            format!("`{name}` has a name or a password and no address"),
        );
    }
}
