//! How use cases read and write.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use kit_db::audit::{self, AuditLine};
use kit_db::idempotency::{self, Answer, IdempotencyError, IdempotencyScope, Started};
use kit_db::{Db, ReadUnit, StoreError, Tx, Unit, WriteError};
use kit_http::ApiRefusal;
use kit_rpc::CallContext;
use kit_runtime::{Clock, Ids, Timestamp};
use kit_values::Uuid;
use serde::Serialize;

use crate::{Call, Failure, JsonAnswer};

/// For how long a request that was announced and not answered keeps others with its key away.
const LEASE: Duration = Duration::from_secs(30);

/// The database of a service as its use cases need it, with the time and identifiers. A cheap handle.
///
/// What holds for a unit of work is said at [`Db::write`]: it may run more than once, and does nothing but its
/// statements.
#[derive(Clone)]
pub struct Units {
    db: Db,
    clock: Clock,
    ids: Ids,
}

impl Units {
    /// On a database, by this clock and with identifiers made by `ids`.
    pub fn new(db: Db, clock: Clock, ids: Ids) -> Self {
        Self { db, clock, ids }
    }

    /// The database of the service.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The present moment (UTC).
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new identifier.
    pub fn new_id<T: From<Uuid>>(&self) -> T {
        self.ids.uuid().into()
    }

    /// Reads. Each statement sees the moment it runs at.
    pub async fn read<T>(&self, unit: impl for<'r> ReadUnit<'r, T> + Clone) -> Result<T, StoreError> {
        self.db.read(unit).await
    }

    /// Runs a unit of work in the trace of the call: what it publishes belongs to that. Where somebody acts by a role,
    /// the unit's transaction writes down that they did.
    pub async fn unit<T, E>(
        &self,
        call: &CallContext,
        unit: impl for<'t> Unit<'t, T, E> + Clone + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let line = self.audit_line(call);
        let is_audited = line.is_some();
        let audited = async move |tx: &mut Tx| {
            let value = unit(tx).await?;
            write_down(tx, line.as_deref()).await?;
            Ok(value)
        };
        let ran = self.in_trace(call).write(audited).await;
        self.announce(is_audited && ran.is_ok());
        ran.map_err(WriteError::flatten)
    }

    /// Runs a unit of work that belongs to no call, such as one of a task.
    pub async fn write<T, E>(
        &self,
        unit: impl for<'t> Unit<'t, T, E> + Clone + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.db.write(unit).await.map_err(WriteError::flatten)
    }

    /// Runs a unit of work for a route that is declared idempotent: where the call has a key, once for its owner,
    /// operation and key, however often it is sent. Then it answers with the bytes of the first time; the same
    /// key with another path or request is refused, and while the first is running the second waits for it as
    /// long as its deadline lets it. The answer is kept in the transaction of the effect, a refusal is not.
    ///
    /// The status is the one that the route declares.
    pub async fn once<A, W, T, R>(
        &self,
        call: &Call<A>,
        request: &W,
        unit: impl for<'t> Unit<'t, T, Failure<R>> + Clone + Send + Sync + 'static,
    ) -> Result<JsonAnswer<T>, Failure<R>>
    where
        W: Serialize,
        T: Serialize + Send + 'static,
        R: ApiRefusal,
    {
        let (status, line) = (call.success, self.audit_line(call));
        let is_audited = line.is_some();
        let answering = async move |tx: &mut Tx| {
            let value = unit(tx).await?;
            write_down(tx, line.as_deref()).await?;
            written(status, &value)
        };
        let db = self.in_trace(call);
        let answer = match scope_of(call, request)? {
            Some(scope) => {
                let ran = idempotency::run::<Failure<R>>(&db, scope, answering).await;
                ran.map_err(not_answered)?.into_answer()
            }
            None => db.write(answering).await.map_err(WriteError::flatten)?,
        };
        self.announce(is_audited);
        into_json(answer)
    }

    /// As [`Units::once`], for a case that calls somebody else between its units of work, and whose answer has a
    /// status of its own. The request is announced first and its answer stored last, so after a crash in between the
    /// next one with the same key does `work` again: that must find what was done, and not do it twice.
    ///
    /// `work` runs to its end only where it is not dropped; a request with the key of one that was is told that it
    /// is still running until half a minute is over.
    pub async fn once_with_calls<A, W, T, R>(
        &self,
        call: &Call<A>,
        request: &W,
        work: impl Future<Output = Result<(StatusCode, T), Failure<R>>>,
    ) -> Result<JsonAnswer<T>, Failure<R>>
    where
        W: Serialize,
        T: Serialize,
        R: ApiRefusal,
    {
        let Some(scope) = scope_of(call, request)? else {
            let (status, value) = work.await?;
            return into_json(written(status, &value)?);
        };
        let db = self.in_trace(call);
        let started = idempotency::start(&db, scope, LEASE).await;
        let pending = match started.map_err(not_answered)? {
            Started::Replayed(answer) => return into_json(answer),
            Started::Fresh(pending) => pending,
        };
        match work.await {
            Ok((status, value)) => {
                let answer = written(status, &value)?;
                let stored = answer.clone();
                // Whoever took over meanwhile found the same to answer.
                db.write(async move |tx: &mut Tx| pending.finish(tx, &stored).await)
                    .await?;
                into_json(answer)
            }
            Err(failure) => {
                db.write(async move |tx: &mut Tx| pending.release(tx).await)
                    .await?;
                Err(failure)
            }
        }
    }

    /// An answer of a route that is declared idempotent where nothing is written, so that nothing is kept.
    pub fn answer<A, T: Serialize, R>(&self, call: &Call<A>, value: &T) -> Result<JsonAnswer<T>, Failure<R>> {
        into_json(written(call.success, value)?)
    }

    /// What is written down of a call, where it is one of somebody who acts by a role.
    fn audit_line(&self, call: &CallContext) -> Option<Arc<AuditLine>> {
        let request = call.audited()?;
        (request.service == self.db.service()).then(|| {
            Arc::new(AuditLine {
                id: request
                    .line_id
                    .get_or_init(|| self.ids.uuid().to_string())
                    .clone(),
                at: self.now(),
                actor: request.actor.to_string(),
                action: format!("{}.{}", request.service, request.operation),
                subject: request.path.clone(),
                ip: request.ip.clone(),
                detail: request.device.clone(),
            })
        })
    }

    /// Has what was written down taken to the audit log at once.
    fn announce(&self, is_written_down: bool) {
        if is_written_down {
            audit::announce(&self.db);
        }
    }

    fn in_trace(&self, call: &CallContext) -> Db {
        match call.trace() {
            Some(trace) => self.db.with_trace(trace),
            None => self.db.clone(),
        }
    }
}

/// The same for every unit of work of a request: the first one's line stays.
async fn write_down(tx: &mut Tx, line: Option<&AuditLine>) -> Result<(), StoreError> {
    match line {
        Some(line) => audit::insert(tx, line).await,
        None => Ok(()),
    }
}

/// Which request it is, where it has a key and somebody whose key it is.
fn scope_of<A, W: Serialize, R>(call: &Call<A>, request: &W) -> Result<Option<IdempotencyScope>, Failure<R>> {
    let (Some(key), Some(owner)) = (call.idempotency_key(), call.key_owner()) else {
        return Ok(None);
    };
    let body = serde_json::to_vec(request).map_err(Failure::internal)?;
    Ok(Some(IdempotencyScope {
        scope: format!("{owner}:{}", call.operation),
        key: key.to_string(),
        request_hash: idempotency::request_hash([call.path.as_bytes(), &body]),
        wait: call.deadline().remaining(),
    }))
}

/// An answer as it is kept and given.
fn written<T: Serialize, R>(status: StatusCode, value: &T) -> Result<Answer, Failure<R>> {
    Ok(Answer {
        status: status.as_u16(),
        body: serde_json::to_string(value).map_err(Failure::internal)?,
    })
}

fn into_json<T, R>(answer: Answer) -> Result<JsonAnswer<T>, Failure<R>> {
    let status = StatusCode::from_u16(answer.status).map_err(Failure::internal)?;
    Ok(JsonAnswer::new(status, answer.body))
}

fn not_answered<E, R: ApiRefusal>(error: IdempotencyError<E>) -> Failure<R>
where
    Failure<R>: From<WriteError<E>>,
{
    match error {
        IdempotencyError::OtherBody => Failure::KeyReused,
        IdempotencyError::StillRunning => Failure::StillRunning,
        IdempotencyError::Write(error) => error.into(),
    }
}
