//! Categories, and the tree that they make.

use std::collections::HashMap;

use catalog_api::{CategoryChanged, CategoryId, CategoryName, CategoryView, CreateCategory, UpdateCategory};
use kit_http::{Check, FieldError};
use kit_runtime::Timestamp;
use kit_values::Slug;

use super::SlugChoice;
use super::product::visible;

/// A category that is not archived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Category {
    pub id: CategoryId,
    pub slug: Slug,
    pub name: String,
    pub parent_id: Option<CategoryId>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Category {
    /// What is told of it once it was made or changed.
    pub(crate) fn event(&self) -> CategoryChanged {
        CategoryChanged {
            category_id: self.id,
            slug: self.slug.clone(),
            is_archived: false,
            version: self.version,
            timestamp: self.updated_at,
        }
    }
}

impl From<Category> for CategoryView {
    fn from(category: Category) -> Self {
        Self {
            id: category.id,
            slug: category.slug,
            name: category.name,
            parent_id: category.parent_id,
        }
    }
}

/// A category that may be made, as far as it alone is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CategoryDraft {
    pub name: CategoryName,
    pub slug: SlugChoice,
    pub parent_id: Option<CategoryId>,
}

impl CategoryDraft {
    /// Checks every member and names all that are wrong.
    pub(crate) fn check(request: CreateCategory) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::new();
        let slug = SlugChoice::read(&mut check, request.slug, (&request.name, "category"));
        let name = check.field("/name", visible(request.name));
        check.finish(|| {
            Some(Self {
                name: name?,
                slug: slug?,
                parent_id: request.parent_id,
            })
        })
    }

    pub(crate) fn record(&self, id: CategoryId, at: Timestamp) -> Category {
        Category {
            id,
            slug: self.slug.first().clone(),
            name: self.name.to_string(),
            parent_id: self.parent_id,
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

/// A change that may be made: `None` leaves the member as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::option_option,
    reason = "left out, null and given are three different requests"
)]
pub(crate) struct CategoryChange {
    pub name: Option<CategoryName>,
    pub slug: Option<Slug>,
    pub parent_id: Option<Option<CategoryId>>,
}

impl CategoryChange {
    /// Checks every member and names all that are wrong.
    pub(crate) fn check(request: UpdateCategory) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::new();
        let name = check.field("/name", request.name.map(visible).transpose());
        let slug = request.slug.map(|slug| slug.parse()).transpose();
        let slug = check.field("/slug", slug);
        check.finish(|| {
            Some(Self {
                name: name?,
                slug: slug?,
                parent_id: request.parent_id,
            })
        })
    }

    /// The category after it, in its next version.
    pub(crate) fn apply(&self, category: Category, at: Timestamp) -> Category {
        let name = self.name.as_ref().map(ToString::to_string);
        Category {
            name: name.unwrap_or(category.name),
            slug: self.slug.clone().unwrap_or(category.slug),
            parent_id: self.parent_id.unwrap_or(category.parent_id),
            version: category.version + 1,
            updated_at: at,
            ..category
        }
    }
}

/// Which category stands in which.
#[derive(Clone, Debug, Default)]
pub(crate) struct CategoryTree {
    parents: HashMap<CategoryId, Option<CategoryId>>,
}

impl CategoryTree {
    pub(crate) fn new<'c>(categories: impl IntoIterator<Item = &'c Category>) -> Self {
        let parents = categories
            .into_iter()
            .map(|category| (category.id, category.parent_id));
        Self {
            parents: parents.collect(),
        }
    }

    pub(crate) fn contains(&self, id: CategoryId) -> bool {
        self.parents.contains_key(&id)
    }

    /// Whether `id` is the category `of`, or stands below it.
    pub(crate) fn is_within(&self, id: CategoryId, of: CategoryId) -> bool {
        self.line(id).any(|ancestor| ancestor == of)
    }

    /// A category and all that it stands in, from the inside out. It ends however odd the tree is.
    pub(crate) fn line(&self, id: CategoryId) -> impl Iterator<Item = CategoryId> + '_ {
        let parent = |id: &CategoryId| self.parents.get(id).copied().flatten();
        std::iter::successors(Some(id), parent).take(self.parents.len() + 1)
    }
}

#[cfg(test)]
mod tests {
    use kit_values::Uuid;
    use proptest::prelude::*;

    use super::*;

    fn id(number: u128) -> CategoryId {
        Uuid::from_u128(number).into()
    }

    fn category(number: u128, parent: Option<u128>) -> Category {
        Category {
            id: id(number),
            slug: "x".parse().unwrap(),
            name: String::new(),
            parent_id: parent.map(id),
            version: 1,
            created_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn what_stands_below_is_within() {
        let tree = CategoryTree::new(&[category(1, None), category(2, Some(1)), category(3, Some(2))]);
        assert!(tree.is_within(id(3), id(1)) && tree.is_within(id(1), id(1)));
        assert!(!tree.is_within(id(1), id(3)));
        assert!(tree.contains(id(2)) && !tree.contains(id(4)));
        let line: Vec<_> = tree.line(id(3)).collect();
        assert_eq!(line, [id(3), id(2), id(1)]);
    }

    proptest! {
        #[test]
        fn moves_that_are_let_through_never_make_a_cycle(moves in prop::collection::vec((0_u128..8, 0_u128..8), 0..60)) {
            let mut categories: Vec<_> = (0..8).map(|number| category(number, None)).collect();
            for (moved, parent) in moves {
                let tree = CategoryTree::new(&categories);
                if !tree.is_within(id(parent), id(moved)) {
                    categories[usize::try_from(moved).unwrap()].parent_id = Some(id(parent));
                }
            }
            let tree = CategoryTree::new(&categories);
            for category in &categories {
                prop_assert!(tree.line(category.id).count() <= 8, "it reaches the top");
            }
        }
    }
}
