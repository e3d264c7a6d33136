//! Wake-ups between processes, by PostgreSQL's `NOTIFY`.
//!
//! A notification is a hint and carries no event: it says that a schema's outbox, or its parked events, may
//! have something new. It is sent after the commit and outside of the business transaction, because a
//! transaction that notifies takes a lock on the whole database cluster at its commit. Lost ones do no harm,
//! for whoever waits also polls.
//!
//! The listening connection is its own, since notifications come at any time; a pooler in between must be in
//! session mode.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kit_db::{Db, DbTarget, Dialect, Reader, sql};
use kit_runtime::{TaskError, Tasks};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::watch;

const CHANNEL: &str = "stoa_bus";

/// The least time between two notifications of a process; what is published meanwhile shares one.
const GAP: Duration = Duration::from_millis(5);

/// Notices that a place may have something new.
#[derive(Clone, Debug)]
pub(crate) struct Signals(Option<watch::Receiver<u64>>);

impl Signals {
    /// A place that nobody tells about.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Whatever came until now does not count.
    pub(crate) fn mark(&mut self) {
        if let Some(signals) = &mut self.0 {
            signals.mark_unchanged();
        }
    }

    pub(crate) async fn changed(&mut self) {
        let gone = match &mut self.0 {
            Some(signals) => signals.changed().await.is_err(),
            None => std::future::pending().await,
        };
        if gone {
            self.0 = None;
        }
    }
}

/// Listens for the whole process.
pub(crate) struct Wake {
    tasks: Tasks,
    servers: Mutex<HashMap<String, Arc<Server>>>,
}

/// One PostgreSQL database that is listened to.
#[derive(Default)]
struct Server {
    /// By payload.
    places: Mutex<HashMap<String, watch::Sender<u64>>>,
}

impl Wake {
    pub(crate) fn new(tasks: Tasks) -> Self {
        Self {
            tasks,
            servers: Mutex::default(),
        }
    }

    /// Commits of other processes that published events there.
    pub(crate) fn of_outbox(&self, target: &DbTarget) -> Signals {
        self.of(target, "outbox")
    }

    /// What other processes did to parked events there.
    pub(crate) fn of_parked(&self, target: &DbTarget) -> Signals {
        self.of(target, "parked")
    }

    fn of(&self, target: &DbTarget, what: &str) -> Signals {
        let DbTarget::Postgres { url, schema } = target else {
            return Signals(None);
        };
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let server = servers.entry(url.expose().clone()).or_insert_with(|| {
            let server = Arc::new(Server::default());
            listen(&self.tasks, url.expose().clone(), server.clone());
            server
        });
        let mut places = server.places.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = places
            .entry(format!("{what} {schema}"))
            .or_insert_with(|| watch::Sender::new(0));
        Signals(Some(sender.subscribe()))
    }
}

impl Server {
    fn signal(&self, payload: &str) {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = places.get(payload) {
            sender.send_modify(|count| *count += 1);
        }
    }

    fn signal_all(&self) {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        for sender in places.values() {
            sender.send_modify(|count| *count += 1);
        }
    }
}

fn listen(tasks: &Tasks, url: String, server: Arc<Server>) {
    tasks.supervise("bus.listen", move |stop| {
        let (url, server) = (url.clone(), server.clone());
        async move {
            tokio::select! {
                () = stop.requested() => Ok(()),
                ended = receive(&url, &server) => ended,
            }
        }
    });
}

async fn receive(url: &str, server: &Server) -> Result<(), TaskError> {
    // The driver's message may repeat the URL, and with it the password.
    let options = PgConnectOptions::from_str(url).map_err(|_| "the database URL is not valid")?;
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_with(options.application_name("stoa/bus"))
        .await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.ignore_pool_close_event(true);
    listener.listen(CHANNEL).await?;
    loop {
        // From here on nothing is missed; what came before has to be looked for.
        server.signal_all();
        while let Some(notification) = listener.try_recv().await? {
            server.signal(notification.payload());
        }
        // The connection was lost and is made anew.
    }
}

/// Tells other processes of what this one publishes.
pub(crate) fn announce(tasks: &Tasks, db: &Db) {
    if db.dialect() == Dialect::Sqlite {
        return; // one process owns the folder
    }
    let db = db.clone();
    tasks.supervise("bus.announce", move |stop| {
        let (db, mut published) = (db.clone(), db.published());
        async move {
            loop {
                tokio::select! {
                    () = stop.requested() => return Ok(()),
                    changed = published.changed() => changed?,
                }
                notify(&db, "outbox").await;
                stop.sleep(GAP).await;
            }
        }
    });
}

/// Tells other processes that parked events were changed from outside.
pub(crate) async fn announce_parked(db: &Db) {
    if db.dialect() == Dialect::Postgres {
        notify(db, "parked").await;
    }
}

async fn notify(db: &Db, what: &'static str) {
    let sent = db.read(async move |reader: &mut Reader| {
        sql("SELECT CAST(pg_notify($1, $2 || ' ' || current_schema()) AS TEXT)")
            .bind(CHANNEL)
            .bind(what)
            .all(reader)
            .await
    });
    if let Err(error) = sent.await {
        tracing::warn!(%error, "other processes are not woken, and will find events by their poll");
    }
}
