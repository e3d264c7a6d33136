//! What services state of the same, each from its own tables.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::node::Node;

/// A service, and what it says: of what, and what.
type Side = (&'static str, BTreeMap<String, String>);

/// What services state differently.
pub(super) struct Disagreements {
    pub found: Vec<Finding>,
    /// How many facts more than one service states.
    pub facts: usize,
}

impl Disagreements {
    pub(super) async fn find(node: &Node) -> anyhow::Result<Self> {
        let mut stated: BTreeMap<&'static str, Vec<Side>> = BTreeMap::new();
        for service in &node.hosts {
            let db = node.database(service.name)?;
            for fact in service.facts {
                let rows = fact.read(&db).await?;
                stated.entry(fact.name).or_default().push((service.name, rows));
            }
        }
        stated.retain(|_, sides| sides.len() > 1);
        let found = stated.iter().flat_map(|(name, sides)| differences(name, sides));
        Ok(Self {
            found: found.collect(),
            facts: stated.len(),
        })
    }

    /// Keeps those rows of which services still do not say the same. A row of which they once did is settled, though
    /// something new may have happened to it since: where more is done all the time, there is no moment at which
    /// services agree on everything.
    pub(super) async fn look_again(&mut self, node: &Node) -> anyhow::Result<()> {
        if self.found.is_empty() {
            return Ok(());
        }
        let now = Self::find(node).await?.found;
        self.found = still(&self.found, now);
        Ok(())
    }
}

/// Those of the newer findings whose rows were found before.
fn still(before: &[Finding], now: Vec<Finding>) -> Vec<Finding> {
    let known: BTreeSet<_> = before
        .iter()
        .map(|finding| (finding.rule, &finding.row))
        .collect();
    let is_known = |finding: &Finding| known.contains(&(finding.rule, &finding.row));
    now.into_iter().filter(is_known).collect()
}

/// The rows of a fact of which not all sides say the same.
fn differences(name: &'static str, sides: &[Side]) -> Vec<Finding> {
    let rows: BTreeSet<&String> = sides.iter().flat_map(|(_, rows)| rows.keys()).collect();
    let differs = |row: &&String| {
        let mut said = sides.iter().map(|(_, rows)| rows.get(*row));
        let first = said.next();
        said.any(|other| Some(other) != first)
    };
    let finding = |row: &String| {
        let said = sides.iter().map(|(service, rows)| {
            let said = rows.get(row).map_or("nothing", String::as_str);
            format!("{service}: {said}")
        });
        let services: Vec<_> = sides.iter().map(|(service, _)| *service).collect();
        Finding {
            service: services.join(", "),
            rule: name,
            row: row.clone(),
            said: Some(said.collect::<Vec<_>>().join("; ")),
        }
    };
    rows.into_iter().filter(differs).map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(rows: &[(&str, &str)]) -> BTreeMap<String, String> {
        rows.iter()
            .map(|(row, said)| ((*row).to_owned(), (*said).to_owned()))
            .collect()
    }

    fn two_sides() -> [Side; 2] {
        [
            (
                "catalog",
                side(&[("a", "reserved"), ("b", "committed"), ("c", "reserved")]),
            ),
            (
                "orders",
                side(&[("a", "reserved"), ("b", "reserved"), ("d", "reserved")]),
            ),
        ]
    }

    #[test]
    fn what_is_said_differently_or_by_one_alone_is_found() {
        let sides = two_sides();
        let found = differences("what is held", &sides);
        let found: Vec<_> = found
            .iter()
            .map(|finding| (finding.row.as_str(), finding.said.as_deref()))
            .collect();
        assert_eq!(
            found,
            [
                ("b", Some("catalog: committed; orders: reserved")),
                ("c", Some("catalog: reserved; orders: nothing")),
                ("d", Some("catalog: nothing; orders: reserved")),
            ]
        );
        assert!(differences("the same", &[sides[0].clone(), sides[0].clone()]).is_empty());
    }

    #[test]
    fn what_has_settled_or_has_come_up_since_is_no_finding() {
        let before = differences("what is held", &two_sides());
        let mut sides = two_sides();
        sides[1].1.insert("c".to_owned(), "reserved".to_owned());
        sides[1].1.insert("e".to_owned(), "reserved".to_owned());
        sides[1].1.insert("d".to_owned(), "committed".to_owned());
        let found = still(&before, differences("what is held", &sides));
        let rows: Vec<_> = found.iter().map(|finding| &*finding.row).collect();
        assert_eq!(rows, ["b", "d"]);
        assert!(
            still(&before, differences("another fact", &two_sides())).is_empty(),
            "rows of another fact may have the same names"
        );
    }
}
