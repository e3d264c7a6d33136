//! How a thing gets its slug.

use std::fmt::Display;

use kit_http::Check;
use kit_values::Slug;

/// The slug of something new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SlugChoice {
    /// Asked for: this or none.
    Given(Slug),
    /// Made of the name, so that another will do where it is taken.
    Made(Slug),
}

impl SlugChoice {
    /// The one that is given, else one of the name, else one of the kind of thing.
    pub(crate) fn read(
        check: &mut Check,
        given: Option<String>,
        (name, kind): (&str, &'static str),
    ) -> Option<Self> {
        match given {
            Some(text) => check.field("/slug", text.parse()).map(Self::Given),
            None => Slug::of_name(name).or_else(|| kind.parse().ok()).map(Self::Made),
        }
    }

    /// What to try first.
    pub(crate) fn first(&self) -> &Slug {
        match self {
            Self::Given(slug) | Self::Made(slug) => slug,
        }
    }

    /// What to try where that is taken: the end of the thing's identifier, which is random, behind it.
    pub(crate) fn second(&self, id: impl Display) -> Option<Slug> {
        match self {
            Self::Given(_) => None,
            Self::Made(slug) => {
                let id = id.to_string();
                let (_, end) = id.rsplit_once('-')?;
                Some(slug.with_suffix(&end.parse().ok()?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use catalog_api::ProductId;
    use kit_values::Uuid;

    use super::*;

    fn choose(given: Option<&str>, name: &str) -> Option<SlugChoice> {
        SlugChoice::read(&mut Check::new(), given.map(str::to_owned), (name, "product"))
    }

    #[test]
    fn a_slug_that_is_asked_for_is_the_one_or_none() {
        let id = ProductId::from(Uuid::max());
        let given = choose(Some("mug"), "Cup").unwrap();
        assert_eq!((given.first().as_str(), given.second(id)), ("mug", None));
        assert_eq!(choose(Some("No slug"), "Cup"), None);
    }

    #[test]
    fn a_slug_that_is_made_has_a_second_choice() {
        let id = ProductId::from(Uuid::max());
        for (name, first) in [("Blue Mug", "blue-mug"), ("茶碗", "product")] {
            let made = choose(None, name).unwrap();
            assert_eq!(made.first().as_str(), first);
            assert_eq!(made.second(id).unwrap().as_str(), format!("{first}-ffffffffffff"));
        }
    }
}
