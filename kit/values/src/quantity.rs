//! How many of something are sold together.

use crate::range::whole_number;

whole_number! {
    /// How many of something: 1 to 999.
    pub struct Quantity(1..=999);
}

impl Quantity {
    /// One of it.
    pub const ONE: Self = Self(1);
    /// The most that are sold together.
    pub const MAX: Self = Self(999);

    /// The quantity that is nearest to a count.
    pub fn clamped(count: i64) -> Self {
        Self(count.clamp(Self::ONE.0, Self::MAX.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_1_to_999() {
        for count in [1, 999] {
            assert_eq!(Quantity::try_from(count).map(Quantity::get), Ok(count));
        }
        for count in [i64::MIN, -1, 0, 1_000, i64::MAX] {
            let error = Quantity::try_from(count).unwrap_err();
            assert_eq!(error.to_string(), "must be 1 to 999");
        }
        let nearest = [i64::MIN, 0, 1, 500, 999, 1_000, i64::MAX].map(|count| Quantity::clamped(count).get());
        assert_eq!(nearest, [1, 1, 1, 500, 999, 999, 999]);
    }

    #[test]
    fn json_is_a_whole_number() {
        assert_eq!(serde_json::to_string(&Quantity::ONE).unwrap(), "1");
        assert_eq!(serde_json::from_str::<Quantity>("1").unwrap(), Quantity::ONE);
        for json in ["0", "1000", "1.5", "1.0", "\"1\"", "null", "1e0"] {
            assert!(serde_json::from_str::<Quantity>(json).is_err(), "{json}");
        }
        let schema = schemars::schema_for!(Quantity);
        assert_eq!(schema.get("minimum").unwrap(), 1);
        assert_eq!(schema.get("maximum").unwrap(), 999);
    }
}
