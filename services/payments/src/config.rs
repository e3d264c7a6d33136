//! What an operator may set.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use kit_config::{Accepts, Check, Kind, Mismatch, Raw, Value};
use kit_values::{Amount, DecimalError};
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
    /// Transactions of users.
    pub struct PaymentsConfig("payments") {
        /// Where the service listens when it has a port of its own.
        listen: SocketAddr = "127.0.0.1:8082",
        /// What the transactions of one user may come to.
        transaction_limit: TransactionLimit = "1000",
        /// Which transactions the limit counts: all that the user ever made, or those that are not paid yet.
        limit_counts: LimitCounts = "all",
    }
    validate(check)
}

fn check(config: &PaymentsConfig, check: &mut Check<'_>) {
    if config.transaction_limit.0 <= Amount::ZERO {
        check.refuse("transaction_limit", "must be more than 0");
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
