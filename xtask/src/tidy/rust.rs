//! A Rust file as the rules look at it: its syntax tree, its words, its string literals, its comments.
//!
//! Words and literals come from the tokens, not from the syntax tree, because a tree holds what is inside a
//! macro call only as tokens.

use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};

use crate::tidy::Finding;
use crate::tidy::files::SourceFile;

/// A parsed file.
pub(super) struct RustFile<'a> {
    pub(super) file: &'a SourceFile,
    pub(super) syntax: syn::File,
    /// Identifiers and keywords.
    pub(super) words: Vec<Spotted>,
    /// The values of string literals; documentation comments, which are literals to the compiler, are not.
    pub(super) strings: Vec<Spotted>,
    literals: Vec<Range<usize>>,
}

/// A piece of text and its line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spotted {
    pub(super) text: String,
    pub(super) line: usize,
}

impl<'a> RustFile<'a> {
    pub(super) fn parse(file: &'a SourceFile) -> syn::Result<Self> {
        let stream: TokenStream = file.text.parse()?;
        let syntax = syn::parse2(stream.clone())?;
        let mut rust = Self {
            file,
            syntax,
            words: Vec::new(),
            strings: Vec::new(),
            literals: Vec::new(),
        };
        rust.collect(stream);
        Ok(rust)
    }

    fn collect(&mut self, stream: TokenStream) {
        for token in stream {
            match token {
                TokenTree::Group(group) => self.collect(group.stream()),
                TokenTree::Ident(word) => {
                    self.words.push(Spotted {
                        text: word.to_string(),
                        line: word.span().start().line,
                    });
                }
                TokenTree::Literal(literal) => {
                    let range = literal.span().byte_range();
                    if self
                        .file
                        .text
                        .get(range.clone())
                        .is_none_or(|source| source.starts_with('/'))
                    {
                        continue;
                    }
                    if let Ok(value) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        let line = literal.span().start().line;
                        self.strings.push(Spotted {
                            text: value.value(),
                            line,
                        });
                    }
                    self.literals.push(range);
                }
                TokenTree::Punct(_) => {}
            }
        }
    }

    /// The source with every literal blanked and every line where it was: what remains is code and comments.
    pub(super) fn without_literals(&self) -> String {
        let mut bytes = self.file.text.clone().into_bytes();
        for byte in self.literals.iter().flat_map(Range::clone) {
            if bytes[byte] != b'\n' {
                bytes[byte] = b' ';
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub(super) fn finding(&self, line: usize, rule: &'static str, what: String) -> Finding {
        self.file.finding(line, rule, what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str =
        "//! Doc \"one\".\n\n/// Doc two.\nfn f() {\n    // é remark\n    q!(\"a\\nb\", r#\"c\n\"#, 7)\n}\n";

    #[test]
    fn strings_inside_macros_are_seen_and_documentation_is_not() {
        let file = SourceFile::new("a.rs", SOURCE);
        let rust = RustFile::parse(&file).unwrap();
        let strings: Vec<_> = rust
            .strings
            .iter()
            .map(|found| (found.text.as_str(), found.line))
            .collect();
        assert_eq!(strings, [("a\nb", 6), ("c\n", 6)]);
    }

    #[test]
    fn comments_outlive_the_blanking_of_literals() {
        let file = SourceFile::new("a.rs", SOURCE);
        let rust = RustFile::parse(&file).unwrap();
        let remains = rust.without_literals();
        assert_eq!(remains.lines().count(), SOURCE.lines().count());
        assert!(
            remains.contains("Doc \"one\"") && remains.contains("Doc two") && remains.contains("// é remark")
        );
        assert!(!remains.contains("a\\nb") && !remains.contains('7'), "{remains}");
    }
}
