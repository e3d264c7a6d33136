//! What programs of the tests are told.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use kit_bus::Carriers;
use kit_db::DbTarget;
use kit_runtime::Secret;
use kit_testing::KafkaServer;

use crate::world::{kafka, rabbit};

/// `PRODUCER CONSUMER FAULT ACTION HIT BROKER`, where a place is `sqlite:FILE` or `SCHEMA@URL`, and `ACTION` at the
/// failpoint `FAULT`, the `HIT`th time it is passed, is `abort` or `stop`; `none none 0` for no fault. A broker is
/// `WORD@URL`, where all names begin with the word, or `none` where events are read from the log.
pub(crate) struct Arguments {
    pub(crate) producer: DbTarget,
    pub(crate) consumer: DbTarget,
    pub(crate) carriers: Carriers,
    fault: String,
    action: String,
    hit: u32,
}

impl Arguments {
    pub(crate) fn read() -> Self {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [producer, consumer, fault, action, hit, broker] = &arguments[..] else {
            panic!("PRODUCER CONSUMER FAULT ACTION HIT BROKER")
        };
        Self {
            producer: place(producer),
            consumer: place(consumer),
            carriers: carriers(broker),
            fault: fault.clone(),
            action: action.clone(),
            hit: hit.parse().unwrap(),
        }
    }

    pub(crate) fn arm(&self) {
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
        Some((word, url)) if url.starts_with("kafka://") => {
            let settings = kafka::settings(&KafkaServer::of_url(url), word);
            kafka::carriers(&kafka::made(settings))
        }
        Some((exchange, url)) => rabbit::carriers(&rabbit::broker(url.to_owned(), exchange)),
        None => Carriers::embedded(),
    }
}
