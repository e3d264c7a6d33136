//! Putting the service together: everything that can fail, before anything runs.

use std::sync::Arc;

use axum::Router;
use kit_bus::{Bus, BusError};
use kit_db::{Db, Migrations, StoreError};
use kit_http::{Guard, HandlersError};
use kit_rpc::Hosted;
use kit_runtime::{Clock, Ids, Readiness, Tasks};
use kit_token::Verifier;
use thiserror::Error;

use crate::config::AnalyticsConfig;
use crate::http::{Edge, router};
use crate::service::AnalyticsService;
use crate::tasks::{self, BeginError, Board, Live, TaskDeps};

/// What analytics needs from its process.
pub struct Deps {
    /// Its database.
    pub db: Db,
    /// Where it hears of transactions.
    pub bus: Bus,
    /// Verifies tokens on analytics' own routes.
    pub verifier: Verifier,
    /// The time.
    pub clock: Clock,
    /// Names guests.
    pub ids: Ids,
    /// Where facts are added up, and live streams end.
    pub tasks: Tasks,
    /// Where the service says that it works.
    pub readiness: Readiness,
}

/// Why analytics could not be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// Routes and handlers do not agree.
    #[error(transparent)]
    Routes(#[from] HandlersError),
    /// Events cannot be heard.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Analytics' migrations.
pub fn migrations() -> Migrations {
    kit_db::migrations!["0001_counts.sql", "0002_behaviour.sql"]
}

/// Builds the service. No other calls it, so there is no client.
pub async fn build(config: &AnalyticsConfig, deps: Deps) -> Result<Hosted<()>, BuildError> {
    let db = deps.db.clone();
    deps.readiness.check("analytics.database", move || {
        let db = db.clone();
        async move { db.check().await }
    });
    let (board, live) = (Arc::new(Board::default()), Live::new(config.streams));
    tasks::begin_unretired(&deps.db, &deps.bus, &board).await?;
    let task_deps = TaskDeps {
        db: deps.db.clone(),
        bus: deps.bus,
        clock: deps.clock.clone(),
        board,
        live: live.clone(),
        behaviour_kept: config.behaviour_kept.into(),
    };
    tasks::start(&deps.tasks, &task_deps);
    let service = AnalyticsService::new(deps.db, live, deps.clock, deps.ids);
    let edge = Edge {
        service,
        verifier: deps.verifier.clone(),
        stop: deps.tasks.stop(),
    };
    Ok(Hosted {
        client: (),
        routes: router(edge, Guard::new(deps.verifier))?,
        internal: Router::new(),
    })
}

impl From<BeginError> for BuildError {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Store(error) => Self::Store(error),
            BeginError::Bus(error) => Self::Bus(error),
        }
    }
}
