//! `stoa verify`: what must hold of every service's tables, what services must agree on, and whether every event has
//! reached whoever hears it.
//!
//! Works on the databases alone, so beside running processes and without any, and changes nothing. A rule that is broken
//! is told at once. What may be on its way from one service to another is looked for once, and then again and again for a
//! while, until all that was found has arrived; what has come up meanwhile is on its way, too, and no finding.

mod agreement;
mod deliveries;
mod store;

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
use agreement::Disagreements;
use deliveries::Deliveries;

/// Between two times that services are asked.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// A row that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    /// The service, or those that do not agree.
    service: String,
    /// What should hold.
    rule: &'static str,
    /// The row.
    row: String,
    /// What each of them says, where they do not agree; or what is known of the row.
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
    let mut disagreements = Disagreements::find(&node).await?;
    let mut deliveries = Deliveries::look(&node).await?;
    findings.append(&mut deliveries.disordered);
    while !(disagreements.found.is_empty() && deliveries.missing.is_empty()) && Instant::now() < deadline {
        tokio::time::sleep(POLL_INTERVAL).await;
        disagreements.look_again(&node).await?;
        deliveries.look_again(&node).await?;
    }
    talk(&format!(
        "{rules} rules, {} facts and {} deliveries of {} services were checked",
        disagreements.facts,
        deliveries.checked,
        node.hosts.len()
    ));
    findings.append(&mut disagreements.found);
    findings.extend(deliveries.findings());
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
