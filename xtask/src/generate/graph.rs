//! The workspace's dependency graph as a Mermaid diagram between two marks of a Markdown file.
//!
//! Drawn as its transitive reduction: an arrow that another path already implies is left out, since with it
//! everything points at the whole kit and nothing can be seen. Crates that nothing depends on (`e2e`,
//! `bench`, `xtask`) and dependencies of tests are left out too.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::crates::{Crates, Layer, Use};

/// The line before the generated block.
pub(super) const BEGIN: &str = "<!-- generated: dependency graph -->";
/// The line after it.
pub(super) const END: &str = "<!-- end -->";

type Graph<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// The text with what is between the marks replaced; `None` where there are no marks.
pub(super) fn replace_in(text: &str, block: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{block}{END}{after}"))
}

/// The diagram, as a fenced block.
pub(super) fn mermaid(crates: &Crates) -> String {
    let mut drawn = String::from("```mermaid\ngraph TD\n");
    for (layer, title) in [
        (Layer::Service, "services"),
        (Layer::Contract, "contracts"),
        (Layer::Kit, "kit"),
    ] {
        let _ = writeln!(drawn, "    subgraph {title}");
        for own in crates.0.iter().filter(|own| own.layer() == Some(layer)) {
            let _ = writeln!(drawn, "        {}[{}]", node(&own.name), own.name);
        }
        drawn.push_str("    end\n");
    }
    for (from, targets) in reduced(&graph(crates)) {
        for to in targets {
            let _ = writeln!(drawn, "    {} --> {}", node(from), node(to));
        }
    }
    drawn.push_str("```\n");
    drawn
}

fn graph(crates: &Crates) -> Graph<'_> {
    let product = crates
        .0
        .iter()
        .filter(|own| own.layer().is_some_and(|layer| layer != Layer::Tool));
    product
        .map(|own| {
            let always = own.dependencies.iter().filter(|(_, usage)| *usage == Use::Always);
            (own.name.as_str(), always.map(|(name, _)| name.as_str()).collect())
        })
        .collect()
}

/// The same graph without the arrows that a longer path implies.
fn reduced<'a>(graph: &Graph<'a>) -> Graph<'a> {
    let reduce = |targets: &BTreeSet<&'a str>| {
        let implied = |to: &str| {
            targets
                .iter()
                .any(|other| *other != to && reachable(graph, other).contains(to))
        };
        targets.iter().copied().filter(|to| !implied(to)).collect()
    };
    graph
        .iter()
        .map(|(from, targets)| (*from, reduce(targets)))
        .collect()
}

fn reachable<'a>(graph: &Graph<'a>, from: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = graph.get(from).into_iter().flatten().copied().collect();
    while let Some(at) = open.pop() {
        if let Some((at, targets)) = graph.get_key_value(at)
            && found.insert(*at)
        {
            open.extend(targets);
        }
    }
    found
}

/// A name Mermaid takes for a node: a hyphen can be read as the begin of an arrow.
fn node(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crates::Crate;

    #[test]
    fn an_implied_arrow_a_test_dependency_and_a_tool_are_not_drawn() {
        let always = |name| (name, Use::Always);
        let crates = Crates(vec![
            Crate::in_folder(
                "services/auth",
                &[always("auth-api"), always("kit-db"), ("kit-testing", Use::Tests)],
            ),
            Crate::in_folder("services/auth/api", &[always("kit-db")]),
            Crate::in_folder("kit/db", &[]),
            Crate::in_folder("kit/testing", &[always("kit-db")]),
            Crate::in_folder("stoa", &[always("auth"), always("kit-db")]),
            Crate::in_folder("xtask", &[]),
        ]);
        let drawn = mermaid(&crates);
        let arrows: Vec<&str> = drawn
            .lines()
            .filter(|line| line.contains("-->"))
            .map(str::trim)
            .collect();
        assert_eq!(
            arrows,
            [
                "auth --> auth_api",
                "auth_api --> kit_db",
                "kit_testing --> kit_db",
                "stoa --> auth"
            ]
        );
        assert!(!drawn.contains("xtask"));
    }

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let text = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        let replaced = replace_in(&text, "new\n").unwrap();
        assert_eq!(replaced, format!("a\n{BEGIN}\nnew\n{END}\nb\n"));
        assert_eq!(replace_in(&replaced, "new\n").unwrap(), replaced);
    }

    #[test]
    fn a_text_without_marks_is_refused() {
        assert_eq!(replace_in("a\n", "new\n"), None);
    }
}
