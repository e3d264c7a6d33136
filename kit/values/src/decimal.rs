//! Decimal numbers as counts of their smallest unit, such as hundredths, exactly.
//!
//! Between the text and the count there is no float: digits are counted, and printed one by one. What counts
//! is the number and not its spelling, so `1e1`, `10` and `10.000` are one; with two decimals `10.005` is none,
//! however it is written.

use std::fmt;

use thiserror::Error;

/// No count in an `i64` has more digits.
const MOST_DIGITS: i64 = 19;

/// Why a text is no decimal number of the wanted kind.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum DecimalError {
    /// It is no JSON number (RFC 8259, section 6).
    #[error("must be a decimal number")]
    NotANumber,
    /// It has a part of the smallest unit.
    #[error("{}", at_most(*.places))]
    TooManyDecimals {
        /// How many decimals it may have.
        places: u8,
    },
    /// The count does not fit.
    #[error("must be within ±{}", Decimal { count: i64::MAX, places: *.places })]
    OutOfRange {
        /// How many decimals it may have.
        places: u8,
    },
}

fn at_most(places: u8) -> String {
    match places {
        0 => "must be a whole number".to_owned(),
        1 => "must have at most one decimal".to_owned(),
        2 => "must have at most two decimals".to_owned(),
        3 => "must have at most three decimals".to_owned(),
        _ => format!("must have at most {places} decimals"),
    }
}

/// A count, shown as a number with `places` decimals.
pub(crate) struct Decimal {
    pub(crate) count: i64,
    pub(crate) places: u8,
}

impl fmt::Display for Decimal {
    /// With all its decimals; `{:#}` leaves them out where they are zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u64.pow(u32::from(self.places));
        let (sign, count) = (if self.count < 0 { "-" } else { "" }, self.count.unsigned_abs());
        write!(f, "{sign}{}", count / unit)?;
        if self.places > 0 && !(f.alternate() && count % unit == 0) {
            write!(f, ".{:0width$}", count % unit, width = usize::from(self.places))?;
        }
        Ok(())
    }
}

/// Reads a JSON number as a count of its unit with `places` decimals.
pub(crate) fn parse(text: &str, places: u8) -> Result<i64, DecimalError> {
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((_, "")) => return Err(DecimalError::NotANumber),
        split => split.unwrap_or((mantissa, "")),
    };
    let starts_with_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || starts_with_zero || !all_digits(whole) || !all_digits(fraction) {
        return Err(DecimalError::NotANumber);
    }
    let magnitude = count_units(whole, fraction, exponent, places)?;
    let signed = if is_negative { -magnitude } else { magnitude };
    i64::try_from(signed).map_err(|_| DecimalError::OutOfRange { places })
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// As large as an exponent is written, but for those that only tell whether they are beyond everything.
fn exponent_of(text: &str) -> Result<i64, DecimalError> {
    const BEYOND_EVERYTHING: i64 = i64::MAX / 4;
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !all_digits(digits) {
        return Err(DecimalError::NotANumber);
    }
    let size = digits.bytes().fold(0, |size: i64, digit| {
        size.saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'))
            .min(BEYOND_EVERYTHING)
    });
    Ok(if is_negative { -size } else { size })
}

/// The number `whole.fraction × 10^exponent` in units of `places` decimals. Its length is bounded by the digits
/// that count, so that no number, however long it is written, takes more than a look at each of them.
fn count_units(whole: &str, fraction: &str, exponent: i64, places: u8) -> Result<i128, DecimalError> {
    let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX / 4);
    let digits = [whole, fraction].concat();
    let without_end = digits.trim_end_matches('0');
    let significant = without_end.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(0);
    }
    let shift = exponent - length(fraction) + length(&digits) - length(without_end) + i64::from(places);
    if shift < 0 {
        return Err(DecimalError::TooManyDecimals { places });
    }
    if length(significant) + shift > MOST_DIGITS {
        return Err(DecimalError::OutOfRange { places });
    }
    let zeros = std::iter::repeat_n(b'0', usize::try_from(shift).unwrap_or(0));
    let count = significant
        .bytes()
        .chain(zeros)
        .fold(0, |count: i128, digit| count * 10 + i128::from(digit - b'0'));
    Ok(count)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_has_as_many_decimals_as_its_unit() {
        for (count, places, text) in [
            (499, 0, "499"),
            (499, 2, "4.99"),
            (-5, 2, "-0.05"),
            (499, 3, "0.499"),
            (i64::MIN, 4, "-922337203685477.5808"),
            (0, 0, "0"),
        ] {
            assert_eq!(Decimal { count, places }.to_string(), text);
            assert_eq!(parse(text, places), Ok(count));
        }
    }

    #[test]
    fn an_error_says_what_the_number_must_be() {
        let message = |text, places| parse(text, places).unwrap_err().to_string();
        assert_eq!(message("4.9", 0), "must be a whole number");
        assert_eq!(message("4.999", 2), "must have at most two decimals");
        assert_eq!(message("4.9999", 3), "must have at most three decimals");
        assert_eq!(message("1e30", 2), "must be within ±92233720368547758.07");
        assert_eq!(message("1e30", 0), "must be within ±9223372036854775807");
        assert_eq!(message("four", 2), "must be a decimal number");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(count in any::<i64>(), places in 0_u8..=4) {
            prop_assert_eq!(parse(&Decimal { count, places }.to_string(), places), Ok(count));
        }
    }
}
