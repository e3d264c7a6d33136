//! How somebody names something that has an identifier and a slug.

use std::str::FromStr;

use catalog_api::{CategoryId, ProductId};
use kit_values::{Slug, SlugError};

/// An identifier, or a slug.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reference<I> {
    Id(I),
    Slug(Slug),
}

/// How somebody names a category.
pub(crate) type CategoryRef = Reference<CategoryId>;

/// How somebody names a product.
pub(crate) type ProductRef = Reference<ProductId>;

impl<I: FromStr> FromStr for Reference<I> {
    type Err = SlugError;

    /// No slug has the prefix of an identifier.
    fn from_str(text: &str) -> Result<Self, SlugError> {
        text.parse()
            .map(Self::Id)
            .or_else(|_| text.parse().map(Self::Slug))
    }
}

#[cfg(test)]
mod tests {
    use kit_values::Uuid;

    use super::*;

    #[test]
    fn a_reference_is_an_identifier_or_a_slug() {
        let id = CategoryId::from(Uuid::from_u128(7));
        let slug = CategoryRef::Slug("mugs".parse().unwrap());
        assert_eq!("mugs".parse(), Ok(slug));
        assert_eq!(id.to_string().parse(), Ok(CategoryRef::Id(id)));
        for text in ["", "Mugs", "cat_", "cat_7", "a\0b", "%' OR 1=1"] {
            assert!(text.parse::<CategoryRef>().is_err(), "{text}");
        }
    }
}
