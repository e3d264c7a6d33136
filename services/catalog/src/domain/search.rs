//! Which products somebody looks for, and in which order.

use std::fmt;
use std::str::FromStr;

use catalog_api::{ProductFilter, ProductSort, ProductStatus};
use kit_values::Currency;

use super::{CategoryRef, SearchWords};

const LONGEST_SEARCH: usize = 200;

/// What is looked for: products for which all of it holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ProductSearch {
    pub words: Option<SearchWords>,
    pub category: Option<CategoryRef>,
    pub in_stock: bool,
    pub min_price: Option<i64>,
    pub max_price: Option<i64>,
    pub currency: Option<Currency>,
    pub status: ProductStatus,
    pub sort: ProductSort,
}

/// What somebody may find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What fits the search.
    Search(ProductSearch),
    /// Nothing, whatever there is: no product can fit, or none that they may see.
    Nothing,
}

impl Scope {
    /// What a filter means to somebody; an error says what is wrong with it.
    pub(crate) fn read(filter: ProductFilter, sees_archived: bool) -> Result<Self, String> {
        let text = filter.q.unwrap_or_default();
        if text.chars().count() > LONGEST_SEARCH {
            return Err(format!("`q` must have at most {LONGEST_SEARCH} characters"));
        }
        let words = SearchWords::parse(&text);
        let category = filter.category.map(|category| category.parse().ok());
        let status = filter.status.unwrap_or(ProductStatus::Active);
        let is_hidden = status == ProductStatus::Archived && !sees_archived;
        // Signs alone are no words, and stand in no product.
        let is_wordless = words.is_none() && !text.trim().is_empty();
        if is_hidden || is_wordless || category == Some(None) {
            return Ok(Self::Nothing);
        }
        let sort = match filter.sort.unwrap_or(ProductSort::Relevance) {
            ProductSort::Relevance if words.is_none() => ProductSort::Newest,
            sort => sort,
        };
        Ok(Self::Search(ProductSearch {
            words,
            category: category.flatten(),
            in_stock: filter.in_stock.unwrap_or_default(),
            min_price: filter.min_price,
            max_price: filter.max_price,
            currency: filter.currency,
            status,
            sort,
        }))
    }
}

/// Where in a list a product stands: what the list is sorted by, and the product's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ListingKey {
    pub sort: ProductSort,
    /// The price, or how well it fits; the number once more where that is the order.
    pub value: i64,
    pub number: i64,
}

impl fmt::Display for ListingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.sort, self.value, self.number)
    }
}

/// A text is no key of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListingKeyError;

impl FromStr for ListingKey {
    type Err = ListingKeyError;

    fn from_str(text: &str) -> Result<Self, ListingKeyError> {
        let mut parts = text.splitn(3, ':');
        let mut next = || parts.next().ok_or(ListingKeyError);
        let (sort, value, number) = (next()?, next()?, next()?);
        Ok(Self {
            sort: sort.parse().map_err(|_| ListingKeyError)?,
            value: value.parse().map_err(|_| ListingKeyError)?,
            number: number.parse().map_err(|_| ListingKeyError)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(q: &str, sort: Option<ProductSort>) -> Scope {
        let filter = ProductFilter {
            q: Some(q.to_owned()),
            sort,
            ..ProductFilter::default()
        };
        Scope::read(filter, false).unwrap()
    }

    fn sort_of(scope: Scope) -> Option<ProductSort> {
        match scope {
            Scope::Search(search) => Some(search.sort),
            Scope::Nothing => None,
        }
    }

    #[test]
    fn without_words_nothing_is_relevant_and_the_newest_is_first() {
        assert_eq!(sort_of(read("", None)), Some(ProductSort::Newest));
        assert_eq!(
            sort_of(read("  ", Some(ProductSort::Relevance))),
            Some(ProductSort::Newest)
        );
        assert_eq!(sort_of(read("mug", None)), Some(ProductSort::Relevance));
        assert_eq!(
            sort_of(read("mug", Some(ProductSort::Price))),
            Some(ProductSort::Price)
        );
        assert_eq!(sort_of(read("\"*", None)), None);
    }

    #[test]
    fn what_one_may_not_see_is_not_found() {
        let archived = ProductFilter {
            status: Some(ProductStatus::Archived),
            ..ProductFilter::default()
        };
        assert_eq!(Scope::read(archived.clone(), false), Ok(Scope::Nothing));
        assert!(matches!(Scope::read(archived, true), Ok(Scope::Search(_))));
    }

    #[test]
    fn a_search_that_is_too_long_is_refused() {
        let filter = |length: usize| ProductFilter {
            q: Some("ü".repeat(length)),
            ..ProductFilter::default()
        };
        assert!(Scope::read(filter(200), false).is_ok());
        assert!(Scope::read(filter(201), false).is_err());
    }

    #[test]
    fn a_key_is_read_as_it_was_written() {
        for sort in ProductSort::ALL {
            let key = ListingKey {
                sort,
                value: -7,
                number: 9,
            };
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        for text in [
            "",
            "price",
            "price:1",
            "price:1:x",
            "price:1:2:3",
            "best:1:2",
            "7",
        ] {
            assert_eq!(text.parse::<ListingKey>(), Err(ListingKeyError), "{text}");
        }
    }
}
