//! From the beginning of a publication to its committed effect: the publisher's commit, the wake-up, the
//! reading, and the listener's commit.
//!
//! Once with nothing else going on, each event published a moment after the one before has had its effect; and
//! once at a modest steady rate, where nobody waits for anybody before publishing. Beside each stands the
//! publisher's own commit in the same run: any way to an effect takes a second one, the listener's.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use kit_db::{Db, StoreError, Tx};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::JoinSet;

use super::services::{Counted, Services, micros_since};
use super::transport::Kind;
use crate::effort::Effort;
use crate::folders::Folders;
use crate::report::{Reach, Report, Row};
use crate::samples::{Samples, percentile};

const GROUP: &str = "latency";

/// Events a second of the modest rate, and the time between two of them: a tenth of what is wanted of a drain.
const RATE: u32 = 500;
const PACE: Duration = Duration::from_millis(2);

/// Between an effect and the next event, where there is one at a time: longer than wake-ups are held together.
const PAUSE: Duration = Duration::from_millis(6);

/// Events come from so many aggregates in turn.
const KEYS: i64 = 100;

/// No event takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Latencies in microseconds, ascending.
#[derive(Debug, Default)]
struct Taken {
    effects: Vec<u32>,
    commits: Vec<u32>,
}

/// Measures and tells.
pub(super) async fn measure(
    kind: Kind,
    folders: &Folders,
    effort: &Effort,
    report: &mut Report,
) -> anyhow::Result<()> {
    let transport = kind.open(folders)?;
    let services = Services::open(&transport).await?;
    let (teller, heard) = mpsc::unbounded_channel();
    // Nobody hears it any more when this is over.
    services.keep_ledger(GROUP, move |took| {
        let _ = teller.send(took);
    })?;
    let mut run = Run {
        services,
        heard,
        published: 0,
    };
    run.one_at_a_time(effort.warm_up).await?;
    let (mut alone, mut loaded) = (Vec::new(), Vec::new());
    for _ in 0..effort.repeats {
        alone.push(run.one_at_a_time(effort.span).await?);
        loaded.push(run.at_a_rate(effort.span / 2).await?);
    }
    run.services.end().await;
    add_rows(kind, "one at a time", &alone, report);
    add_rows(kind, &format!("{RATE} events a second"), &loaded, report);
    Ok(())
}

struct Run {
    services: Services,
    heard: UnboundedReceiver<u32>,
    published: i64,
}

impl Run {
    async fn one_at_a_time(&mut self, span: Duration) -> anyhow::Result<Taken> {
        let (begin, mut taken) = (Instant::now(), Taken::default());
        while begin.elapsed() < span {
            let event = self.next();
            taken.commits.push(publish(&self.services.counter, event).await?);
            taken.effects.push(self.receive().await?);
            tokio::time::sleep(PAUSE).await;
        }
        Ok(taken.sorted())
    }

    async fn at_a_rate(&mut self, span: Duration) -> anyhow::Result<Taken> {
        let (begin, mut taken) = (Instant::now(), Taken::default());
        let (mut ticks, mut publishing) = (tokio::time::interval(PACE), JoinSet::new());
        while begin.elapsed() < span {
            ticks.tick().await;
            let (db, event) = (self.services.counter.clone(), self.next());
            publishing.spawn(async move { publish(&db, event).await });
        }
        while let Some(published) = publishing.join_next().await {
            taken.commits.push(published??);
        }
        for _ in 0..taken.commits.len() {
            taken.effects.push(self.receive().await?);
        }
        Ok(taken.sorted())
    }

    fn next(&mut self) -> Counted {
        self.published += 1;
        Counted {
            key: format!("key-{}", self.published % KEYS),
            number: self.published,
            at: self.services.now(),
        }
    }

    async fn receive(&mut self) -> anyhow::Result<u32> {
        let heard = tokio::time::timeout(PATIENCE, self.heard.recv()).await;
        heard
            .context("an event has no effect")?
            .context("nobody listens any more")
    }
}

/// Publishes an event; how long its commit took, in microseconds.
async fn publish(db: &Db, event: Counted) -> anyhow::Result<u32> {
    let begin = Instant::now();
    let published = db.write(async move |tx: &mut Tx| {
        tx.publish(event);
        Ok::<_, StoreError>(())
    });
    published.await.context("an event cannot be published")?;
    Ok(micros_since(begin))
}

impl Taken {
    fn sorted(mut self) -> Self {
        self.effects.sort_unstable();
        self.commits.sort_unstable();
        self
    }
}

fn add_rows(kind: Kind, how: &str, repeats: &[Taken], report: &mut Report) {
    let what = format!("{}, {how}", kind.name());
    let reach = Reach::AtMost(kind.reach());
    for (name, share, reach) in [("p50", 0.5, None), ("p99", 0.99, Some(reach))] {
        let of = |latencies: fn(&Taken) -> &[u32]| {
            let all = repeats.iter().map(latencies);
            Samples::of(all.map(|latencies| percentile(latencies, share) / 1e3).collect())
        };
        let effects = of(|taken| &taken.effects);
        let row = Row::new("events", format!("{what}, to the effect, {name}"), "ms", &effects)
            .against("the publisher's commit", &of(|taken| &taken.commits));
        report.add(match reach {
            Some(reach) => row.reach(reach),
            None => row,
        });
    }
}
