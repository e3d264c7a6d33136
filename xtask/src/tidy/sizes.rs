//! Small files, small functions, few parameters, in production and test code alike.

use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::{Block, FnArg, ImplItemFn, ItemFn, Signature, TraitItemFn};

use crate::tidy::Finding;
use crate::tidy::files::SourceFile;
use crate::tidy::rust::RustFile;

const FILE_LINES: usize = 500;
const FUNCTION_LINES: usize = 80;
/// Beside `self`.
const PARAMETERS: usize = 5;

pub(super) fn check_file(file: &SourceFile) -> Option<Finding> {
    let lines = file.text.lines().count();
    (lines > FILE_LINES)
        .then(|| file.finding(1, "file-size", format!("{lines} lines, the cap is {FILE_LINES}")))
}

pub(super) fn check_functions(rust: &RustFile<'_>) -> Vec<Finding> {
    let mut functions = Functions {
        rust,
        findings: Vec::new(),
    };
    functions.visit_file(&rust.syntax);
    functions.findings
}

struct Functions<'a> {
    rust: &'a RustFile<'a>,
    findings: Vec<Finding>,
}

impl Functions<'_> {
    fn check(&mut self, signature: &Signature, body: Option<&Block>) {
        let name = &signature.ident;
        let first = line(signature.fn_token.span);
        if let Some(body) = body {
            let lines = body.brace_token.span.close().end().line - first + 1;
            if lines > FUNCTION_LINES {
                let what = format!("`{name}` has {lines} lines, the cap is {FUNCTION_LINES}");
                self.findings
                    .push(self.rust.finding(first, "function-size", what));
            }
        }
        let parameters = signature
            .inputs
            .iter()
            .filter(|input| matches!(input, FnArg::Typed(_)))
            .count();
        if parameters > PARAMETERS {
            let what = format!("`{name}` has {parameters} parameters, the cap is {PARAMETERS}");
            self.findings.push(self.rust.finding(first, "parameters", what));
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.check(&function.sig, Some(&function.block));
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.check(&function.sig, Some(&function.block));
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        self.check(&function.sig, function.default.as_ref());
        visit::visit_trait_item_fn(self, function);
    }
}

fn line(span: Span) -> usize {
    span.start().line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<(usize, &'static str)> {
        let file = SourceFile::new("a.rs", text);
        let rust = RustFile::parse(&file).unwrap();
        check_functions(&rust)
            .into_iter()
            .map(|finding| (finding.line, finding.rule))
            .collect()
    }

    fn function_of(lines: usize) -> String {
        format!("fn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2))
    }

    #[test]
    fn a_file_may_have_as_many_lines_as_the_cap_and_no_more() {
        assert_eq!(
            check_file(&SourceFile::new("a.rs", "\n".repeat(FILE_LINES))),
            None
        );
        let finding = check_file(&SourceFile::new("a.rs", "\n".repeat(FILE_LINES + 1))).unwrap();
        assert_eq!(finding.rule, "file-size");
    }

    #[test]
    fn a_function_may_have_as_many_lines_as_the_cap_and_no_more() {
        assert_eq!(findings(&function_of(FUNCTION_LINES)), []);
        assert_eq!(findings(&function_of(FUNCTION_LINES + 1)), [(1, "function-size")]);
    }

    #[test]
    fn documentation_and_attributes_are_not_counted() {
        let text = format!(
            "{}#[test]\n{}",
            "/// Doc.\n".repeat(50),
            function_of(FUNCTION_LINES)
        );
        assert_eq!(findings(&text), []);
    }

    #[test]
    fn methods_trait_defaults_and_nested_functions_are_counted() {
        let long = function_of(FUNCTION_LINES + 1);
        assert_eq!(findings(&format!("impl A {{\n{long}}}")), [(2, "function-size")]);
        assert_eq!(findings(&format!("trait A {{\n{long}}}")), [(2, "function-size")]);
        assert_eq!(
            findings(&format!("mod tests {{ mod deep {{\n{long}}} }}")),
            [(2, "function-size")]
        );
        let nested = findings(&format!("fn outer() {{\n{long}}}"));
        assert_eq!(nested, [(1, "function-size"), (2, "function-size")]);
    }

    #[test]
    fn five_parameters_beside_self_are_enough() {
        assert_eq!(
            findings("trait A { fn f(&self, a: A, b: A, c: A, d: A, e: A); }"),
            []
        );
        assert_eq!(
            findings("fn f(a: A, b: A, c: A, d: A, e: A, f: A) {}"),
            [(1, "parameters")]
        );
    }
}
