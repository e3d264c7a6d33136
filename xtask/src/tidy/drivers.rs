//! A contract stays light: whoever depends on one builds no driver of a database, a broker or a cache with it, by
//! whatever way. What a contract needs of events is `kit-event`.

use std::collections::{BTreeMap, BTreeSet};

use crate::crates::{Crate, Crates, Layer};
use crate::tidy::Finding;
use crate::workspace::Workspace;

const DRIVERS: [&str; 5] = ["lapin", "rdkafka", "redis", "rusqlite", "sqlx"];

/// Who depends on whom outside of tests, by name: our crates and all others.
type Graph = BTreeMap<String, BTreeSet<String>>;

pub(super) fn check(crates: &Crates, workspace: &Workspace) -> Vec<Finding> {
    check_in(crates, &graph(workspace))
}

fn graph(workspace: &Workspace) -> Graph {
    let metadata = workspace.metadata();
    let names: BTreeMap<_, _> = metadata
        .packages
        .iter()
        .map(|package| (&package.id, package.name.to_string()))
        .collect();
    let mut graph = Graph::new();
    for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
        let targets = graph.entry(names[&node.id].clone()).or_default();
        let always = node.deps.iter().filter(|other| {
            let mut kinds = other.dep_kinds.iter();
            kinds.any(|info| info.kind == cargo_metadata::DependencyKind::Normal)
        });
        targets.extend(always.map(|other| names[&other.pkg].clone()));
    }
    graph
}

fn check_in(crates: &Crates, graph: &Graph) -> Vec<Finding> {
    let contracts = crates.0.iter().filter(|own| own.layer() == Some(Layer::Contract));
    contracts.filter_map(|own| finding(own, graph)).collect()
}

fn finding(own: &Crate, graph: &Graph) -> Option<Finding> {
    let path = path_to_driver(&own.name, graph)?;
    Some(Finding {
        path: format!("{}/Cargo.toml", own.folder),
        line: 1,
        rule: "law",
        what: format!("a contract pulls in a driver: {}", path.join(" → ")),
    })
}

/// The shortest path from a crate to a driver.
fn path_to_driver<'g>(from: &'g str, graph: &'g Graph) -> Option<Vec<&'g str>> {
    let mut seen = BTreeSet::from([from]);
    let mut paths = vec![vec![from]];
    while !paths.is_empty() {
        let mut longer = Vec::new();
        for path in paths {
            for next in path
                .last()
                .and_then(|last| graph.get(*last))
                .into_iter()
                .flatten()
            {
                let extended = [&path[..], &[next.as_str()]].concat();
                if DRIVERS.contains(&next.as_str()) {
                    return Some(extended);
                }
                if seen.insert(next) {
                    longer.push(extended);
                }
            }
        }
        paths = longer;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(arrows: &[(&str, &[&str])]) -> Vec<String> {
        let own = |name: &str, folder: &str| Crate {
            name: name.to_owned(),
            folder: folder.to_owned(),
            dependencies: Vec::new(),
        };
        let crates = Crates(vec![
            own("auth", "services/auth"),
            own("auth-api", "services/auth/api"),
            own("kit-db", "kit/db"),
        ]);
        let graph = arrows.iter().map(|(from, targets)| {
            let targets = targets.iter().map(|target| (*target).to_owned());
            ((*from).to_owned(), targets.collect())
        });
        let found = check_in(&crates, &graph.collect());
        found.into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_contract_that_pulls_in_a_driver_is_found_with_its_shortest_way() {
        let found = findings(&[
            ("auth-api", &["kit-bus", "serde"]),
            ("kit-bus", &["kit-db", "lapin"]),
            ("kit-db", &["sqlx"]),
        ]);
        assert_eq!(
            found,
            ["a contract pulls in a driver: auth-api → kit-bus → lapin"]
        );
    }

    #[test]
    fn services_and_the_kit_may_have_drivers() {
        let found = findings(&[
            ("auth", &["auth-api", "kit-db"]),
            ("auth-api", &["kit-event"]),
            ("kit-db", &["sqlx", "kit-event"]),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn a_circle_of_others_ends() {
        assert_eq!(
            findings(&[("auth-api", &["a"]), ("a", &["b"]), ("b", &["a"])]),
            [""; 0]
        );
    }
}
