//! A service's `domain` is pure: state and input give new state, with nothing awaited, read or made up on
//! the way, so that it can be tested by the thousand and read without knowing the rest.

use crate::tidy::Finding;
use crate::tidy::rust::RustFile;

const IMPURE: [&str; 6] = ["async", "await", "sqlx", "kit_db", "Clock", "Ids"];

pub(super) fn check(rust: &RustFile<'_>) -> Vec<Finding> {
    let path = &rust.file.path;
    if !path.starts_with("services/")
        || !path.contains("/src/")
        || !rust.file.parts().any(|part| part == "domain")
    {
        return Vec::new();
    }
    let impure = rust
        .words
        .iter()
        .filter(|word| IMPURE.contains(&word.text.as_str()));
    impure
        .map(|word| {
            let what = format!(
                "`{}` in a `domain` module, which is pure; take the value",
                word.text
            );
            rust.finding(word.line, "domain", what)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::files::SourceFile;

    fn lines(path: &str) -> Vec<usize> {
        let file = SourceFile::new(
            path,
            "use kit_runtime::Clock;\nasync fn f() {\n    g().await\n}\n",
        );
        check(&RustFile::parse(&file).unwrap())
            .into_iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn waiting_and_the_clock_are_found_in_a_domain() {
        assert_eq!(lines("services/orders/src/domain.rs"), [1, 2, 3]);
        assert_eq!(lines("services/orders/src/domain/order.rs"), [1, 2, 3]);
    }

    #[test]
    fn they_are_fine_elsewhere() {
        assert_eq!(lines("services/orders/src/service.rs"), [0; 0]);
        assert_eq!(lines("kit/http/src/domain.rs"), [0; 0]);
    }
}
