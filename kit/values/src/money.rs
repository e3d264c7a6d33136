//! Money in whichever currency.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::decimal::{self, Decimal};
use crate::{Currency, DecimalError, Quantity};

/// An amount of money in its currency's smallest unit; may be zero or less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// How many of the smallest unit.
    pub amount_minor: i64,
    /// Three letters (ISO 4217).
    pub currency: Currency,
}

/// Why there is no result.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum MoneyError {
    /// Money of one currency is no money of another.
    #[error("`{0}` and `{1}` are different currencies")]
    MixedCurrencies(Currency, Currency),
    /// The result does not fit.
    #[error("the amount is out of range")]
    OutOfRange,
}

impl Money {
    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self {
            amount_minor: 0,
            currency,
        }
    }

    /// From a decimal number with at most as many decimals as the currency has.
    pub fn from_decimal(text: &str, currency: Currency) -> Result<Self, DecimalError> {
        decimal::parse(text, currency.decimals()).map(|amount_minor| Self {
            amount_minor,
            currency,
        })
    }

    /// The decimal number, without the currency and with all of its decimals: `4.99`.
    pub fn to_decimal(self) -> String {
        let decimal = Decimal {
            count: self.amount_minor,
            places: self.currency.decimals(),
        };
        decimal.to_string()
    }

    /// Both together.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_add)
    }

    /// What is left of it without the other, which may be less than nothing.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_sub)
    }

    /// So many of it.
    pub fn checked_mul(self, quantity: Quantity) -> Result<Self, MoneyError> {
        self.with_amount(self.amount_minor.checked_mul(quantity.get()))
    }

    fn combine(self, other: Self, combine: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::MixedCurrencies(self.currency, other.currency));
        }
        self.with_amount(combine(self.amount_minor, other.amount_minor))
    }

    fn with_amount(self, amount_minor: Option<i64>) -> Result<Self, MoneyError> {
        amount_minor
            .map(|amount_minor| Self { amount_minor, ..self })
            .ok_or(MoneyError::OutOfRange)
    }
}

impl fmt::Display for Money {
    /// For people: `4.99 USD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(amount_minor: i64, currency: &str) -> Money {
        Money {
            amount_minor,
            currency: currency.parse().unwrap(),
        }
    }

    fn currencies() -> impl Strategy<Value = Currency> {
        prop::sample::select(vec!["USD", "JPY", "KWD", "CLF"]).prop_map(|code| code.parse().unwrap())
    }

    #[test]
    fn its_text_has_as_many_decimals_as_its_currency() {
        for (amount, text) in [
            (money(499, "USD"), "4.99"),
            (money(-5, "EUR"), "-0.05"),
            (money(499, "JPY"), "499"),
            (money(499, "KWD"), "0.499"),
            (money(499, "CLF"), "0.0499"),
        ] {
            assert_eq!(amount.to_decimal(), text);
            assert_eq!(Money::from_decimal(text, amount.currency), Ok(amount));
        }
        assert_eq!(money(499, "USD").to_string(), "4.99 USD");
        let error = Money::from_decimal("4.9", "JPY".parse().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "must be a whole number");
    }

    #[test]
    fn currencies_do_not_mix() {
        let (dollars, euros) = (money(1, "USD"), money(1, "EUR"));
        let mixed = MoneyError::MixedCurrencies(dollars.currency, euros.currency);
        assert_eq!(dollars.checked_add(euros), Err(mixed));
        assert_eq!(dollars.checked_sub(euros), Err(mixed));
        let zero = Money::zero(euros.currency);
        assert_eq!(
            dollars.checked_add(zero),
            Err(mixed),
            "not even where there is nothing"
        );
        assert_eq!(mixed.to_string(), "`USD` and `EUR` are different currencies");
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (most, one) = (money(i64::MAX, "USD"), money(1, "USD"));
        assert_eq!(most.checked_add(one), Err(MoneyError::OutOfRange));
        assert_eq!(
            money(i64::MIN, "USD").checked_sub(one),
            Err(MoneyError::OutOfRange)
        );
        let two = Quantity::try_from(2).unwrap();
        assert_eq!(most.checked_mul(two), Err(MoneyError::OutOfRange));
        assert_eq!(one.checked_mul(two), Ok(money(2, "USD")));
        assert_eq!(one.checked_sub(most), Ok(money(1 - i64::MAX, "USD")));
    }

    #[test]
    fn json_is_an_object_of_two_members() {
        let price = money(499, "USD");
        let json = r#"{"amount_minor":499,"currency":"USD"}"#;
        assert_eq!(serde_json::to_string(&price).unwrap(), json);
        assert_eq!(serde_json::from_str::<Money>(json).unwrap(), price);
        for json in [
            r#"{"amount_minor":499}"#,
            r#"{"amount_minor":499,"currency":"usd"}"#,
            r#"{"amount_minor":4.99,"currency":"USD"}"#,
            r#"{"amount_minor":"499","currency":"USD"}"#,
            r#"{"amount_minor":499,"currency":"USD","amount":4.99}"#,
        ] {
            assert!(serde_json::from_str::<Money>(json).is_err(), "{json}");
        }
        let schema = schemars::schema_for!(Money);
        assert_eq!(
            schema.as_value()["properties"]["currency"]["pattern"],
            "^[A-Z]{3}$"
        );
    }

    proptest! {
        #[test]
        fn its_text_is_read_again(amount_minor in any::<i64>(), currency in currencies()) {
            let money = Money { amount_minor, currency };
            prop_assert_eq!(Money::from_decimal(&money.to_decimal(), currency), Ok(money));
            let json = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
        }

        #[test]
        fn a_quantity_of_it_is_as_much_as_adding_it_so_often(amount in -1_000_000_i64..1_000_000, count in 1_i64..=999) {
            let one = money(amount, "USD");
            let added = (0..count).try_fold(Money::zero(one.currency), |sum, _| sum.checked_add(one));
            prop_assert_eq!(one.checked_mul(Quantity::try_from(count).unwrap()), added);
        }

        #[test]
        fn taking_away_undoes_adding(one in any::<i64>(), other in any::<i64>()) {
            let (one, other) = (money(one, "USD"), money(other, "USD"));
            if let Ok(sum) = one.checked_add(other) {
                prop_assert_eq!(sum.checked_sub(other), Ok(one));
            }
        }
    }
}
