//! Rates as an operator writes them: `600/m burst 200`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use kit_config::{Accepts, Kind, Mismatch, Raw, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;
use thiserror::Error;

const EXPECTED: &str = "a rate such as `600/m burst 200`, per `s`, `m`, `h` or `d`";

/// More than any gateway does in a second.
const MOST: u32 = 1_000_000;

/// How long it may take at most until a burst may come again. A longer one is a slip of the pen, and would
/// have to be remembered for as long.
const LONGEST_REFILL: Duration = Duration::from_hours(30 * 24);

const PERIODS: [Period; 4] = [Period::Second, Period::Minute, Period::Hour, Period::Day];

/// So many requests a period, spread evenly, and so many at once after a pause. Without `burst`, as many at
/// once as in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    count: u32,
    period: Period,
    burst: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Period {
    Second,
    Minute,
    Hour,
    Day,
}

/// Why a text is no rate.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RateError {
    /// It cannot be read.
    #[error("expected {EXPECTED}")]
    Unreadable,
    /// A number that no limit has.
    #[error("the numbers of a rate must be from 1 to {MOST}")]
    OutOfRange,
    /// The burst is out of proportion.
    #[error("at this rate the burst would take more than 30 days to come back")]
    TooSlow,
}

impl Rate {
    /// From one request to the next, if they come evenly. Rounded up to a nanosecond, so that never more
    /// pass than the rate says.
    pub(crate) fn interval(&self) -> Duration {
        let nanos = self.period.length().as_nanos().div_ceil(u128::from(self.count));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many may come at once.
    pub(crate) fn burst(&self) -> u32 {
        self.burst
    }
}

impl Period {
    const fn unit(self) -> &'static str {
        match self {
            Self::Second => "s",
            Self::Minute => "m",
            Self::Hour => "h",
            Self::Day => "d",
        }
    }

    const fn length(self) -> Duration {
        match self {
            Self::Second => Duration::from_secs(1),
            Self::Minute => Duration::from_mins(1),
            Self::Hour => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
        }
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let mut words = text.split_ascii_whitespace();
        let (count, unit) = words
            .next()
            .and_then(|rate| rate.split_once('/'))
            .ok_or(RateError::Unreadable)?;
        let period = PERIODS
            .into_iter()
            .find(|period| period.unit() == unit)
            .ok_or(RateError::Unreadable)?;
        let burst = match (words.next(), words.next(), words.next()) {
            (None, ..) => count,
            (Some("burst"), Some(burst), None) => burst,
            _ => return Err(RateError::Unreadable),
        };
        let rate = Self {
            count: number(count)?,
            period,
            burst: number(burst)?,
        };
        match rate.interval().checked_mul(rate.burst) {
            Some(refill) if refill <= LONGEST_REFILL => Ok(rate),
            _ => Err(RateError::TooSlow),
        }
    }
}

fn number(text: &str) -> Result<u32, RateError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RateError::Unreadable);
    }
    match text.parse() {
        Ok(number) if (1..=MOST).contains(&number) => Ok(number),
        _ => Err(RateError::OutOfRange),
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} burst {}", self.count, self.period.unit(), self.burst)
    }
}

impl TryFrom<String> for Rate {
    type Error = RateError;

    fn try_from(text: String) -> Result<Self, RateError> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

impl Value for Rate {
    fn kind() -> Kind {
        let schema = json!({ "type": "string", "pattern": "^[0-9]+/[smhd]( burst [0-9]+)?$" });
        Kind::new("rate", EXPECTED, schema)
    }

    fn parse(raw: &Raw) -> Result<Self, Mismatch> {
        let text = raw
            .scalar(Accepts::Text)
            .ok_or_else(|| Mismatch::expected::<Self>(raw))?;
        text.parse().map_err(|error| match error {
            RateError::Unreadable => Mismatch::expected::<Self>(raw),
            other => Mismatch::new(other.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_survives_its_text() {
        for text in [
            "600/m burst 200",
            "1/s burst 1",
            "1000000/s burst 1000000",
            "5/d burst 30",
        ] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        assert_eq!("10/h".parse::<Rate>().unwrap().to_string(), "10/h burst 10");
        assert_eq!(
            " 10/h  burst 2 ".parse::<Rate>().unwrap().to_string(),
            "10/h burst 2"
        );
    }

    #[test]
    fn the_interval_is_never_too_short() {
        let interval = |text: &str| text.parse::<Rate>().unwrap().interval();
        assert_eq!(interval("600/m"), Duration::from_millis(100));
        assert_eq!(interval("7/s"), Duration::from_nanos(142_857_143));
    }

    #[test]
    fn nonsense_is_refused_with_its_reason() {
        for text in [
            "",
            "600",
            "600/",
            "/m",
            "600/w",
            "600/min",
            "-1/s",
            "+1/s",
            "1.5/s",
            "600 / m",
            "600/m 200",
            "600/m burst",
            "600/m burst x",
            "600/m burst 200 more",
            "600/m BURST 2",
        ] {
            assert_eq!(text.parse::<Rate>(), Err(RateError::Unreadable), "{text}");
        }
        for text in ["0/s", "1/s burst 0", "1000001/s", "1/s burst 99999999999"] {
            assert_eq!(text.parse::<Rate>(), Err(RateError::OutOfRange), "{text}");
        }
        for text in ["1/d burst 31", "1/h burst 1000000"] {
            assert_eq!(text.parse::<Rate>(), Err(RateError::TooSlow), "{text}");
        }
    }
}
