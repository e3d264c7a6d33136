//! Plain words: an item is named with the terms of the field, so that a newcomer can search for them.
//!
//! Whole words are compared, not parts of them: `Counterpart` contains `part` and no word of this list. Tests are
//! named with sentences and may say what they like, and so may everything inside a macro call.

use syn::visit::{self, Visit};
use syn::{Attribute, Ident};

use crate::tidy::Finding;
use crate::tidy::files::SourceFile;
use crate::tidy::rust::RustFile;

/// Words that say it in a picture, and the terms to use.
const REFUSED: [(&[&str], &str); 10] = [
    (
        &["hear", "hears", "heard", "hearing", "listening", "ear", "ears"],
        "consumer, handler, subscription",
    ),
    (
        &["tell", "tells", "told", "telling"],
        "what it does: publish, record, send, into_…",
    ),
    (&["desk"], "HttpState, or what it administrates"),
    (&["wish", "wishes", "wanted"], "request, options, expected"),
    (
        &["verdict", "verdicts", "fate", "judge", "judges", "judged"],
        "outcome, result, decision",
    ),
    (
        &[
            "seat", "seats", "turn", "turns", "lane", "lanes", "ticket", "tickets",
        ],
        "slot, lease, partition, offset, cursor",
    ),
    (&["shelf", "shelves", "board", "bell"], "what it holds or does"),
    (&["sight"], "visibility, permission"),
    (&["newcomer", "newcomers"], "what it is new to"),
    (
        &[
            "world", "people", "place", "places", "way", "ways", "door", "doors",
        ],
        "fixture, app, users, location",
    ),
];

/// Whole names of functions that do not say what the function does.
const REFUSED_FUNCTIONS: [&str; 3] = ["refused", "failed", "told"];

/// Names that stay, and why.
const EXCEPTIONS: [(&str, &str); 1] = [("MOST_ARGON2_LANES", "argon2's own term for its parallelism")];

/// The name of a Rust file and the folders it lies in. Snapshots are named after tests.
pub(super) fn check_path(file: &SourceFile) -> Option<Finding> {
    if !file.is_rust() {
        return None;
    }
    let what = file.parts().find_map(problem)?;
    Some(file.finding(1, "words", what))
}

/// The names of the items in a file.
pub(super) fn check_items(rust: &RustFile<'_>) -> Vec<Finding> {
    let mut items = Items {
        rust,
        findings: Vec::new(),
    };
    items.visit_file(&rust.syntax);
    items.findings
}

struct Items<'a> {
    rust: &'a RustFile<'a>,
    findings: Vec<Finding>,
}

impl Items<'_> {
    fn check(&mut self, name: &Ident) {
        let text = name.to_string();
        if let Some(what) = problem(text.trim_start_matches("r#")) {
            self.add(name, what);
        }
    }

    fn check_function(&mut self, attributes: &[Attribute], name: &Ident) {
        if attributes.iter().any(is_test) {
            return;
        }
        self.check(name);
        if REFUSED_FUNCTIONS.iter().any(|refused| name == refused) {
            self.add(name, format!("`{name}` does not say what the function does"));
        }
    }

    fn add(&mut self, name: &Ident, what: String) {
        let line = name.span().start().line;
        self.findings.push(self.rust.finding(line, "words", what));
    }
}

/// `#[test]`, `#[tokio::test]`.
fn is_test(attribute: &Attribute) -> bool {
    attribute
        .path()
        .segments
        .last()
        .is_some_and(|last| last.ident == "test")
}

macro_rules! named_items {
    ($($visit:ident: $item:ident),* $(,)?) => {
        $(fn $visit(&mut self, item: &'ast syn::$item) {
            self.check(&item.ident);
            visit::$visit(self, item);
        })*
    };
}

macro_rules! functions {
    ($($visit:ident: $item:ident),* $(,)?) => {
        $(fn $visit(&mut self, item: &'ast syn::$item) {
            self.check_function(&item.attrs, &item.sig.ident);
            visit::$visit(self, item);
        })*
    };
}

impl<'ast> Visit<'ast> for Items<'_> {
    named_items! {
        visit_item_struct: ItemStruct,
        visit_item_enum: ItemEnum,
        visit_item_trait: ItemTrait,
        visit_item_mod: ItemMod,
        visit_item_type: ItemType,
        visit_item_const: ItemConst,
        visit_item_static: ItemStatic,
    }

    functions! {
        visit_item_fn: ItemFn,
        visit_impl_item_fn: ImplItemFn,
        visit_trait_item_fn: TraitItemFn,
    }
}

fn problem(name: &str) -> Option<String> {
    if EXCEPTIONS.iter().any(|(exception, _)| *exception == name) {
        return None;
    }
    words(name).into_iter().find_map(|word| {
        let (_, instead) = REFUSED
            .iter()
            .find(|(refused, _)| refused.contains(&word.as_str()))?;
        Some(format!("`{name}`: `{word}` is a picture; say {instead}"))
    })
}

/// The words of a name in lower case, whether it is written with underscores or with capitals.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (after_lower && letter.is_uppercase()) {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        after_lower = letter.is_lowercase();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let file = SourceFile::new(path, text);
        let findings = check_items(&RustFile::parse(&file).unwrap());
        findings.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_name_is_taken_apart_by_underscores_and_capitals() {
        assert_eq!(words("ToldOnDrop"), ["told", "on", "drop"]);
        assert_eq!(words("MOST_LANES"), ["most", "lanes"]);
        assert_eq!(words("_is_told"), ["", "is", "told"]);
    }

    #[test]
    fn an_item_of_every_kind_is_found() {
        let text = "struct Desk;\nenum Fate {}\ntrait Hears { fn tell(&self); }\nmod world { const PLACES: u8 = 1; }\n\
                    type Wish = u8;\nimpl A { fn is_told() {} }\nfn refused() {}\nstatic WORLD: u8 = 1;\n";
        assert_eq!(lines("kit/http/src/a.rs", text), [1, 2, 3, 3, 4, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn tests_and_macro_calls_may_say_what_they_like() {
        let text = "#[test]\nfn nobody_is_told() {}\n#[tokio::test(flavor = \"x\")]\nasync fn it_is_heard() {}\n\
                    stories! { async fn everybody_is_told() {} }\n";
        assert_eq!(lines("services/users/tests/it/a.rs", text), [0; 0]);
    }

    #[test]
    fn parts_of_words_and_exceptions_are_fine() {
        let text = "struct Placement;\nconst MOST_ARGON2_LANES: u8 = 1;\nfn is_refused() {}\n";
        assert_eq!(lines("services/auth/src/a.rs", text), [0; 0]);
    }

    #[test]
    fn a_file_or_folder_is_found() {
        for path in ["kit/http/tests/it/world.rs", "services/users/src/desk/mod.rs"] {
            assert!(check_path(&SourceFile::new(path, "")).is_some(), "{path}");
        }
        for path in ["kit/http/src/worldwide.rs", "stoa/who_is_told.snap"] {
            assert_eq!(check_path(&SourceFile::new(path, "")), None, "{path}");
        }
    }
}
