//! Requests that may be sent again: the same key and the same request get the same answer, once done.
//!
//! An answer that changed something is stored in the transaction of the change; a refusal that changed nothing
//! is not. Two shapes:
//! - [`run`]: a case of one unit of work. While one runs, others with its key wait without a connection, and
//!   then answer as it did.
//! - [`start`]: a case with a call to somebody else in the middle. A leased row is committed first, so that a
//!   second request, and a restarted process, know of the first; [`PendingRequest::finish`] stores the answer.

use std::time::Duration;

use kit_runtime::Timestamp;
use thiserror::Error;
use tokio::time::Instant;

use crate::db::Db;
use crate::dialect::Dialect;
use crate::error::{StoreError, WriteError};
use crate::hash;
use crate::row::Row;
use crate::statement::sql;
use crate::unit::{Session, Tx, Unit};

/// The first and the longest pause between two looks at a request that is still running.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Which request, and what it asks.
#[derive(Clone, Debug)]
pub struct IdempotencyScope {
    /// Whose keys: the user and the route.
    pub scope: String,
    /// The caller's key.
    pub key: String,
    /// What tells this request from another with the same key; see [`request_hash`].
    pub request_hash: String,
    /// How long to wait for the same request that is still running.
    pub wait: Duration,
}

/// A hash over what a request asks, in parts, such as path and body.
pub fn request_hash<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> String {
    let digest = hash::sha256(|context| {
        for part in parts {
            // The length keeps parts apart.
            context.update(&part.len().to_be_bytes());
            context.update(part);
        }
    });
    hash::hex(digest.as_ref())
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, as it was sent.
    pub body: String,
}

/// An answer, and whether it was made now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The effect happened now.
    Fresh(Answer),
    /// The effect happened before; this is what was answered then.
    Replayed(Answer),
}

impl Outcome {
    /// The answer, whenever it was made.
    pub fn into_answer(self) -> Answer {
        match self {
            Self::Fresh(answer) | Self::Replayed(answer) => answer,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum IdempotencyError<E> {
    /// The key was used for another request (422).
    #[error("the idempotency key was used for another request")]
    OtherBody,
    /// The same request is still running (409).
    #[error("the same request is still running")]
    StillRunning,
    /// The unit's own, or the store's.
    #[error(transparent)]
    Write(WriteError<E>),
}

/// What a look at the key showed.
enum Seen {
    Nothing,
    Done(Answer),
    OtherBody,
    Running,
}

/// Runs a unit once per key. Its answer is stored with its effect; its refusal (`Err`) stores nothing.
pub async fn run<E>(
    db: &Db,
    scope: IdempotencyScope,
    unit: impl for<'t> Unit<'t, Answer, E> + Clone + Send + Sync + 'static,
) -> Result<Outcome, IdempotencyError<E>>
where
    E: From<StoreError> + Send + 'static,
{
    enum Step {
        Seen(Seen),
        Fresh(Answer),
    }
    let deadline = Instant::now() + scope.wait;
    let mut pause = FIRST_PAUSE;
    loop {
        let (unit, claim, now) = (unit.clone(), scope.clone(), db.clock().now());
        let step = db.write(async move |tx: &mut Tx| {
            match look(tx, &claim, now).await? {
                Seen::Nothing => {}
                seen => return Ok::<Step, E>(Step::Seen(seen)),
            }
            let answer = unit.clone()(tx).await?;
            store(tx, &claim, &answer, now).await?;
            Ok(Step::Fresh(answer))
        });
        match step.await {
            Ok(Step::Fresh(answer)) => return Ok(Outcome::Fresh(answer)),
            Ok(Step::Seen(Seen::Done(answer))) => return Ok(Outcome::Replayed(answer)),
            Ok(Step::Seen(Seen::OtherBody)) => return Err(IdempotencyError::OtherBody),
            Ok(Step::Seen(Seen::Running | Seen::Nothing)) => {}
            Err(error) => return Err(IdempotencyError::Write(error)),
        }
        if Instant::now() + pause > deadline {
            return Err(IdempotencyError::StillRunning);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// A request that was announced with [`start`] and is not answered yet.
#[derive(Clone, Debug)]
pub struct PendingRequest {
    scope: IdempotencyScope,
    lease: String,
}

/// What [`start`] found.
#[derive(Debug)]
pub enum Started {
    /// Go on, and end with [`PendingRequest::finish`] or [`PendingRequest::release`].
    Fresh(PendingRequest),
    /// It was done before.
    Replayed(Answer),
}

/// Announces a request whose unit of work comes after a call to somebody else. Others with its key are told
/// that it is still running, until it is finished or the lease runs out; then the next one may take over, so
/// what is done in between must be safe to repeat.
pub async fn start(
    db: &Db,
    scope: IdempotencyScope,
    lease: Duration,
) -> Result<Started, IdempotencyError<StoreError>> {
    enum Step {
        Seen(Seen),
        Fresh,
    }
    let pending = PendingRequest {
        scope,
        lease: db.ids().uuid().to_string(),
    };
    let deadline = Instant::now() + pending.scope.wait;
    let mut pause = FIRST_PAUSE;
    loop {
        let (claim, now) = (pending.clone(), db.clock().now());
        let step = db.write(
            async move |tx: &mut Tx| match look(tx, &claim.scope, now).await? {
                Seen::Nothing => claim
                    .announce(tx, now, now.plus(lease))
                    .await
                    .map(|()| Step::Fresh),
                seen => Ok::<Step, StoreError>(Step::Seen(seen)),
            },
        );
        match step.await {
            Ok(Step::Fresh) => return Ok(Started::Fresh(pending)),
            Ok(Step::Seen(Seen::Done(answer))) => return Ok(Started::Replayed(answer)),
            Ok(Step::Seen(Seen::OtherBody)) => return Err(IdempotencyError::OtherBody),
            Ok(Step::Seen(Seen::Running | Seen::Nothing)) => {}
            Err(error) => return Err(IdempotencyError::Write(error)),
        }
        if Instant::now() + pause > deadline {
            return Err(IdempotencyError::StillRunning);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

impl PendingRequest {
    /// Stores the answer, in the transaction of the effect. False when the lease ran out and another request
    /// took over: then roll back, since the effect is the other's.
    #[must_use = "when the lease was lost, the effect must be rolled back"]
    pub async fn finish(&self, tx: &mut Tx, answer: &Answer) -> Result<bool, StoreError> {
        let changed = sql(
            "UPDATE idempotency_keys SET state = 'done', status = $4, body = $5, \
             lease = NULL, lease_until = NULL WHERE scope = $1 AND key = $2 AND lease = $3",
        )
        .bind(&self.scope.scope)
        .bind(&self.scope.key)
        .bind(&self.lease)
        .bind(answer.status)
        .bind(&answer.body)
        .execute(tx)
        .await?;
        Ok(changed == 1)
    }

    /// Forgets the request, after a refusal that changed nothing.
    pub async fn release(&self, tx: &mut Tx) -> Result<(), StoreError> {
        sql("DELETE FROM idempotency_keys WHERE scope = $1 AND key = $2 AND lease = $3")
            .bind(&self.scope.scope)
            .bind(&self.scope.key)
            .bind(&self.lease)
            .execute(tx)
            .await?;
        Ok(())
    }

    async fn announce(&self, tx: &mut Tx, now: Timestamp, until: Timestamp) -> Result<(), StoreError> {
        sql(
            "INSERT INTO idempotency_keys (scope, key, request_hash, state, lease, lease_until, at) \
             VALUES ($1, $2, $3, 'started', $4, $5, $6) ON CONFLICT (scope, key) DO UPDATE \
             SET lease = excluded.lease, lease_until = excluded.lease_until, at = excluded.at",
        )
        .bind(&self.scope.scope)
        .bind(&self.scope.key)
        .bind(&self.scope.request_hash)
        .bind(&self.lease)
        .bind(until)
        .bind(now)
        .execute(tx)
        .await?;
        Ok(())
    }
}

/// Looks at a key, and on PostgreSQL locks it until the transaction ends. The lock is tried, never waited for:
/// who does not get it lets go of its connection. Two keys may share a lock; then one waits a little.
async fn look(tx: &mut Tx, scope: &IdempotencyScope, now: Timestamp) -> Result<Seen, StoreError> {
    if tx.dialect() == Dialect::Postgres {
        let taken = sql("SELECT CASE WHEN pg_try_advisory_xact_lock(\
             hashtextextended(current_schema(), $1)) THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END")
        .bind(lock_of(scope))
        .one(tx)
        .await?;
        if !taken.get::<bool>(0)? {
            return Ok(Seen::Running);
        }
    }
    let row = sql(
        "SELECT request_hash, state, status, body, lease_until FROM idempotency_keys \
         WHERE scope = $1 AND key = $2",
    )
    .bind(&scope.scope)
    .bind(&scope.key)
    .optional(tx)
    .await?;
    row.map_or(Ok(Seen::Nothing), |row| read(&row, scope, now))
}

fn read(row: &Row, scope: &IdempotencyScope, now: Timestamp) -> Result<Seen, StoreError> {
    if row.get::<String>("request_hash")? != scope.request_hash {
        return Ok(Seen::OtherBody);
    }
    if row.get::<String>("state")? == "done" {
        return Ok(Seen::Done(Answer {
            status: row.get("status")?,
            body: row.get("body")?,
        }));
    }
    let alive = row
        .get::<Option<Timestamp>>("lease_until")?
        .is_some_and(|until| until > now);
    Ok(if alive { Seen::Running } else { Seen::Nothing })
}

async fn store(
    tx: &mut Tx,
    scope: &IdempotencyScope,
    answer: &Answer,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO idempotency_keys (scope, key, request_hash, state, status, body, at) \
         VALUES ($1, $2, $3, 'done', $4, $5, $6)",
    )
    .bind(&scope.scope)
    .bind(&scope.key)
    .bind(&scope.request_hash)
    .bind(answer.status)
    .bind(&answer.body)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

fn lock_of(scope: &IdempotencyScope) -> i64 {
    let bytes = scope.scope.bytes().chain([0]).chain(scope.key.bytes());
    hash::fnv1a(bytes).cast_signed()
}
