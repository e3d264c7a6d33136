//! `stoa events`: looks at the logs and at how far their consumers are, and decides about dead letters.
//!
//! Works on the databases alone, so beside running processes and without any. It changes nothing but parked
//! events and positions, and runs no migrations: a service whose database is behind is left out, and it says so.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use kit_bus::{Admin, DeadLetter, Effects, Lag, LoggedEvent, Sources};
use kit_config::{Loaded, Span};
use kit_runtime::{Lifecycle, Timestamp};
use kit_service::{Listing, answer, talk};
use serde_json::{Value, json};

use super::{open_beside, run_to_end};
use crate::cli::{Dlq, Events, Tail};
use crate::node::Node;
use crate::services::KnownService;

/// Between two looks at a log that is followed.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The most that one look takes from a log.
const PAGE: u32 = 1_000;

pub(super) fn events(config: Loaded, options: &Events) -> anyhow::Result<ExitCode> {
    run_to_end(config, async |config, lifecycle| {
        run(config, options, lifecycle).await
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn run(config: Loaded, options: &Events, lifecycle: &Lifecycle) -> anyhow::Result<()> {
    let admin = EventAdmin::open(config, lifecycle).await?;
    match options {
        Events::Tail(options) => admin.tail(options).await,
        Events::Lag(listing) => admin.lag(*listing).await,
        Events::Dlq(Dlq::List { consumer, listing }) => {
            admin.dead_letters(consumer.as_deref(), *listing).await
        }
        Events::Dlq(Dlq::Show { consumer, event }) => admin.show(consumer, event).await,
        Events::Dlq(Dlq::Replay { consumer, event }) => admin.retry(consumer, event.as_deref()).await,
        Events::Dlq(Dlq::Drop { consumer, event }) => admin.drop_event(consumer, event).await,
        Events::Replay {
            consumer,
            since,
            repeat,
        } => {
            let effects = if *repeat { Effects::Repeat } else { Effects::Keep };
            admin.replay(consumer, since, effects).await
        }
    }
}

/// Administration of every service's events.
struct EventAdmin {
    node: Node,
    services: Vec<(KnownService, Admin)>,
}

impl EventAdmin {
    async fn open(config: Loaded, lifecycle: &Lifecycle) -> anyhow::Result<Self> {
        let node = open_beside(config, lifecycle).await?;
        let sources: Sources = node.sources()?;
        let admin = |service: KnownService| {
            anyhow::Ok((service, Admin::new(node.database(service.name)?, sources.clone())))
        };
        let services = node.hosts.iter().copied().map(admin).collect::<Result<_, _>>()?;
        Ok(Self { node, services })
    }

    async fn tail(&self, options: &Tail) -> anyhow::Result<()> {
        // Any of them reads every log.
        let (_, admin) = self.services.first().context("there is no database to look at")?;
        let is_selected =
            |service: &KnownService| options.source.is_none_or(|source| source.name == service.name);
        let mut logs: Vec<(KnownService, Option<i64>)> = self
            .services
            .iter()
            .map(|(service, _)| *service)
            .filter(is_selected)
            .map(|service| (service, None))
            .collect();
        if logs.is_empty() {
            bail!("there is no log to look at");
        }
        loop {
            let mut events = Vec::new();
            for (service, after) in &mut logs {
                let limit = if after.is_some() { PAGE } else { options.lines };
                let seen = admin.tail(service.name, *after, limit).await?.unwrap_or_default();
                *after = seen.last().map(|event| event.position).or(*after).or(Some(0));
                events.extend(seen.into_iter().map(|event| (*service, event)));
            }
            events.sort_by_key(|(_, event)| event.at);
            for (service, event) in &events {
                answer(&event_line(service, event, options.json))?;
            }
            if !options.follow {
                return Ok(());
            }
            tokio::select! {
                () = tokio::time::sleep(POLL_INTERVAL) => {}
                interrupted = tokio::signal::ctrl_c() => return Ok(interrupted?),
            }
        }
    }

    async fn lag(&self, listing: Listing) -> anyhow::Result<()> {
        let mut all = Vec::new();
        for (_, admin) in &self.services {
            all.extend(admin.lag().await?);
        }
        Ok(listing.print(&all, lag_line)?)
    }

    /// Refuses a consumer that no service knows: it is misspelt, and nothing found of it means nothing.
    async fn check_consumer(&self, consumer: &str) -> anyhow::Result<()> {
        for (_, admin) in &self.services {
            if admin.consumers().await?.contains(consumer) {
                return Ok(());
            }
        }
        bail!("there is no consumer `{consumer}`; `stoa events lag` lists them")
    }

    async fn dead_letters(&self, consumer: Option<&str>, listing: Listing) -> anyhow::Result<()> {
        if let Some(consumer) = consumer {
            self.check_consumer(consumer).await?;
        }
        let mut all = Vec::new();
        for (_, admin) in &self.services {
            all.extend(admin.dead_letters(consumer).await?);
        }
        Ok(listing.print(&all, letter_line)?)
    }

    async fn show(&self, consumer: &str, event: &str) -> anyhow::Result<()> {
        for (_, admin) in &self.services {
            if let Some(parked) = admin.parked_event(consumer, event).await? {
                let mut shown = json!(parked);
                unpack(&mut shown);
                answer(&format!("{shown:#}"))?;
                return Ok(());
            }
        }
        bail!("`{consumer}` has no parked event `{event}`")
    }

    async fn retry(&self, consumer: &str, event: Option<&str>) -> anyhow::Result<()> {
        self.check_consumer(consumer).await?;
        let mut tried = 0;
        for (_, admin) in &self.services {
            tried += match event {
                Some(event) => u64::from(admin.replay(consumer, event).await?),
                None => admin.replay_all(consumer).await?,
            };
        }
        if let (Some(event), 0) = (event, tried) {
            bail!("`{consumer}` has no parked event `{event}`");
        }
        talk(&format!("{tried} to be tried again"));
        Ok(())
    }

    async fn drop_event(&self, consumer: &str, event: &str) -> anyhow::Result<()> {
        for (_, admin) in &self.services {
            if admin.drop_event(consumer, event).await? {
                talk("given up");
                return Ok(());
            }
        }
        bail!("`{consumer}` has no parked event `{event}`")
    }

    async fn replay(&self, consumer: &str, since: &str, effects: Effects) -> anyhow::Result<()> {
        let since = moment(since, self.node.clock.now())?;
        self.check_consumer(consumer).await?;
        let mut replayed = Vec::new();
        for (_, admin) in &self.services {
            replayed.extend(admin.replay_since(consumer, since, effects).await?);
        }
        for from in replayed {
            talk(&format!(
                "{consumer}: {} again after position {}",
                from.source, from.after
            ));
        }
        Ok(())
    }
}

/// A moment, or how long ago it was.
fn moment(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    if let Ok(ago) = text.parse::<Span>() {
        return Ok(now.minus(ago.into()));
    }
    text.parse()
        .with_context(|| format!("`{text}` is neither a moment (`2026-01-31T12:00:00Z`) nor a span (`90m`)"))
}

/// Shows headers and payload as the JSON that they are; left as text where that is what is wrong with them.
fn unpack(event: &mut Value) {
    for member in ["headers", "payload"] {
        let parsed = event[member].as_str().map(serde_json::from_str);
        if let Some(Ok(value)) = parsed {
            event[member] = value;
        }
    }
}

fn event_line(service: KnownService, event: &LoggedEvent, as_json: bool) -> String {
    if as_json {
        let mut line = json!(event);
        line["source"] = json!(service.name);
        unpack(&mut line);
        return line.to_string();
    }
    format!(
        "{} {}/{:<8} {:<18} {} {}",
        event.at, service.name, event.position, event.kind, event.key, event.payload
    )
}

fn lag_line(lag: &Lag) -> String {
    let oldest = lag.oldest.map_or_else(|| "-".to_owned(), |at| at.to_string());
    format!(
        "{:<16} {:<10} {:>8} behind, the oldest from {oldest}; {} parked, {} dead; seen {}",
        lag.consumer, lag.source, lag.rows, lag.parked, lag.dead, lag.seen_at
    )
}

fn letter_line(letter: &DeadLetter) -> String {
    format!(
        "{} {:<16} {:<18} {} {} attempts, {} behind it: {}",
        letter.event_id,
        letter.consumer,
        letter.kind,
        letter.key,
        letter.attempts,
        letter.behind,
        letter.reason
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_given_as_such_or_as_how_long_ago() {
        let now = Timestamp::from_micros(1_770_000_000_000_000);
        assert_eq!(moment("90m", now).unwrap(), now.minus(Duration::from_mins(90)));
        assert_eq!(moment("2026-02-02T02:40:00Z", now).unwrap(), now);
        assert!(moment("yesterday", now).is_err());
    }
}
