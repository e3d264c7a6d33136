//! `stoa verify`: what must hold of every service's tables, and what services must agree on.
//!
//! Works on the databases alone, so beside running processes and without any, and changes nothing. A rule that is broken
//! is told at once; services that do not agree are asked again for a while, since what one has done may be on its way to
//! the other.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use kit_config::Loaded;
use kit_runtime::Lifecycle;
use kit_service::{answer, talk};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{open_beside, run_to_end};
use crate::cli::Verify;
use crate::node::Node;

/// Between two times that services are asked.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// A service, and what it says: of what, and what.
type Side = (&'static str, BTreeMap<String, String>);

/// A row that is not as it must be.
#[derive(Debug)]
struct Finding {
    /// The service, or those that do not agree.
    service: String,
    /// What should hold.
    rule: &'static str,
    /// The row.
    row: String,
    /// What each of them says, where they do not agree.
    said: Option<String>,
}

impl Finding {
    fn json(&self) -> Value {
        let Self {
            service,
            rule,
            row,
            said,
        } = self;
        json!({ "service": service, "rule": rule, "row": row, "said": said })
    }

    fn line(&self) -> String {
        let Self {
            service,
            rule,
            row,
            said,
        } = self;
        let said = said.as_deref().map(|said| format!(" ({said})"));
        format!("{service}: {rule}: {row}{}", said.unwrap_or_default())
    }
}

pub(super) fn verify(config: Loaded, options: &Verify) -> anyhow::Result<ExitCode> {
    let findings = run_to_end(config, async |config, lifecycle| {
        check(config, lifecycle, options.wait.into()).await
    })?;
    if options.listing.json {
        let findings: Value = findings.iter().map(Finding::json).collect();
        answer(&format!("{findings:#}"))?;
    } else {
        findings.iter().try_for_each(|finding| answer(&finding.line()))?;
    }
    if !findings.is_empty() {
        bail!("{} rows are not as they must be", findings.len());
    }
    Ok(ExitCode::SUCCESS)
}

async fn check(config: Loaded, lifecycle: &Lifecycle, wait: Duration) -> anyhow::Result<Vec<Finding>> {
    let node = open_beside(config, lifecycle).await?;
    let mut findings = broken_rules(&node).await?;
    let rules: usize = node.hosts.iter().map(|service| service.invariants.len()).sum();
    let deadline = Instant::now() + wait;
    let (disagreements, facts) = loop {
        let found = disagreements(&node).await?;
        if found.0.is_empty() || Instant::now() >= deadline {
            break found;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    };
    findings.extend(disagreements);
    let count = node.hosts.len();
    talk(&format!(
        "{rules} rules and {facts} facts of {count} services were checked"
    ));
    Ok(findings)
}

async fn broken_rules(node: &Node) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for service in &node.hosts {
        let db = node.database(service.name)?;
        for invariant in service.invariants {
            findings.extend(invariant.violations(&db).await?.into_iter().map(|row| Finding {
                service: service.name.to_owned(),
                rule: invariant.rule,
                row,
                said: None,
            }));
        }
    }
    Ok(findings)
}

/// What services state differently, and how many facts more than one of them states.
async fn disagreements(node: &Node) -> anyhow::Result<(Vec<Finding>, usize)> {
    let mut stated: BTreeMap<&'static str, Vec<Side>> = BTreeMap::new();
    for service in &node.hosts {
        let db = node.database(service.name)?;
        for fact in service.facts {
            let rows = fact.read(&db).await?;
            stated.entry(fact.name).or_default().push((service.name, rows));
        }
    }
    stated.retain(|_, sides| sides.len() > 1);
    let findings = stated.iter().flat_map(|(name, sides)| differences(name, sides));
    Ok((findings.collect(), stated.len()))
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

    #[test]
    fn what_is_said_differently_or_by_one_alone_is_found() {
        let sides = [
            (
                "catalog",
                side(&[("a", "reserved"), ("b", "committed"), ("c", "reserved")]),
            ),
            (
                "orders",
                side(&[("a", "reserved"), ("b", "reserved"), ("d", "reserved")]),
            ),
        ];
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
}
