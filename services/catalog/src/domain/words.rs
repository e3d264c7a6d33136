//! Text as words that can be looked for.
//!
//! Products and searches are taken apart here, in the same manner on every database: each word is a run of letters
//! and digits in lower case, without accents and with compatible forms made one. So a search is words and nothing
//! else when it reaches a database: there is no sign left that could mean something there.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Product, Variant};

/// What is longer is cut, in products as in searches.
const LONGEST_WORD: usize = 64;

/// Words of a search that are looked at.
const MOST_SEARCHED: usize = 16;

fn words(text: &str) -> impl Iterator<Item = String> {
    let plain = text.chars().flat_map(char::to_lowercase).nfkd();
    let plain: String = plain.filter(|letter| !is_combining_mark(*letter)).collect();
    let cut = |word: &str| {
        word.chars()
            .take(LONGEST_WORD)
            .flat_map(char::to_lowercase)
            .collect()
    };
    let words: Vec<String> = plain
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(cut)
        .collect();
    words.into_iter()
}

/// What a search asks for: all of these words, of which the last one may be the beginning of a word.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SearchWords(Vec<String>);

impl SearchWords {
    /// The words of a search; none where there is none in it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let words: Vec<_> = words(text).take(MOST_SEARCHED).collect();
        (!words.is_empty()).then_some(Self(words))
    }

    pub(crate) fn all(&self) -> &[String] {
        &self.0
    }
}

/// The words of a product, those of each part with blanks between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProductWords {
    pub name: String,
    pub sku: String,
    pub description: String,
}

impl ProductWords {
    pub(crate) fn new(product: &Product, variants: &[Variant]) -> Self {
        let joined = |text: &str| words(text).collect::<Vec<_>>().join(" ");
        let skus: Vec<_> = variants
            .iter()
            .map(|variant| joined(variant.sku.as_str()))
            .collect();
        Self {
            name: joined(&product.name),
            sku: skus.join(" "),
            description: joined(&product.description),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Vec<String> {
        words(text).collect()
    }

    #[test]
    fn words_are_plain_letters_and_digits() {
        assert_eq!(of("Blue MUG-7, café"), ["blue", "mug", "7", "cafe"]);
        assert_eq!(of("ﬁne Ⅳ İstanbul ẞ"), ["fine", "iv", "istanbul", "ß"]);
        assert_eq!(of("a\0b%c'd\"e*f:g"), ["a", "b", "c", "d", "e", "f", "g"]);
        assert_eq!(of("!!! --- ***"), [""; 0]);
        assert_eq!(of("茶碗 чашка"), ["茶碗", "чашка"]);
    }

    #[test]
    fn a_search_is_bounded() {
        assert_eq!(SearchWords::parse("!!!"), None);
        let many = "w ".repeat(1000);
        assert_eq!(SearchWords::parse(&many).unwrap().all().len(), MOST_SEARCHED);
        let long = "x".repeat(1000);
        assert_eq!(
            SearchWords::parse(&long).unwrap().all(),
            ["x".repeat(LONGEST_WORD)]
        );
    }

    proptest! {
        #[test]
        fn no_word_has_a_sign_in_it(text in "\\PC{0,60}|.{0,60}") {
            for word in of(&text) {
                prop_assert!(word.chars().all(|letter| !letter.is_ascii() || letter.is_ascii_alphanumeric()), "{word}");
                prop_assert!(!word.is_empty());
            }
        }

        #[test]
        fn what_a_product_is_called_finds_it(text in "\\PC{1,60}") {
            let found = of(&text);
            if let Some(search) = SearchWords::parse(&text) {
                prop_assert!(search.all().iter().all(|word| found.contains(word)));
            }
        }
    }
}
