//! Clients that go away in the middle of a request, and what they leave in the database.

use std::net::SocketAddr;

use kit_db::{Db, Dialect, Reader, sql};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::{Person, eventually};

/// Sends a request without waiting for the answer; dropping the connection is how its client goes away. `line` is
/// the method and the path, such as `PUT /profile`.
///
/// # Panics
/// When the service is not there.
#[expect(clippy::expect_used, reason = "a story without its request cannot go on")]
pub async fn send(address: SocketAddr, line: &str, person: &Person, body: &str) -> TcpStream {
    let (token, length) = (&person.token, body.len());
    let request = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(address).await.expect("the service is there");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("the service reads");
    stream
}

/// Lets a request that was sent come as far as it may: to the `steps`-th point at which this test's other tasks run.
pub async fn let_run(steps: usize) {
    for _ in 0..steps {
        tokio::task::yield_now().await;
    }
}

/// PostgreSQL's sessions that are in a transaction on a table, and how many of them wait. On SQLite, where a process
/// has one writer, (0, 0).
///
/// # Panics
/// When the database does not tell.
#[expect(clippy::expect_used, reason = "a story without its database cannot go on")]
pub async fn in_transaction(db: &Db, table: &'static str) -> (i64, i64) {
    if db.dialect() == Dialect::Sqlite {
        return (0, 0);
    }
    let asked = db.read(async move |reader: &mut Reader| {
        sql("SELECT count(DISTINCT a.pid) AS open, \
                    count(DISTINCT a.pid) FILTER (WHERE a.wait_event_type = 'Lock') AS waiting \
             FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid JOIN pg_class c ON c.oid = l.relation \
             JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = current_schema() AND c.relname = $1 AND a.pid <> pg_backend_pid()")
        .bind(table)
        .one(reader)
        .await
    });
    let row = asked.await.expect("a look at the sessions");
    (
        row.get("open").expect("a number"),
        row.get("waiting").expect("a number"),
    )
}

/// Waits, on PostgreSQL, until a transaction waits for a row or lock of a table.
pub async fn until_one_waits(db: &Db, table: &'static str) {
    if db.dialect() == Dialect::Postgres {
        eventually("a transaction waits", async || {
            (in_transaction(db, table).await.1 > 0).then_some(())
        })
        .await;
    }
}

/// Waits until no transaction on a table is open.
pub async fn until_all_ended(db: &Db, table: &'static str) {
    eventually("no transaction is open", async || {
        (in_transaction(db, table).await.0 == 0).then_some(())
    })
    .await;
}
