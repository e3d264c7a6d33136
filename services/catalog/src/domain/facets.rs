//! What a search can be narrowed by.

use std::cmp::Reverse;
use std::collections::HashMap;

use catalog_api::{CategoryFacet, CategoryId};

use super::{Category, CategoryTree};

const MOST_CATEGORIES: usize = 100;

/// From how many products stand in each category itself: how many stand in it or below it, the most first.
pub(crate) fn category_facets(categories: &[Category], own: &[(CategoryId, u64)]) -> Vec<CategoryFacet> {
    let tree = CategoryTree::new(categories);
    let mut counts: HashMap<CategoryId, u64> = HashMap::new();
    for (id, count) in own {
        for ancestor in tree.line(*id) {
            *counts.entry(ancestor).or_default() += count;
        }
    }
    let found = categories.iter().filter_map(|category| {
        let count = *counts.get(&category.id)?;
        Some(CategoryFacet {
            value: category.slug.clone(),
            name: category.name.clone(),
            count,
        })
    });
    let mut facets: Vec<_> = found.collect();
    facets.sort_by(|one, other| (Reverse(one.count), &one.value).cmp(&(Reverse(other.count), &other.value)));
    facets.truncate(MOST_CATEGORIES);
    facets
}

#[cfg(test)]
mod tests {
    use kit_runtime::Timestamp;
    use kit_values::Uuid;

    use super::*;

    fn category(number: u128, parent: Option<u128>) -> Category {
        Category {
            id: Uuid::from_u128(number).into(),
            slug: format!("c{number}").parse().unwrap(),
            name: number.to_string(),
            parent_id: parent.map(|parent| Uuid::from_u128(parent).into()),
            version: 1,
            created_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn a_category_counts_what_stands_below_it() {
        let categories = [
            category(1, None),
            category(2, Some(1)),
            category(3, Some(2)),
            category(4, None),
        ];
        let own = [(categories[1].id, 2), (categories[2].id, 3)];
        let facets = category_facets(&categories, &own);
        let counts: Vec<_> = facets
            .iter()
            .map(|facet| (facet.value.as_str(), facet.count))
            .collect();
        assert_eq!(counts, [("c1", 5), ("c2", 5), ("c3", 3)]);
    }
}
