//! How fast a backlog of transactions becomes statistics, and how long one transaction takes.
//!
//! `measure sqlite FOLDER` or `measure postgres URL SCHEMA SCHEMA`; build it with `--release`. An event counts
//! here when `GET /stats` shows it: recorded, added up and committed, each durably.
#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::error::Error;
use std::time::{Duration, Instant};

use analytics::{AnalyticsConfig, Deps};
use analytics_api::Stats;
use axum::Router;
use axum::body::Body;
use http::Request;
use kit_bus::{Bus, BusDeps, BusSettings, Source, Sources, SourcesDeps};
use kit_db::{Db, DbDeps, DbSettings, DbTarget, Migrations, StoreError, Tx};
use kit_runtime::{Clock, Ids, Lifecycle, Readiness, Secret};
use kit_token::{UserId, Verifier, VerifierRules};
use payments_api::{Amount, TransactionCreated, TransactionId};
use tower::ServiceExt;

const BACKLOG: usize = 60_000;
const USERS: usize = 2_000;
const SINGLE: usize = 300;
const GLANCE: Duration = Duration::from_micros(500);

type Answer<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Answer<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (payments, own) = places(&arguments)?;
    let lifecycle = Lifecycle::new();
    let deps = DbDeps {
        tasks: lifecycle.tasks(),
        clock: Clock::system(),
        ids: Ids::system(),
        metrics: None,
    };
    let from = Db::open(
        DbSettings::new("payments", payments.clone()),
        &Migrations::none(),
        &deps,
    )
    .await?;
    let to = Db::open(DbSettings::new("analytics", own), &analytics::migrations(), &deps).await?;
    let users: Vec<UserId> = (0..USERS).map(|_| Ids::system().uuid().into()).collect();
    for chunk in 0..BACKLOG / 500 {
        let users = (0..500).map(|index| users[(chunk * 500 + index) % USERS]);
        publish(&from, users.collect()).await?;
    }
    let routes = start(&lifecycle, &to, source(payments, &from)).await?;
    let begun = Instant::now();
    until(&routes, BACKLOG).await?;
    let rate = BACKLOG * 1_000 / usize::try_from(begun.elapsed().as_millis())?;
    println!("drained {BACKLOG} events at {rate} a second");
    let mut latencies = Vec::new();
    for number in 0..SINGLE {
        let begun = Instant::now();
        publish(&from, vec![users[number % USERS]]).await?;
        until(&routes, BACKLOG + number + 1).await?;
        latencies.push(begun.elapsed());
    }
    latencies.sort_unstable();
    let at = |share: usize| latencies[latencies.len() * share / 100];
    println!(
        "from the request to the statistics: p50 {:?}, p99 {:?}",
        at(50),
        at(99)
    );
    lifecycle.end().await;
    Ok(())
}

/// Payments' and analytics'.
fn places(arguments: &[&str]) -> Answer<(DbTarget, DbTarget)> {
    match *arguments {
        ["sqlite", folder] => {
            let file = |name| DbTarget::Sqlite {
                file: std::path::Path::new(folder).join(name),
            };
            Ok((file("payments.db"), file("analytics.db")))
        }
        ["postgres", url, payments, analytics] => {
            let schema = |schema: &str| DbTarget::Postgres {
                url: Secret::new(url.to_owned()),
                schema: schema.to_owned(),
            };
            Ok((schema(payments), schema(analytics)))
        }
        _ => Err("which database?".into()),
    }
}

fn source(target: DbTarget, payments: &Db) -> Source {
    Source {
        service: "payments",
        topics: payments_api::TOPICS,
        target,
        published: Some(payments.published()),
    }
}

async fn publish(payments: &Db, users: Vec<UserId>) -> Answer<()> {
    let timestamp = Clock::system().now();
    let events = users.into_iter().map(|user_id| TransactionCreated {
        transaction_id: TransactionId::from(Ids::system().uuid()),
        user_id,
        amount: Amount::from_minor(1),
        description: Some("books".to_owned()),
        timestamp,
    });
    let events: Vec<_> = events.collect();
    let told = payments.write(async move |tx: &mut Tx| {
        for event in &events {
            tx.publish(event.clone());
        }
        Ok::<_, StoreError>(())
    });
    Ok(told.await?)
}

async fn start(lifecycle: &Lifecycle, db: &Db, source: Source) -> Answer<Router> {
    let tasks = lifecycle.tasks();
    let sources = SourcesDeps {
        tasks: tasks.clone(),
        metrics: None,
        poll: Duration::from_secs(1),
    };
    let bus = Bus::new(BusDeps {
        db: db.clone(),
        sources: Sources::open(vec![source], sources)?,
        tasks: tasks.clone(),
        clock: Clock::system(),
        ids: Ids::system(),
        metrics: None,
        tracer: kit_telemetry::Tracer::off(),
        settings: BusSettings::default(),
    });
    let rules = VerifierRules {
        issuer: "measure".to_owned(),
        audience: "measure".to_owned(),
        max_lifetime: Duration::from_hours(1),
        leeway: Duration::ZERO,
    };
    let config = AnalyticsConfig {
        listen: "127.0.0.1:0".parse()?,
        streams: 1,
        behaviour_kept: "1d".parse()?,
    };
    let deps = Deps {
        db: db.clone(),
        bus,
        verifier: Verifier::new(rules, Clock::system())?,
        clock: Clock::system(),
        ids: Ids::system(),
        tasks,
        readiness: Readiness::new(),
    };
    Ok(analytics::build(&config, deps).await?.routes)
}

async fn until(routes: &Router, events: usize) -> Answer<()> {
    loop {
        let request = Request::get("/stats").body(Body::empty())?;
        let answer = routes.clone().oneshot(request).await?;
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await?;
        let stats: Stats = serde_json::from_slice(&body)?;
        if stats.events_processed >= u64::try_from(events)? {
            return Ok(());
        }
        tokio::time::sleep(GLANCE).await;
    }
}
