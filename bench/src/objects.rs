//! Objects that clients of S3 put and get, by the object store in `stoa up` beside a MinIO of the bench's own.
//!
//! Both have a folder on the same disk and all cores, which they share with the load. Every request is signed in its
//! address (AWS Signature Version 4), so neither hashes the body for a signature. A small object is new each time; large
//! ones take turns, so that the disk does not fill up. What is got was put by the same run, so it is in the system's
//! memory, and not read from the disk.

mod clients;
mod stores;

use std::time::Duration;

use self::clients::{Client, Doing};
use self::stores::Store;
use crate::effort::Effort;
use crate::folders::Folders;
use crate::load::talk;
use crate::report::{Reach, Report, Row};
use crate::samples::Samples;

/// The most memory wanted, by MinIO's.
const MEMORY: f64 = 0.25;

/// Objects of one size, and how many clients put and get them at once.
#[derive(Clone, Copy, Debug)]
struct Kind {
    name: &'static str,
    bytes: usize,
    clients: usize,
    /// How many names a client has.
    names: u64,
}

const KINDS: [Kind; 2] = [
    Kind {
        name: "4 KiB",
        bytes: 4 << 10,
        clients: 16,
        names: u64::MAX,
    },
    Kind {
        name: "8 MiB",
        bytes: 8 << 20,
        clients: 4,
        names: 4,
    },
];

/// Measures.
pub(crate) fn run(folders: &Folders, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    let ours = Store::ours(folders)?;
    let peer = Store::minio(folders)?;
    if peer.is_none() {
        report.note("MinIO is not there (`cargo xtask backends up` builds it), so nothing is set against it");
    }
    for kind in KINDS {
        measure(kind, &ours, peer.as_ref(), effort, report)?;
    }
    let row = Row::new(
        "objects",
        "resident at most (VmHWM), the whole platform",
        "MiB",
        &ours.most_memory()?,
    );
    report.add(match &peer {
        Some(peer) => row
            .against("MinIO", &peer.most_memory()?)
            .reach(Reach::RatioAtMost(MEMORY)),
        None => row,
    });
    Ok(())
}

/// Of one store, by what is done.
#[derive(Debug, Default)]
struct Measured {
    /// Objects a second.
    rates: Vec<f64>,
    /// Microseconds of CPU time an object.
    costs: Vec<f64>,
    /// Milliseconds.
    slowest: Vec<f64>,
}

fn measure(
    kind: Kind,
    ours: &Store,
    peer: Option<&Store>,
    effort: &Effort,
    report: &mut Report,
) -> anyhow::Result<()> {
    let stores = [Some(ours), peer];
    let mut measured: [[Measured; 2]; 2] = Default::default();
    for repeat in 0..=effort.repeats {
        // The first one is not counted.
        let span = if repeat == 0 { effort.warm_up } else { effort.span };
        for (store, by_doing) in stores.iter().zip(&mut measured) {
            let Some(store) = store else { continue };
            let mut clients = store.clients(kind, repeat);
            for (doing, measured) in [Doing::Put, Doing::Get].into_iter().zip(by_doing) {
                for client in &mut clients {
                    client.begin(doing);
                }
                clients = if repeat == 0 {
                    talk(store.address, clients, span)?.1
                } else {
                    measured.add(store, clients, span)?
                };
            }
        }
    }
    let [ours, theirs] = measured;
    for ((doing, ours), theirs) in ["PUT", "GET"].into_iter().zip(ours).zip(theirs) {
        let what = format!("{doing} of {}, {} at once", kind.name, kind.clients);
        let theirs = peer.is_some().then_some(theirs);
        ours.add_rows(&what, theirs, report);
    }
    Ok(())
}

impl Measured {
    fn add(&mut self, store: &Store, clients: Vec<Client>, span: Duration) -> anyhow::Result<Vec<Client>> {
        let before = store.process.cpu_seconds()?;
        let (outcome, clients) = talk(store.address, clients, span)?;
        let took = store.process.cpu_seconds()? - before;
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 requests")]
        let each = took / outcome.requests as f64;
        self.rates.push(outcome.rate());
        self.costs.push(each * 1e6);
        self.slowest.push(outcome.ninety_ninth());
        Ok(clients)
    }

    fn add_rows(self, what: &str, peer: Option<Self>, report: &mut Report) {
        let theirs = peer.unwrap_or_default();
        for (name, unit, ours, theirs, reach) in [
            (
                "",
                "objects/s",
                self.rates,
                theirs.rates,
                Some(Reach::RatioAtLeast(1.0)),
            ),
            (", CPU", "µs/object", self.costs, theirs.costs, None),
            (", p99", "ms", self.slowest, theirs.slowest, None),
        ] {
            let is_alone = theirs.is_empty();
            let mut row = Row::new("objects", format!("{what}{name}"), unit, &Samples::of(ours));
            if !is_alone {
                row = row.against("MinIO", &Samples::of(theirs));
            }
            report.add(match reach {
                Some(reach) => row.reach(reach),
                None => row,
            });
        }
    }
}
