//! What an operator may set.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use kit_config::{Accepts, BaseUrl, Check, Kind, Mismatch, Raw, Span, Value};
use kit_runtime::Secret;
use kit_values::{Amount, DecimalError};
use kit_webhooks::WebhookKey;
use serde_json::json;

kit_config::config_choice! {
    /// Which transactions the limit counts.
    pub enum LimitCounts {
        /// All that the user ever made.
        All = "all",
        /// Those that are not paid yet.
        Unpaid = "unpaid",
    }
}

kit_config::config_choice! {
    /// Who charges cards.
    pub enum ProviderChoice {
        /// The one that is built in, and charges nobody.
        Sandbox = "sandbox",
        /// Stripe.
        Stripe = "stripe",
    }
}

kit_config::config! {
    /// Payments of orders, and transactions of users.
    pub struct PaymentsConfig("payments") {
        /// Where the service listens when it has a port of its own.
        listen: SocketAddr = "127.0.0.1:8082",
        /// What the transactions of one user may come to.
        transaction_limit: TransactionLimit = "1000",
        /// Which transactions the limit counts: all that the user ever made, or those that are not paid yet.
        limit_counts: LimitCounts = "all",
        /// Who charges cards: `sandbox`, which is built in and charges nobody, or `stripe`. What another provider has to
        /// do with waits until it is configured again.
        provider: ProviderChoice = "sandbox",
        /// How often a payment may be declined before it fails for good.
        most_declines: u32 = "10",
        /// How long a payment provider is waited for. What it has not said by then is looked up later.
        provider_timeout: Span = "10s",
        /// How often it is looked for what is overdue: lost answers of providers, refunds, payments whose time is over.
        janitor_period: Span = "1s",
        /// Between two times that what the provider has made is compared with what is here.
        reconcile_period: Span = "1h",
        /// How far back that looks, by when the provider has made it.
        reconcile_window: Span = "72h",
        /// Origins, such as `https://shop.example.com`, to which payers may be sent after a checkout, beside the
        /// platform's own (`gateway.public_url`).
        return_origins: Vec<BaseUrl>,
        /// With what it is signed that an invoice is paid, `whsec_` and base64; by default a file in the data folder. The
        /// same for subscriptions, which is told.
        callback_secret: Option<Secret<String>>,
        /// The secret key of the account at Stripe, `sk_…` or `rk_…`.
        #[key("stripe.secret_key")]
        stripe_secret_key: Option<Secret<String>>,
        /// The secrets of the endpoint that Stripe sends webhooks to (`<gateway.public_url>/api/webhooks/stripe`),
        /// `whsec_…`: each is good.
        #[key("stripe.webhook_secrets")]
        stripe_webhook_secrets: Vec<Secret<String>>,
        /// Where Stripe's API is.
        #[key("stripe.api")]
        stripe_api: BaseUrl = "https://api.stripe.com",
        /// The version of Stripe's API that requests are written in.
        #[key("stripe.api_version")]
        stripe_api_version: String = "2026-10-28.endive",
        /// To where payers return from Stripe where nobody says otherwise; by default `gateway.public_url`.
        #[key("stripe.return_url")]
        stripe_return_url: Option<BaseUrl>,
        /// Of what the tokens of the sandbox's pages are made; by default a file in the data folder. The same in all
        /// processes of payments.
        #[key("sandbox.secret")]
        sandbox_secret: Option<Secret<String>>,
        /// The secrets of the sandbox's webhooks, `whsec_` and base64: the first one signs, each is good. By default one
        /// is made of `payments.sandbox.secret`.
        #[key("sandbox.webhook_secrets")]
        sandbox_webhook_secrets: Vec<Secret<String>>,
        /// To where the sandbox sends its webhooks; by default to the service of its own process.
        #[key("sandbox.webhook_url")]
        sandbox_webhook_url: Option<BaseUrl>,
        /// How many of a hundred webhooks the sandbox sends twice.
        #[key("sandbox.duplicate")]
        sandbox_duplicate: u32 = "0",
        /// How many of a hundred webhooks of the sandbox are lost, and sent again later.
        #[key("sandbox.drop")]
        sandbox_drop: u32 = "0",
        /// Whether the sandbox sends the newest webhook first.
        #[key("sandbox.reorder")]
        sandbox_reorder: bool = "false",
        /// How much later the sandbox sends its webhooks.
        #[key("sandbox.delay")]
        sandbox_delay: Span = "0s",
    }
    validate(check)
}

fn check(config: &PaymentsConfig, check: &mut Check<'_>) {
    if config.transaction_limit.0 <= Amount::ZERO {
        check.refuse("transaction_limit", "must be more than 0");
    }
    if config.most_declines == 0 {
        check.refuse("most_declines", "must be at least 1");
    }
    for (key, span) in [
        ("provider_timeout", config.provider_timeout),
        ("janitor_period", config.janitor_period),
        ("reconcile_period", config.reconcile_period),
        ("reconcile_window", config.reconcile_window),
    ] {
        if Duration::from(span).is_zero() {
            check.refuse(key, "must be more than 0");
        }
    }
    if config
        .return_origins
        .iter()
        .any(|origin| !origin.path_prefix().is_empty())
    {
        check.refuse("return_origins", "must be origins, without a path");
    }
    for (key, percent) in [
        ("sandbox.duplicate", config.sandbox_duplicate),
        ("sandbox.drop", config.sandbox_drop),
    ] {
        if percent > 100 {
            check.refuse(key, "must be at most 100");
        }
    }
    let callback_secret = config.callback_secret.as_ref();
    if callback_secret.is_some_and(|secret| WebhookKey::parse(secret).is_none()) {
        check.refuse(
            "callback_secret",
            "must be `whsec_` and the base64 of 24 bytes or more",
        );
    }
    if config
        .sandbox_webhook_secrets
        .iter()
        .any(|secret| WebhookKey::parse(secret).is_none())
    {
        check.refuse(
            "sandbox.webhook_secrets",
            "must be `whsec_` and at least 24 bytes in base64",
        );
    }
    if let Some(secret) = &config.sandbox_secret {
        check.require_strong("sandbox.secret", secret);
    }
    if config.provider == ProviderChoice::Stripe {
        check_stripe(config, check);
    }
}

fn check_stripe(config: &PaymentsConfig, check: &mut Check<'_>) {
    let is_key = |secret: &Secret<String>| {
        let text = secret.expose();
        let has_prefix = text.starts_with("sk_") || text.starts_with("rk_");
        has_prefix && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match &config.stripe_secret_key {
        None => check.refuse("stripe.secret_key", "must be given with the provider `stripe`"),
        Some(key) if !is_key(key) => check.refuse("stripe.secret_key", "must be `sk_…` or `rk_…`"),
        Some(_) => {}
    }
    if config.stripe_webhook_secrets.is_empty() {
        check.refuse(
            "stripe.webhook_secrets",
            "must be given with the provider `stripe`",
        );
    }
    if config
        .stripe_webhook_secrets
        .iter()
        .any(|secret| !secret.expose().starts_with("whsec_"))
    {
        check.refuse("stripe.webhook_secrets", "must be `whsec_…`");
    }
    let host = config.stripe_api.host();
    let is_local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if !config.stripe_api.is_https() && !is_local {
        check.refuse(
            "stripe.api",
            "must be `https`, except on this machine: the secret key goes there",
        );
    }
    if !config
        .stripe_api_version
        .bytes()
        .all(|byte| byte.is_ascii_graphic())
    {
        check.refuse(
            "stripe.api_version",
            "must be a version of Stripe's API, such as `2026-10-28.endive`",
        );
    }
}

/// The largest total of a user, a decimal number with at most two decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionLimit(pub Amount);

impl FromStr for TransactionLimit {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for TransactionLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl Value for TransactionLimit {
    fn kind() -> Kind {
        Kind::new(
            "amount",
            "an amount with at most two decimals such as `999.50`",
            json!({ "type": "number", "exclusiveMinimum": 0 }),
        )
    }

    fn parse(raw: &Raw) -> Result<Self, Mismatch> {
        raw.scalar(Accepts::Number)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Mismatch::expected::<Self>(raw))
    }
}

#[cfg(test)]
mod tests {
    use kit_config::{Catalog, Sources};

    use super::*;

    fn load(limit: &str) -> Result<PaymentsConfig, String> {
        load_all(&[("payments.transaction_limit", limit)])
    }

    fn load_all(settings: &[(&str, &str)]) -> Result<PaymentsConfig, String> {
        let flags = settings
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let sources = Sources {
            flags: flags.collect(),
            ..Sources::default()
        };
        let loaded = Catalog::new().section::<PaymentsConfig>().load(sources);
        loaded
            .and_then(|loaded| loaded.get::<PaymentsConfig>())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_are_those_of_the_manual() {
        let config = PaymentsConfig::defaults();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8082");
        assert_eq!(config.transaction_limit.0, Amount::from_minor(100_000));
        assert_eq!(config.limit_counts, LimitCounts::All);
        assert_eq!(config.provider, ProviderChoice::Sandbox);
    }

    #[test]
    fn stripe_needs_to_be_known_there_and_nobody_else_sees_its_key() {
        let good = [
            ("payments.provider", "stripe"),
            ("payments.stripe.secret_key", "sk_test_51"),
            ("payments.stripe.webhook_secrets", "whsec_one,whsec_two"),
        ];
        assert_eq!(
            load_all(&good).map(|config| config.provider),
            Ok(ProviderChoice::Stripe)
        );
        assert!(load_all(&good[1..]).is_ok(), "it may be prepared");
        for missing in 1..good.len() {
            let mut settings = good.to_vec();
            let (key, _) = settings.remove(missing);
            assert!(load_all(&settings).unwrap_err().contains(key), "{key}");
        }
        for (key, value) in [
            ("payments.stripe.secret_key", "pk_test_51"),
            ("payments.stripe.secret_key", "sk_test 51"),
            ("payments.stripe.webhook_secrets", "whsec_one,two"),
            ("payments.stripe.api", "http://stripe.example"),
            ("payments.stripe.api_version", "the newest"),
        ] {
            let mut settings: Vec<_> = good.into_iter().filter(|(other, _)| *other != key).collect();
            settings.push((key, value));
            let refused = load_all(&settings).unwrap_err();
            assert!(refused.contains(key) && !refused.contains("51"), "{refused}");
        }
        let local = [
            good.as_slice(),
            &[("payments.stripe.api", "http://127.0.0.1:8420")],
        ]
        .concat();
        assert!(load_all(&local).is_ok());
    }

    #[test]
    fn a_limit_is_an_exact_amount_of_more_than_nothing() {
        for (text, shown) in [
            ("1000", "1000"),
            ("0.01", "0.01"),
            ("1e3", "1000"),
            ("999.5", "999.50"),
        ] {
            assert_eq!(load(text).unwrap().transaction_limit.to_string(), shown);
        }
        for text in ["0", "-1", "1.005", "many", "1e400", ""] {
            let refused = load(text).unwrap_err();
            assert!(
                refused.contains("payments.transaction_limit"),
                "{text}: {refused}"
            );
        }
    }
}
