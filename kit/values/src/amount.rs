//! An amount of money that is a decimal number in JSON (`850.50`), as transactions and statistics speak it.
//!
//! It is counted in hundredths. The number is taken from the JSON as it is written, and what counts is the
//! number and not its spelling: `1e1`, `10` and `10.000` are one amount; `10.005` is none.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::decimal::{self, Decimal, DecimalError};

/// Digits behind the point.
const DECIMALS: u8 = 2;

/// An amount of money, in hundredths; may be zero or less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(i64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From a count of hundredths.
    pub const fn from_minor(minor: i64) -> Self {
        Self(minor)
    }

    /// The count of hundredths.
    pub const fn minor(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Amount {
    /// With two decimals; `{:#}` leaves them out where they are zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimal = Decimal {
            count: self.0,
            places: DECIMALS,
        };
        decimal.fmt(f)
    }
}

impl FromStr for Amount {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        decimal::parse(text, DECIMALS).map(Self)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = RawValue::from_string(self.to_string()).map_err(S::Error::custom)?;
        number.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Box::<RawValue>::deserialize(deserializer)?;
        written.get().parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TOO_MANY_DECIMALS: DecimalError = DecimalError::TooManyDecimals { places: 2 };
    const OUT_OF_RANGE: DecimalError = DecimalError::OutOfRange { places: 2 };

    fn read(text: &str) -> Result<i64, DecimalError> {
        text.parse().map(Amount::minor)
    }

    #[test]
    fn a_number_counts_whatever_its_spelling() {
        for (text, minor) in [
            ("0", 0),
            ("-0", 0),
            ("-0.00", 0),
            ("0e99999999999999999999999999", 0),
            ("0.0000000000e-5", 0),
            ("1", 100),
            ("850.50", 85_050),
            ("850.5", 85_050),
            ("0.1", 10),
            ("0.01", 1),
            ("0.010000000000", 1),
            ("-5", -500),
            ("1e2", 10_000),
            ("1E+2", 10_000),
            ("1.5e1", 1_500),
            ("1000e-2", 1_000),
            ("100e-4", 1),
            ("0.00000000001e9", 1),
            ("92233720368547758.07", i64::MAX),
            ("-92233720368547758.08", i64::MIN),
            ("9223372036854775807e-2", i64::MAX),
        ] {
            assert_eq!(read(text), Ok(minor), "{text}");
        }
    }

    #[test]
    fn parts_of_a_hundredth_are_refused() {
        for text in [
            "10.005",
            "1.234",
            "0.001",
            "1e-3",
            "1e-400",
            "1e-99999999999999999999",
            "0.00000000000000000000001",
        ] {
            assert_eq!(read(text), Err(TOO_MANY_DECIMALS), "{text}");
        }
    }

    #[test]
    fn what_no_count_holds_is_refused() {
        for text in [
            "1e400",
            "-1e400",
            "1e99999999999999999999999999",
            "92233720368547758.08",
            "-92233720368547758.09",
            "99999999999999999.99",
            "1e17",
        ] {
            assert_eq!(read(text), Err(OUT_OF_RANGE), "{text}");
        }
        let nines = "9".repeat(60_000);
        assert_eq!(read(&nines), Err(OUT_OF_RANGE));
        assert_eq!(read(&format!("1.{nines}")), Err(TOO_MANY_DECIMALS));
        assert_eq!(read(&format!("1{}e-60000", "0".repeat(60_000))), Ok(100));
    }

    #[test]
    fn what_is_no_json_number_is_refused() {
        for text in [
            "", "-", "+1", " 1", "1 ", "01", "-01", ".5", "5.", "1e", "1e+", "1.e1", "1e1.5", "--1", "1_000",
            "1,5", "0x10", "NaN", "inf", "Infinity", "\"10\"", "null", "true", "[1]", "١", "1e١",
        ] {
            assert_eq!(read(text), Err(DecimalError::NotANumber), "{text}");
        }
    }

    #[test]
    fn decimals_that_are_zeros_can_be_left_out() {
        for (minor, short) in [
            (100_000, "1000"),
            (99_950, "999.50"),
            (-500, "-5"),
            (1, "0.01"),
            (0, "0"),
        ] {
            assert_eq!(format!("{:#}", Amount::from_minor(minor)), short);
        }
    }

    #[test]
    fn json_is_exact_both_ways() {
        let amount: Amount = serde_json::from_str("92233720368547758.07").unwrap();
        assert_eq!(serde_json::to_string(&amount).unwrap(), "92233720368547758.07");
        let ten: Amount = serde_json::from_str(" 10 ").unwrap();
        assert_eq!(serde_json::to_string(&ten).unwrap(), "10.00");
        assert!(serde_json::from_str::<Amount>("\"10\"").is_err());
        assert_eq!(serde_json::to_value(ten).unwrap(), serde_json::json!(10.0));
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(minor in any::<i64>()) {
            let amount = Amount::from_minor(minor);
            prop_assert_eq!(amount.to_string().parse(), Ok(amount));
            let json = serde_json::to_string(&amount).unwrap();
            prop_assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount);
        }

        #[test]
        fn every_spelling_of_a_number_is_the_same_amount(minor in any::<i64>(), shift in -30_i64..30) {
            let amount = Amount::from_minor(minor);
            let spelled = format!("{minor}e{}", -2);
            prop_assert_eq!(spelled.parse(), Ok(amount));
            // As many zeros as the exponent takes away again.
            let zeros = "0".repeat(usize::try_from(shift.abs()).unwrap());
            let longer = format!("{minor}{zeros}e{}", -2 - shift.abs());
            prop_assert_eq!(longer.parse(), Ok(amount));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _ = text.parse::<Amount>();
        }

        #[test]
        fn what_json_takes_for_a_number_is_never_called_none(text in "-?[0-9]{1,25}(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,25})?") {
            let is_json = serde_json::from_str::<Box<RawValue>>(&text).is_ok();
            prop_assert_eq!(read(&text) != Err(DecimalError::NotANumber), is_json);
        }
    }
}
