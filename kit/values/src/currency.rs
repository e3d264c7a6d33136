//! Currencies.

use std::fmt;
use std::str::FromStr;

use schemars::json_schema;
use thiserror::Error;

/// A currency: three capital letters (ISO 4217).
///
/// Its form is checked and not whether the code is assigned: codes are assigned and withdrawn while what was
/// sold in them is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// A text is not a currency's code.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("must be three capital letters (ISO 4217)")]
pub struct CurrencyError;

impl Currency {
    /// The dollar of the United States.
    pub const USD: Self = Self(*b"USD");

    /// How many decimals its numbers have (ISO 4217, "minor unit"): how many of its smallest unit make one, as
    /// a power of ten.
    pub const fn decimals(self) -> u8 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
            | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| CurrencyError)?;
        if code.iter().all(u8::is_ascii_uppercase) {
            Ok(Self(code))
        } else {
            Err(CurrencyError)
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, third] = self.0.map(char::from);
        write!(f, "{first}{second}{third}")
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

crate::text_form!(
    Currency,
    json_schema!({ "type": "string", "pattern": "^[A-Z]{3}$" })
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_three_capital_letters() {
        for code in ["USD", "EUR", "XTS"] {
            assert_eq!(code.parse::<Currency>().unwrap().to_string(), code);
        }
        for text in ["", "US", "USDT", "usd", "Usd", "U$D", "€", "ÄÖ", " USD", "US\0"] {
            assert_eq!(text.parse::<Currency>(), Err(CurrencyError), "{text:?}");
        }
    }

    #[test]
    fn json_is_a_string() {
        assert_eq!(serde_json::to_string(&Currency::USD).unwrap(), "\"USD\"");
        assert_eq!(
            serde_json::from_str::<Currency>("\"USD\"").unwrap(),
            Currency::USD
        );
        for json in ["\"usd\"", "840", "null", "[85,83,68]", "{}"] {
            assert!(serde_json::from_str::<Currency>(json).is_err(), "{json}");
        }
    }
}
