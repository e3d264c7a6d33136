//! A small schema, and what the tests do with it.

use std::sync::Arc;

use kit_db::{Db, Migrations, Reader, Session, StoreError, Tx, Unavailable, WriteError, sql};
use tokio::sync::{Semaphore, mpsc};

pub(crate) static MIGRATIONS: Migrations = Migrations::new(&[("0001_shop.sql", SHOP)]);

const SHOP: &str = include_str!("../migrations/0001_shop.sql");

/// Inserts an account whose username is its id.
pub(crate) async fn insert(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    sql("INSERT INTO accounts (id, username) VALUES ($1, $1)")
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn add(tx: &mut Tx, id: &str, amount: i64) -> Result<(), StoreError> {
    let changed = sql("UPDATE accounts SET balance = balance + $2 WHERE id = $1")
        .bind(id)
        .bind(amount)
        .execute(tx)
        .await?;
    assert_eq!(changed, 1);
    Ok(())
}

pub(crate) async fn find_balance(on: &mut impl Session, id: &str) -> Result<Option<i64>, StoreError> {
    let row = sql("SELECT balance FROM accounts WHERE id = $1")
        .bind(id)
        .optional(on)
        .await?;
    row.map(|row| row.get("balance")).transpose()
}

pub(crate) async fn save(db: &Db, id: impl Into<String>) -> Result<(), WriteError<StoreError>> {
    let id = id.into();
    db.write(async move |tx: &mut Tx| insert(tx, &id).await).await
}

pub(crate) async fn balance(db: &Db, id: &'static str) -> Option<i64> {
    db.read(async move |reader: &mut Reader| find_balance(reader, id).await)
        .await
        .unwrap()
}

/// The ids of all accounts, sorted by bytes.
pub(crate) async fn ids(db: &Db) -> Vec<String> {
    let rows =
        db.read(async |reader: &mut Reader| sql("SELECT id FROM accounts ORDER BY id").all(reader).await);
    let rows = rows.await.unwrap();
    rows.iter().map(|row| row.get("id").unwrap()).collect()
}

/// Tells when a unit has begun, and holds it until it is let go.
#[derive(Clone)]
pub(crate) struct Gate {
    begun: mpsc::UnboundedSender<()>,
    open: Arc<Semaphore>,
}

pub(crate) struct GateKeeper {
    begun: mpsc::UnboundedReceiver<()>,
    open: Arc<Semaphore>,
}

pub(crate) fn gate() -> (Gate, GateKeeper) {
    let (sender, begun) = mpsc::unbounded_channel();
    let open = Arc::new(Semaphore::new(0));
    let gate = Gate {
        begun: sender,
        open: open.clone(),
    };
    (gate, GateKeeper { begun, open })
}

impl Gate {
    pub(crate) async fn pass(&self) {
        let _ = self.begun.send(());
        let _passed = self.open.acquire().await;
    }
}

impl GateKeeper {
    /// Returns when somebody stands at the gate.
    pub(crate) async fn arrival(&mut self) {
        self.begun.recv().await.unwrap();
    }

    /// Opens it for good.
    pub(crate) fn open(&self) {
        self.open.add_permits(1000);
    }

    /// Whether nobody came since the last arrival.
    pub(crate) fn nobody_came(&mut self) -> bool {
        self.begun.try_recv().is_err()
    }
}

/// Starts a unit that stands at the gate between two inserts.
pub(crate) fn spawn_gated(
    db: &Db,
    gate: &Gate,
    ids: [&'static str; 2],
) -> tokio::task::JoinHandle<Result<(), WriteError<StoreError>>> {
    let (db, gate) = (db.clone(), gate.clone());
    spawn(async move {
        db.write(async move |tx: &mut Tx| {
            insert(tx, ids[0]).await?;
            gate.pass().await;
            insert(tx, ids[1]).await
        })
        .await
    })
}

#[expect(clippy::disallowed_methods, reason = "the test waits for it")]
pub(crate) fn spawn<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::spawn(work)
}

pub(crate) fn is_unavailable<T, E>(result: &Result<T, WriteError<E>>, reason: Unavailable) -> bool {
    matches!(result, Err(WriteError::Unavailable(found)) if *found == reason)
}
