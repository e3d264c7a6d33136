//! The dependency law: `stoa` → a service → any contract → the kit.
//!
//! A service never depends on a service, since it must run without the other in its process; its tests alone may run
//! the other beside it. The kit knows neither; contracts have no cycle, the way back is an event. Nothing depends on
//! `e2e`, `bench` or `xtask`, and `xtask` on nothing of ours, so that it builds while they do not. Some of the kit is
//! for tests.

use std::fs;
use std::path::Path;

use crate::crates::{Crate, Crates, Layer, Use};
use crate::tidy::Finding;

/// The kit crates that are for tests only.
const TESTING: [&str; 2] = ["kit-bus-testing", "kit-testing"];

pub(super) fn check(crates: &Crates, root: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    for own in &crates.0 {
        let manifest = Manifest::of(own, root);
        let Some(layer) = own.layer() else {
            findings.push(manifest.finding("name", format!("the layout has no folder `{}`", own.folder)));
            continue;
        };
        if own.name != own.expected_name() {
            let what = format!(
                "`{}` must be called `{}` after its folder",
                own.name,
                own.expected_name()
            );
            findings.push(manifest.finding("name", what));
        }
        for (name, usage) in &own.dependencies {
            let Some(other) = crates.find(name) else { continue };
            if let Some(reason) = forbidden(own, layer, other, *usage) {
                let what = format!("`{}` depends on `{name}`: {reason}", own.name);
                findings.push(manifest.finding(name, what));
            }
        }
    }
    findings.extend(contract_cycle(crates).map(|cycle| {
        let what = format!(
            "contracts depend in a circle: {}; the way back is an event",
            cycle.join(" → ")
        );
        Finding {
            path: "Cargo.toml".to_owned(),
            line: 1,
            rule: "law",
            what,
        }
    }));
    findings
}

/// Why one crate may not depend on the other; `None` when it may.
fn forbidden(own: &Crate, layer: Layer, other: &Crate, usage: Use) -> Option<&'static str> {
    let other_layer = other.layer()?;
    if own.name == other.name {
        return None;
    }
    if own.name == "xtask" {
        return Some("`xtask` depends on none of our crates, so that it builds when they do not");
    }
    if TESTING.contains(&other.name.as_str()) && usage == Use::Always && !may_always_test(own, layer) {
        return Some("it is for tests; make it a dev-dependency");
    }
    match (layer, other_layer) {
        (_, Layer::Tool) => Some("nothing depends on `e2e`, `bench` or `xtask`"),
        (Layer::Tool, _)
        | (Layer::Binary, Layer::Service | Layer::Contract | Layer::Kit)
        | (Layer::Service | Layer::Contract, Layer::Contract | Layer::Kit)
        | (Layer::Kit, Layer::Kit) => None,
        (_, Layer::Binary) => Some("only `e2e` and `bench` may see `stoa`"),
        // Its tests may: they run what it calls beside it, and stand nothing in for that.
        (Layer::Service, Layer::Service) if usage == Use::Always => {
            Some("a service never depends on a service, only on its contract")
        }
        (Layer::Service, Layer::Service) => None,
        (Layer::Contract, Layer::Service) => Some("a contract never depends on a service"),
        (Layer::Kit, Layer::Service | Layer::Contract) => {
            Some("the kit never depends on a service or a contract")
        }
    }
}

/// Whether a crate exists for tests, so that its own code may use what is for tests.
fn may_always_test(own: &Crate, layer: Layer) -> bool {
    layer == Layer::Tool || TESTING.contains(&own.name.as_str())
}

/// The names along a circle of contracts. Cargo itself refuses one of ordinary dependencies, not one that
/// closes through a dev-dependency.
fn contract_cycle(crates: &Crates) -> Option<Vec<&str>> {
    let contracts = crates
        .0
        .iter()
        .filter(|found| found.layer() == Some(Layer::Contract));
    contracts
        .into_iter()
        .find_map(|start| circle_to(crates, start, &mut vec![start.name.as_str()]))
}

fn circle_to<'a>(crates: &'a Crates, at: &'a Crate, path: &mut Vec<&'a str>) -> Option<Vec<&'a str>> {
    for (name, _) in &at.dependencies {
        if path.first() == Some(&name.as_str()) {
            let mut circle = path.clone();
            circle.push(name);
            return Some(circle);
        }
        let Some(next) = crates
            .find(name)
            .filter(|next| next.layer() == Some(Layer::Contract))
        else {
            continue;
        };
        if path.contains(&name.as_str()) {
            continue;
        }
        path.push(name);
        if let Some(circle) = circle_to(crates, next, path) {
            return Some(circle);
        }
        path.pop();
    }
    None
}

/// A crate's manifest, to point at its lines.
struct Manifest {
    path: String,
    text: String,
}

impl Manifest {
    fn of(own: &Crate, root: &Path) -> Self {
        let path = format!("{}/Cargo.toml", own.folder);
        // A line number is a service to the reader; a finding without one still stands.
        let text = fs::read_to_string(root.join(&path)).unwrap_or_default();
        Self { path, text }
    }

    /// A finding at the line that begins with this key.
    fn finding(&self, key: &str, what: String) -> Finding {
        let begins = |line: &str| {
            line.strip_prefix(key)
                .is_some_and(|rest| rest.starts_with([' ', '.', '=']))
        };
        let line = self.text.lines().position(begins).map_or(1, |index| index + 1);
        Finding {
            path: self.path.clone(),
            line,
            rule: "law",
            what,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate in this folder with this one dependency, beside one crate of each layer.
    fn findings(folder: &str, dependency: &str, usage: Use) -> Vec<String> {
        let mut crates: Vec<Crate> = [
            "stoa",
            "services/auth",
            "services/auth/api",
            "kit/db",
            "kit/testing",
            "kit/bus-testing",
            "e2e",
        ]
        .into_iter()
        .filter(|other| *other != folder)
        .map(|other| Crate::in_folder(other, &[]))
        .collect();
        crates.push(Crate::in_folder(folder, &[(dependency, usage)]));
        check(&Crates(crates), Path::new("/nowhere"))
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn the_way_down_is_allowed() {
        for (folder, dependency) in [
            ("stoa", "auth"),
            ("stoa", "auth-api"),
            ("stoa", "kit-db"),
            ("services/users", "auth-api"),
            ("services/users", "kit-db"),
            ("services/users/api", "auth-api"),
            ("services/users/api", "kit-db"),
            ("kit/http", "kit-db"),
            ("bench", "stoa"),
            ("bench", "auth"),
            ("bench", "kit-testing"),
        ] {
            assert_eq!(
                findings(folder, dependency, Use::Always),
                [""; 0],
                "{folder} → {dependency}"
            );
        }
    }

    #[test]
    fn every_way_up_or_across_is_found_in_tests_too() {
        for (folder, dependency) in [
            ("services/users", "stoa"),
            ("services/users", "e2e"),
            ("services/users/api", "auth"),
            ("services/users/api", "stoa"),
            ("kit/http", "auth"),
            ("kit/http", "auth-api"),
            ("kit/http", "stoa"),
            ("kit/http", "e2e"),
            ("stoa", "e2e"),
            ("bench", "e2e"),
            ("xtask", "kit-db"),
        ] {
            for usage in [Use::Always, Use::Tests] {
                assert_eq!(
                    findings(folder, dependency, usage).len(),
                    1,
                    "{folder} → {dependency}"
                );
            }
        }
    }

    #[test]
    fn a_service_is_run_beside_another_in_tests_alone() {
        assert_eq!(findings("services/users", "auth", Use::Always).len(), 1);
        assert_eq!(findings("services/users", "auth", Use::Tests), [""; 0]);
    }

    #[test]
    fn kit_testing_is_for_tests() {
        for folder in ["stoa", "services/users", "services/users/api", "kit/http"] {
            for testing in TESTING {
                assert_eq!(findings(folder, testing, Use::Tests), [""; 0], "{folder}");
                assert_eq!(findings(folder, testing, Use::Always).len(), 1, "{folder}");
            }
        }
    }

    #[test]
    fn a_circle_of_contracts_is_found_even_through_tests() {
        let crates = Crates(vec![
            Crate::in_folder("services/a/api", &[("b-api", Use::Always)]),
            Crate::in_folder("services/b/api", &[("c-api", Use::Always)]),
            Crate::in_folder("services/c/api", &[("b-api", Use::Tests)]),
        ]);
        assert_eq!(contract_cycle(&crates), Some(vec!["b-api", "c-api", "b-api"]));
        assert_eq!(check(&crates, Path::new("/nowhere")).len(), 1);
    }

    #[test]
    fn a_crate_is_called_after_its_folder() {
        let mut misnamed = Crate::in_folder("kit/db", &[]);
        misnamed.name = "database".to_owned();
        let unplaced = Crate::in_folder("tools/db", &[]);
        let findings = check(&Crates(vec![misnamed, unplaced]), Path::new("/nowhere"));
        let said: Vec<_> = findings.iter().map(|finding| finding.what.as_str()).collect();
        assert_eq!(
            said,
            [
                "`database` must be called `kit-db` after its folder",
                "the layout has no folder `tools/db`"
            ]
        );
    }

    #[test]
    fn a_finding_points_at_the_line_of_the_dependency() {
        let manifest = Manifest {
            path: "kit/db/Cargo.toml".to_owned(),
            text: "[package]\nname = \"kit-db\"\n[dependencies]\nauth-api.workspace = true\nauth.workspace = true\n"
                .to_owned(),
        };
        assert_eq!(manifest.finding("auth", String::new()).line, 5);
        assert_eq!(manifest.finding("name", String::new()).line, 2);
        assert_eq!(manifest.finding("absent", String::new()).line, 1);
    }
}
