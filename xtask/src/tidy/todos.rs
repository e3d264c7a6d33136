//! What is left to do has an issue, and its comment names it: `TODO(#12)`.

use crate::tidy::Finding;
use crate::tidy::files::SourceFile;
use crate::tidy::rust::RustFile;

const MARKS: [&str; 2] = ["TODO", "FIXME"];

/// Files other than Rust whose comments people write. Prose may speak of the marks.
const EXTENSIONS: [&str; 10] = ["toml", "yml", "yaml", "sql", "sh", "py", "ts", "tsx", "css", "js"];

pub(super) fn check_text(file: &SourceFile) -> Vec<Finding> {
    if EXTENSIONS.iter().any(|extension| file.has_extension(extension)) {
        check_lines(file, &file.text)
    } else {
        Vec::new()
    }
}

/// Code and comments of a Rust file; a string literal may hold the marks.
pub(super) fn check_rust(rust: &RustFile<'_>) -> Vec<Finding> {
    check_lines(rust.file, &rust.without_literals())
}

fn check_lines(file: &SourceFile, text: &str) -> Vec<Finding> {
    let unnumbered = |(index, line): (usize, &str)| {
        let mark = MARKS.into_iter().find(|mark| has_unnumbered(line, mark))?;
        Some(file.finding(
            index + 1,
            "todo",
            format!("`{mark}` without an issue; write `{mark}(#12)`"),
        ))
    };
    text.lines().enumerate().filter_map(unnumbered).collect()
}

fn has_unnumbered(line: &str, mark: &str) -> bool {
    line.match_indices(mark).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + mark.len()..];
        let is_word = !before.is_some_and(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric);
        is_word && !is_numbered(after)
    })
}

fn is_numbered(after: &str) -> bool {
    let number = after
        .strip_prefix("(#")
        .and_then(|rest| rest.split_once(')'))
        .map(|(number, _)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let file = SourceFile::new(path, text);
        let findings = if file.is_rust() {
            check_rust(&RustFile::parse(&file).unwrap())
        } else {
            check_text(&file)
        };
        findings.into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_mark_without_an_issue_is_found_in_every_kind_of_comment() {
        let text = "//! TODO\n/// FIXME: later\nfn f() {\n    // TODO(me)\n    /* TODO(#) */\n}\n";
        assert_eq!(lines("a.rs", text), [1, 2, 4, 5]);
        assert_eq!(lines("a.toml", "# TODO: pin\n"), [1]);
    }

    #[test]
    fn a_mark_with_an_issue_is_fine() {
        assert_eq!(lines("a.rs", "// TODO(#12): say more\n// FIXME(#7)\n"), [0; 0]);
    }

    #[test]
    fn a_string_a_longer_word_and_prose_are_fine() {
        assert_eq!(lines("a.rs", "fn f() { g(\"TODO\", TODOS) }\n"), [0; 0]);
        assert_eq!(lines("a.md", "No TODO without an issue.\n"), [0; 0]);
    }
}
