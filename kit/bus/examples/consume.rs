//! A process that listens: it writes down what each event counted, until it is killed. The tests kill it, pause
//! it, and let it end itself in the middle of things.
//!
//! `consume PRODUCER CONSUMER FAULT ACTION HIT BROKER`, where a place is `sqlite:FILE` or `SCHEMA@URL`, and
//! `ACTION` at the failpoint `FAULT`, the `HIT`th time it is passed, is `abort` or `stop`; `none none 0` for no
//! fault. A broker is `EXCHANGE@URL`, or `none` where events are read from the log. It prints `ready` once it
//! listens.
#![expect(
    clippy::unwrap_used,
    reason = "a program for tests ends at the first surprise"
)]
#![expect(clippy::print_stdout, reason = "it tells the test when it is ready")]

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kit_bus::{Carriers, Inbox};
use kit_db::DbTarget;
use kit_runtime::Secret;

#[path = "../tests/world/mod.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod world;

use world::{Counted, Process, Setup, Travel, note, rabbit, settings};

/// What a world of the tests would do; this program is told.
const TRAVEL: Travel = Travel::Embedded;

fn place(text: &str) -> DbTarget {
    if let Some(file) = text.strip_prefix("sqlite:") {
        return DbTarget::Sqlite { file: file.into() };
    }
    let (schema, url) = text.split_once('@').unwrap();
    DbTarget::Postgres {
        url: Secret::new(url.to_owned()),
        schema: schema.to_owned(),
    }
}

fn carriers(broker: &str) -> Carriers {
    match broker.split_once('@') {
        Some((exchange, url)) => rabbit::carriers(&rabbit::broker(url.to_owned(), exchange)),
        None => Carriers::embedded(),
    }
}

fn arm(fault: &str, action: &str, hit: u32) {
    let passed = AtomicU32::new(0);
    let action = action.to_owned();
    fail::cfg_callback(fault, move || {
        if passed.fetch_add(1, Ordering::SeqCst) + 1 != hit {
            return;
        }
        if action == "abort" {
            std::process::abort();
        }
        // Everything stands still from here on, this thread too, until somebody lets it go on.
        let pid = std::process::id().to_string();
        Command::new("kill").args(["-STOP", &pid]).status().unwrap();
    })
    .unwrap();
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [producer, consumer, fault, action, hit, broker] = &arguments[..] else {
        panic!("consume PRODUCER CONSUMER FAULT ACTION HIT BROKER")
    };
    let mut quick = settings();
    quick.lease = Duration::from_secs(2);
    let setup = Setup {
        settings: quick,
        poll: Duration::from_millis(20),
        published: None,
        metrics: None,
        carriers: carriers(broker),
    };
    let process = Process::start(place(producer), place(consumer), setup).await;
    if action != "none" {
        arm(fault, action, hit.parse().unwrap());
    }
    process.listen(|delivery: kit_bus::Delivery<Counted>, inbox: Inbox| note(delivery.payload, inbox));
    println!("ready");
    std::future::pending::<()>().await;
}
