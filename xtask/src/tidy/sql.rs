//! SQL lives where the rows are: in a service's `store` module, and in the crates that are about databases.

use crate::tidy::Finding;
use crate::tidy::rust::RustFile;

/// Crates that are about databases, or look at one from outside.
const FREE: [&str; 6] = [
    "kit/db/",
    "kit/bus/",
    "kit/bus-testing/",
    "kit/testing/",
    "e2e/",
    "bench/",
];

pub(super) fn check(rust: &RustFile<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !may_hold_sql(rust) {
        for literal in rust.strings.iter().filter(|literal| is_sql(&literal.text)) {
            let what = "SQL outside a `store` module".to_owned();
            findings.push(rust.finding(literal.line, "sql", what));
        }
    }
    // Tests look behind the tables of schemas that they made, and drop them.
    let tests = rust.file.path.starts_with("kit/testing/") || rust.file.parts().any(|part| part == "tests");
    if !tests && !rust.file.path.starts_with("kit/db/") {
        for word in rust.words.iter().filter(|word| word.text == "AssertSqlSafe") {
            let what = "`AssertSqlSafe` outside `kit-db`: SQL is a `&'static str`".to_owned();
            findings.push(rust.finding(word.line, "sql-safe", what));
        }
    }
    findings
}

/// A service's tests look at its tables where there is no other way to see them.
fn may_hold_sql(rust: &RustFile<'_>) -> bool {
    FREE.iter().any(|free| rust.file.path.starts_with(free))
        || rust.file.parts().any(|part| ["store", "tests"].contains(&part))
}

/// Whether a text is a statement that reads or writes rows. In capitals, as SQL is written here, the first
/// word decides; otherwise the words that must follow it do, since `update your profile` is English.
fn is_sql(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [first, rest @ ..] = words.as_slice() else {
        return false;
    };
    if rest.is_empty() {
        return false;
    }
    // `DELETE /api/users` is a request, not a statement.
    if ["SELECT", "INSERT", "UPDATE", "DELETE"].contains(first) && !rest[0].starts_with('/') {
        return true;
    }
    let follows = |wanted: &str| rest.iter().any(|word| word.eq_ignore_ascii_case(wanted));
    let is_next = |wanted: &str| rest[0].eq_ignore_ascii_case(wanted);
    match first.to_ascii_lowercase().as_str() {
        "insert" => is_next("into") && (follows("values") || follows("select")),
        "delete" => is_next("from") && follows("where"),
        "update" => follows("set") && text.contains('='),
        "select" => follows("from") && (text.contains(['*', ',', '=', '(']) || rest.len() == 3),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::files::SourceFile;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        let file = SourceFile::new(path, text);
        check(&RustFile::parse(&file).unwrap())
            .into_iter()
            .map(|finding| finding.rule)
            .collect()
    }

    #[test]
    fn a_statement_outside_a_store_is_found() {
        for text in [
            r#"const Q: &str = "SELECT id FROM users";"#,
            r#"fn f() { query("  INSERT INTO users VALUES ($1)") }"#,
            r##"fn f() { query!(r#"update users set name = $1"#) }"##,
            r#"fn f() { query("delete from users where id = $1") }"#,
            r#"fn f() { query("select id from users") }"#,
            r#"fn f() { query("DELETE FROM users") }"#,
        ] {
            assert_eq!(rules("services/users/src/service.rs", text), ["sql"], "{text}");
        }
    }

    #[test]
    fn a_statement_in_a_store_a_test_or_a_database_crate_is_fine() {
        let text = r#"const Q: &str = "SELECT id FROM users";"#;
        for path in [
            "services/users/src/store.rs",
            "services/users/src/store/rows.rs",
            "services/users/tests/it/crash.rs",
            "kit/db/src/outbox.rs",
            "e2e/tests/crash.rs",
        ] {
            assert_eq!(rules(path, text), [""; 0], "{path}");
        }
    }

    #[test]
    fn english_is_not_sql() {
        for text in [
            "update your profile",
            "select one from the list",
            "delete",
            "SELECT",
            "DELETE /api/users/:id",
            "",
        ] {
            assert!(!is_sql(text), "{text}");
        }
    }

    #[test]
    fn sql_from_a_made_up_string_is_kept_to_kit_db() {
        let text = "fn f() { query(sqlx::AssertSqlSafe(made)) }";
        assert_eq!(rules("services/users/src/store.rs", text), ["sql-safe"]);
        assert_eq!(rules("kit/http/src/lib.rs", text), ["sql-safe"]);
        assert_eq!(rules("kit/db/src/tx.rs", text), [""; 0]);
    }
}
