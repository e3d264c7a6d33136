//! Whether every event of the logs has reached whoever hears it, and stands there in the order of what it tells of.
//!
//! The inbox has a row of each event that a consumer is done with, and what it could not do is parked. Which types a
//! consumer hears is told by no table, so it is learnt: a type is heard from the first event on that is found in one
//! of the two. So a consumer that never got anything at all is not missed here; `stoa events lag` shows how far it is
//! behind. An inbox keeps its rows longer than a log does, but for topics that are kept for ever; what is older than an
//! inbox remembers is passed over.
//!
//! A log is read page by page, however long it is.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use super::Finding;
use super::store::{self, LoggedEvent};
use crate::node::Node;

/// Less than an inbox keeps its rows.
const REMEMBERED: Duration = Duration::from_hours(14 * 24);

/// Missing events that are named.
const MOST_NAMED: usize = 1_000;

const IS_DELIVERED: &str = "an event reaches whoever hears its type, or is a dead letter";
const IS_IN_ORDER: &str = "events stand in the log in the order of the versions they tell of";

/// How events stand with those who hear them.
#[derive(Default)]
pub(super) struct Deliveries {
    /// Events that somebody should have heard.
    pub missing: Vec<Missing>,
    /// Events that stand in the wrong order.
    pub disordered: Vec<Finding>,
    /// Events that somebody hears, each as often as it is heard.
    pub checked: usize,
}

/// An event that a consumer should have heard.
pub(super) struct Missing {
    consumer: Consumer,
    source: &'static str,
    event: LoggedEvent,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Consumer {
    service: &'static str,
    name: String,
}

impl Deliveries {
    /// Reads all logs.
    pub(super) async fn look(node: &Node) -> anyhow::Result<Self> {
        let mut deliveries = Self::default();
        let mut consumers = Vec::new();
        for service in &node.hosts {
            let names = store::consumers(&node.database(service.name)?).await?;
            consumers.extend(names.into_iter().map(|name| Consumer {
                service: service.name,
                name,
            }));
        }
        let since = node.clock.now().minus(REMEMBERED);
        for source in &node.hosts {
            let mut log = Log {
                source: source.name,
                heard: BTreeSet::new(),
                versions: HashMap::new(),
            };
            let (db, mut after) = (node.database(source.name)?, 0);
            loop {
                let page = store::page(&db, after, since).await?;
                let Some(last) = page.last() else { break };
                after = last.position;
                deliveries
                    .disordered
                    .extend(page.iter().filter_map(|event| log.out_of_order(event)));
                for consumer in &consumers {
                    let known = known(
                        node,
                        consumer,
                        page.iter().map(|event| event.id.clone()).collect(),
                    )
                    .await?;
                    deliveries.compare(&mut log, consumer, (&page, &known));
                }
            }
        }
        Ok(deliveries)
    }

    fn compare(
        &mut self,
        log: &mut Log,
        consumer: &Consumer,
        (page, known): (&[LoggedEvent], &HashSet<String>),
    ) {
        for event in page {
            let subscription = (consumer.clone(), event.topic.clone(), event.kind.clone());
            if known.contains(&event.id) {
                self.checked += 1;
                log.heard.insert(subscription);
            } else if log.heard.contains(&subscription) && self.missing.len() < MOST_NAMED {
                self.checked += 1;
                self.missing.push(Missing {
                    consumer: consumer.clone(),
                    source: log.source,
                    event: event.clone(),
                });
            }
        }
    }

    /// Keeps those events that are still missing.
    pub(super) async fn look_again(&mut self, node: &Node) -> anyhow::Result<()> {
        let mut asked: BTreeMap<&Consumer, Vec<String>> = BTreeMap::new();
        for missing in &self.missing {
            asked
                .entry(&missing.consumer)
                .or_default()
                .push(missing.event.id.clone());
        }
        let mut arrived = HashSet::new();
        for (consumer, ids) in asked {
            for chunk in ids.chunks(store::PAGE) {
                let known = known(node, consumer, chunk.to_vec()).await?;
                arrived.extend(known.into_iter().map(|id| (consumer.clone(), id)));
            }
        }
        self.missing
            .retain(|missing| !arrived.contains(&(missing.consumer.clone(), missing.event.id.clone())));
        Ok(())
    }

    pub(super) fn findings(&self) -> impl Iterator<Item = Finding> {
        self.missing.iter().map(|missing| Finding {
            service: missing.consumer.service.to_owned(),
            rule: IS_DELIVERED,
            row: missing.event.id.clone(),
            said: Some(format!(
                "`{}` of {}, position {}, has not reached `{}`",
                missing.event.kind, missing.source, missing.event.position, missing.consumer.name
            )),
        })
    }
}

/// What is known of a log so far.
struct Log {
    source: &'static str,
    heard: BTreeSet<(Consumer, String, String)>,
    /// The newest version of each key of a topic.
    versions: HashMap<(String, String), i64>,
}

impl Log {
    /// Takes the next event; a finding where it comes too late, or again.
    fn out_of_order(&mut self, event: &LoggedEvent) -> Option<Finding> {
        let sequence = event.sequence?;
        let key = (event.topic.clone(), event.key.clone());
        let before = self.versions.insert(key, sequence);
        // What was deleted may be there anew, and begins with 1.
        let is_later = sequence == 1 || before.is_none_or(|before| before < sequence);
        (!is_later).then(|| Finding {
            service: self.source.to_owned(),
            rule: IS_IN_ORDER,
            row: event.id.clone(),
            said: Some(format!(
                "`{}` of `{}`, version {sequence} after {}",
                event.kind,
                event.key,
                before.unwrap_or_default()
            )),
        })
    }
}

/// Those of some events that a consumer is done with, or has parked.
async fn known(node: &Node, consumer: &Consumer, ids: Vec<String>) -> anyhow::Result<HashSet<String>> {
    let db = node.database(consumer.service)?;
    Ok(store::known(&db, consumer.name.clone(), ids).await?)
}
