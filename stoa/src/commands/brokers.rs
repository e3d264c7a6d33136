//! `stoa brokers`: whether each configured broker does its work, seen by doing it.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use kit_bus::Carriers;
use kit_config::Loaded;
use kit_runtime::{Clock, Ids};
use kit_service::{Listing, answer};
use serde_json::{Value, json};

use super::run_to_end;
use crate::carriers;

/// A broker that takes longer has failed.
const LIMIT: Duration = Duration::from_secs(15);

pub(super) fn brokers(config: Loaded, listing: Listing) -> anyhow::Result<ExitCode> {
    let found = run_to_end(config, async |config, _| {
        let carriers = carriers::open(&config, &Clock::system(), &Ids::system())?;
        Ok(look(&carriers).await)
    })?;
    if listing.json {
        let all: Value = found
            .iter()
            .map(
                |(broker, topics, trouble)| json!({ "broker": broker, "topics": topics, "trouble": trouble }),
            )
            .collect();
        answer(&format!("{all:#}"))?;
    } else {
        for (broker, topics, trouble) in &found {
            let state = trouble
                .as_deref()
                .map_or_else(|| "works".to_owned(), |why| format!("does not work: {why}"));
            answer(&format!("{broker:<9} {:<40} {state}", topics.join(",")))?;
        }
    }
    let broken = found.iter().filter(|(_, _, trouble)| trouble.is_some()).count();
    if broken > 0 {
        bail!("{broken} of {} brokers do not do their work", found.len());
    }
    Ok(ExitCode::SUCCESS)
}

/// Each broker, the topics that it carries, and what is wrong with it.
async fn look(carriers: &Carriers) -> Vec<(&'static str, Vec<&'static str>, Option<String>)> {
    let mut found = Vec::new();
    for broker in carriers.brokers() {
        let trouble = broker.check_within(LIMIT).await.err();
        let trouble = trouble.map(|error| error.to_string());
        found.push((broker.name(), carriers.topics_of(broker), trouble));
    }
    found
}
