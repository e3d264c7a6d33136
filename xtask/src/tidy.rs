//! `cargo xtask tidy`: the house rules that no compiler checks.
//!
//! A written limit without a tool is not kept, so each rule of the house that a program can check well is
//! checked here, and one that it would only guess at is not. Every finding is printed, all at once, as
//! `path:line: rule: what`.
//!
//! One file a rule, and each has tests that show it catches a violation.

mod domain;
mod drivers;
mod files;
mod law;
mod names;
mod rust;
mod sizes;
mod sql;
mod text;
mod todos;
mod words;

use std::fmt;

use anyhow::bail;

use self::files::SourceFile;
use self::rust::RustFile;
use crate::crates::Crates;
use crate::workspace::Workspace;

/// Something that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// Relative to the workspace, with `/`.
    path: String,
    /// From 1.
    line: usize,
    rule: &'static str,
    what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            rule,
            what,
        } = self;
        write!(f, "{path}:{line}: {rule}: {what}")
    }
}

/// Runs the command; an error when there are findings.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let files = files::read_all(workspace)?;
    let crates = Crates::of(workspace)?;
    let mut findings = law::check(&crates, workspace.root());
    findings.extend(drivers::check(&crates, workspace));
    for file in &files {
        findings.extend(check_file(file));
    }
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings in {} files", findings.len(), files.len());
    }
    eprintln!("tidy: {} files, nothing to say", files.len());
    Ok(())
}

/// All rules that look at one file.
fn check_file(file: &SourceFile) -> Vec<Finding> {
    let mut findings = text::check(file);
    findings.extend(names::check_path(file));
    findings.extend(words::check_path(file));
    if !file.is_rust() {
        findings.extend(todos::check_text(file));
        return findings;
    }
    findings.extend(sizes::check_file(file));
    match RustFile::parse(file) {
        Ok(rust) => {
            findings.extend(sizes::check_functions(&rust));
            findings.extend(names::check_modules(&rust));
            findings.extend(words::check_items(&rust));
            findings.extend(todos::check_rust(&rust));
            findings.extend(sql::check(&rust));
            findings.extend(domain::check(&rust));
        }
        Err(error) => {
            findings.push(file.finding(error.span().start().line, "parse", error.to_string()));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_path_line_rule_what() {
        let finding = SourceFile::new("a/b.rs", "").finding(7, "names", "no".to_owned());
        assert_eq!(finding.to_string(), "a/b.rs:7: names: no");
    }

    #[test]
    fn every_rule_sees_the_file() {
        let file = SourceFile::new(
            "services/orders/src/utils.rs",
            "// TODO\nmod helpers { fn f(a: A, b: A, c: A, d: A, e: A, f: A) { q(\"SELECT 1\"); AssertSqlSafe } }",
        );
        let rules: Vec<&str> = check_file(&file).iter().map(|finding| finding.rule).collect();
        assert_eq!(
            rules,
            [
                "newline",
                "names",
                "parameters",
                "names",
                "todo",
                "sql",
                "sql-safe"
            ]
        );
    }

    #[test]
    fn a_file_that_does_not_parse_is_a_finding() {
        let file = SourceFile::new("stoa/src/main.rs", "fn main() {}\nfn {\n");
        let findings = check_file(&file);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].rule, "parse");
    }
}
