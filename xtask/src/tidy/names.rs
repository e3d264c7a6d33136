//! Names that say nothing: a module is named after what it holds, so that its path can be predicted.

use syn::ItemMod;
use syn::visit::{self, Visit};

use crate::tidy::Finding;
use crate::tidy::files::SourceFile;
use crate::tidy::rust::RustFile;

const FORBIDDEN: [&str; 8] = [
    "utils", "util", "helpers", "helper", "common", "manager", "managers", "misc",
];

/// The file's own name and the folders it lies in.
pub(super) fn check_path(file: &SourceFile) -> Option<Finding> {
    let name = file.parts().find(|part| FORBIDDEN.contains(part))?;
    Some(file.finding(1, "names", what(name)))
}

/// Modules written inline, and those re-declared under another path.
pub(super) fn check_modules(rust: &RustFile<'_>) -> Vec<Finding> {
    let mut modules = Modules {
        rust,
        findings: Vec::new(),
    };
    modules.visit_file(&rust.syntax);
    modules.findings
}

struct Modules<'a> {
    rust: &'a RustFile<'a>,
    findings: Vec<Finding>,
}

impl<'ast> Visit<'ast> for Modules<'_> {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        let name = module.ident.to_string();
        if FORBIDDEN.contains(&name.as_str()) {
            let line = module.ident.span().start().line;
            self.findings.push(self.rust.finding(line, "names", what(&name)));
        }
        visit::visit_item_mod(self, module);
    }
}

fn what(name: &str) -> String {
    format!("`{name}` says nothing; name the module after what it holds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_or_folder_of_a_forbidden_name_is_found() {
        for path in [
            "kit/db/src/utils.rs",
            "kit/db/src/helpers/mod.rs",
            "services/a/tests/common/mod.rs",
        ] {
            assert!(check_path(&SourceFile::new(path, "")).is_some(), "{path}");
        }
    }

    #[test]
    fn a_name_that_merely_contains_one_is_fine() {
        for path in ["kit/db/src/common_table.rs", "web/src/managers_page.tsx"] {
            assert_eq!(check_path(&SourceFile::new(path, "")), None, "{path}");
        }
    }

    #[test]
    fn a_module_of_a_forbidden_name_is_found_at_any_depth() {
        let file = SourceFile::new("a.rs", "mod tests {\n    mod manager {}\n}\n");
        let findings = check_modules(&RustFile::parse(&file).unwrap());
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].line, findings[0].rule), (2, "names"));
    }
}
