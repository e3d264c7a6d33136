//! Members of a request that may be left out, for `#[serde(default, deserialize_with = "…")]`: what is not there is
//! `None` by default, and these say what may be there.

use serde::{Deserialize, Deserializer};

/// A value; null is none.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A value, or null, which is told from what is not there.
pub fn given_or_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    given(deserializer)
}
