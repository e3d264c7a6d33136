//! Rules for every text file.

use crate::tidy::Finding;
use crate::tidy::files::SourceFile;

/// Hosts of package registries. Which one is used is the machine's own setting, and a name written down
/// here would go around it. Put together so that this file does not name them.
const REGISTRIES: [&str; 9] = [
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("registry.npmjs", ".org"),
    concat!("registry.yarnpkg", ".com"),
    concat!("files.pythonhosted", ".org"),
    concat!("pypi", ".org"),
    concat!("proxy.golang", ".org"),
    concat!("deb.debian", ".org"),
    concat!("repo.maven.apache", ".org"),
];

pub(super) fn check(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        let last = file.text.lines().count();
        findings.push(file.finding(last, "newline", "the last line has no newline".to_owned()));
    }
    for (index, line) in file.text.lines().enumerate() {
        if let Some(host) = REGISTRIES.iter().find(|host| line.contains(**host)) {
            findings.push(file.finding(
                index + 1,
                "registry",
                format!("names the package registry `{host}`"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<(usize, &'static str)> {
        check(&SourceFile::new("a.md", text))
            .into_iter()
            .map(|finding| (finding.line, finding.rule))
            .collect()
    }

    #[test]
    fn a_missing_last_newline_is_found() {
        assert_eq!(rules("a\nb"), [(2, "newline")]);
        assert_eq!(rules("a\nb\n"), []);
        assert_eq!(rules(""), []);
    }

    #[test]
    fn the_host_of_a_registry_is_found() {
        let text = format!("one\nsee https://{}/simple\n", REGISTRIES[5]);
        assert_eq!(rules(&text), [(2, "registry")]);
    }
}
