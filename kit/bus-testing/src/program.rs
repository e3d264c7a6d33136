//! The programs of the tests: a process that listens, or one that relays, until it is killed. The tests kill it,
//! pause it, and let it end itself in the middle of things.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kit_bus::{Carriers, Delivery, Inbox};
use kit_db::{Db, DbSettings, DbTarget};
use kit_runtime::{Lifecycle, Secret};
use kit_telemetry::Tracer;
use kit_testing::db::deps;

use crate::broker::TestBroker;
use crate::events::Counted;
use crate::fixture::{MIGRATIONS, PRODUCER, note, settings};
use crate::process::{Process, Relaying, Setup};

/// `ROLE PRODUCER CONSUMER FAULT ACTION HIT BROKER`: the role is `consume` or `relay`, a place is `sqlite:FILE` or
/// `SCHEMA@URL`, and `ACTION` at the failpoint `FAULT`, the `HIT`th time it is passed, is `abort` or `stop`; `none
/// none 0` for no fault. The broker is what [`TestBroker::address`] said.
struct Arguments {
    role: String,
    producer: DbTarget,
    consumer: DbTarget,
    carriers: Carriers,
    fault: String,
    action: String,
    hit: u32,
}

/// Takes part in a scenario as a process of its own, until it is killed. Prints `ready` once it is at work.
#[expect(clippy::print_stdout, reason = "it tells the test when it is ready")]
pub async fn run_program<B: TestBroker>() {
    let arguments = Arguments::read::<B>();
    let mut quick = settings();
    quick.lease = Duration::from_secs(2);
    let setup = Setup {
        settings: quick,
        poll: Duration::from_millis(20),
        published: None,
        metrics: None,
        tracer: Tracer::off(),
        carriers: arguments.carriers.clone(),
    };
    if arguments.role == "relay" {
        let _at_work = arguments.relay(setup).await;
        println!("ready");
        return std::future::pending::<()>().await;
    }
    arguments.arm();
    let process = Process::start(arguments.producer, arguments.consumer, setup).await;
    process.listen(|delivery: Delivery<Counted>, inbox: Inbox| note(delivery.payload, inbox));
    println!("ready");
    std::future::pending::<()>().await;
}

impl Arguments {
    fn read<B: TestBroker>() -> Self {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [role, producer, consumer, fault, action, hit, broker] = &arguments[..] else {
            panic!("ROLE PRODUCER CONSUMER FAULT ACTION HIT BROKER")
        };
        Self {
            role: role.clone(),
            producer: parse_target(producer),
            consumer: parse_target(consumer),
            carriers: B::at(broker).carriers(),
            fault: fault.clone(),
            action: action.clone(),
            hit: hit.parse().unwrap(),
        }
    }

    async fn relay(self, setup: Setup) -> (Lifecycle, Relaying) {
        let lifecycle = Lifecycle::new();
        let settings = DbSettings::new(PRODUCER, self.producer.clone());
        let db = Db::open(settings, &MIGRATIONS, &deps(&lifecycle)).await.unwrap();
        self.arm();
        let relaying = Relaying::start(db, self.producer, self.consumer, setup);
        (lifecycle, relaying)
    }

    fn arm(&self) {
        if self.action == "none" {
            return;
        }
        let passed = AtomicU32::new(0);
        let (action, hit) = (self.action.clone(), self.hit);
        fail::cfg_callback(&self.fault, move || {
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
}

fn parse_target(text: &str) -> DbTarget {
    if let Some(file) = text.strip_prefix("sqlite:") {
        return DbTarget::Sqlite { file: file.into() };
    }
    let (schema, url) = text.split_once('@').unwrap();
    DbTarget::Postgres {
        url: Secret::new(url.to_owned()),
        schema: schema.to_owned(),
    }
}
