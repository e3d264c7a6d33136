//! What an operator may set.

use std::fmt;
use std::net::SocketAddr;
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

kit_config::config! {
    /// Payments of orders, and transactions of users.
    pub struct PaymentsConfig("payments") {
        /// Where the service listens when it has a port of its own.
        listen: SocketAddr = "127.0.0.1:8082",
        /// What the transactions of one user may come to.
        transaction_limit: TransactionLimit = "1000",
        /// Which transactions the limit counts: all that the user ever made, or those that are not paid yet.
        limit_counts: LimitCounts = "all",
        /// How often a payment may be declined before it fails for good.
        most_declines: u32 = "10",
        /// How long a payment provider is waited for. What it has not said by then is looked up later.
        provider_timeout: Span = "10s",
        /// How often it is looked for what is overdue: lost answers of providers, refunds, payments whose time is over.
        janitor_period: Span = "1s",
        /// Origins, such as `https://shop.example.com`, to which payers may be sent after a checkout, beside the
        /// platform's own (`gateway.public_url`).
        return_origins: Vec<BaseUrl>,
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
        let sources = Sources {
            flags: vec![("payments.transaction_limit".to_owned(), limit.to_owned())],
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
