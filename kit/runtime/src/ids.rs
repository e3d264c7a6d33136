//! Identifiers, and the randomness they are made of, as a value that is passed in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;
use uuid::Uuid;

/// Makes identifiers and random bytes: from the system, or in a fixed order for a test.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    seed: Option<Arc<AtomicU64>>,
}

impl Ids {
    /// Identifiers nobody can guess.
    pub fn system() -> Self {
        Self::default()
    }

    /// The same identifiers every time, for tests. Never for anything that must be secret.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed: Some(Arc::new(AtomicU64::new(seed))),
        }
    }

    /// A version 7 UUID (RFC 9562): sorts by the time it was made.
    #[expect(clippy::disallowed_methods, reason = "the one place that makes identifiers")]
    pub fn uuid(&self) -> Uuid {
        match &self.seed {
            None => Uuid::now_v7(),
            Some(seed) => {
                let count = seed.fetch_add(1, Ordering::SeqCst);
                let mut bytes = [0; 10];
                bytes[2..].copy_from_slice(&count.to_be_bytes());
                uuid::Builder::from_unix_timestamp_millis(count, &bytes).into_uuid()
            }
        }
    }

    /// `N` random bytes.
    ///
    /// # Panics
    /// When the operating system has no randomness to give, in which case nothing that depends on secrets
    /// may go on.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks for randomness")]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.seed {
            None => {
                let filled = aws_lc_rs::rand::fill(&mut bytes);
                assert!(filled.is_ok(), "the operating system gave no randomness");
            }
            Some(seed) => {
                for chunk in bytes.chunks_mut(8) {
                    let count = seed
                        .fetch_add(1, Ordering::SeqCst)
                        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
                    chunk.copy_from_slice(&count.to_be_bytes()[..chunk.len()]);
                }
            }
        }
        bytes
    }
}

/// Why a text is not an identifier.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not an identifier of this kind")]
pub struct IdError;

/// Declares an identifier: a UUID behind a typed prefix (`ord_0190…`). The same text form goes through JSON,
/// SQL and paths.
///
/// ```
/// kit_runtime::typed_id! {
///     /// An order.
///     pub struct OrderId("ord_");
/// }
/// let id = OrderId::from(kit_runtime::Ids::system().uuid());
/// assert!(id.to_string().starts_with("ord_"));
/// assert_eq!(id.to_string().parse::<OrderId>().ok(), Some(id));
/// ```
#[macro_export]
macro_rules! typed_id {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident($prefix:literal);) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility struct $name($crate::Uuid);

        impl From<$crate::Uuid> for $name {
            fn from(id: $crate::Uuid) -> Self {
                Self(id)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let digits = text.strip_prefix($prefix).ok_or($crate::IdError)?;
                let id = $crate::Uuid::try_parse(digits).map_err(|_| $crate::IdError)?;
                // One identifier has one text: upper case, braces and missing hyphens are other texts.
                if id.to_string() == digits { Ok(Self(id)) } else { Err($crate::IdError) }
            }
        }

        impl $crate::__serde::Serialize for $name {
            fn serialize<S: $crate::__serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> $crate::__serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as $crate::__serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err($crate::__serde::de::Error::custom)
            }
        }

        impl $crate::__schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut $crate::__schemars::SchemaGenerator) -> $crate::__schemars::Schema {
                if $prefix.is_empty() {
                    $crate::__schemars::json_schema!({ "type": "string", "format": "uuid" })
                } else {
                    $crate::__schemars::json_schema!({ "type": "string", "pattern": concat!("^", $prefix, "[0-9a-f-]{36}$") })
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::typed_id! {
        /// For the test.
        struct ThingId("thg_");
    }

    #[test]
    fn a_seed_gives_the_same_identifiers_again() {
        let (one, two) = (Ids::seeded(7), Ids::seeded(7));
        assert_eq!(one.uuid(), two.uuid());
        assert_eq!(one.random::<20>(), two.random::<20>());
        assert_ne!(one.uuid(), one.uuid());
    }

    #[test]
    fn an_identifier_has_one_text() {
        let id = ThingId::from(Ids::seeded(1).uuid());
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(text.to_uppercase().parse::<ThingId>(), Err(IdError));
        assert_eq!(text.replace('-', "").parse::<ThingId>(), Err(IdError));
        assert_eq!(text.trim_start_matches("thg_").parse::<ThingId>(), Err(IdError));
    }
}
