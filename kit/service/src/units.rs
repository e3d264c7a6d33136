//! How use cases read and write.

use http::StatusCode;
use kit_db::idempotency::{self, Answer, IdempotencyError, IdempotencyScope};
use kit_db::{Db, ReadUnit, StoreError, Tx, Unit, WriteError};
use kit_http::ApiRefusal;
use kit_rpc::CallContext;
use kit_runtime::{Clock, Ids, Timestamp};
use kit_values::Uuid;
use serde::Serialize;

use crate::{Call, Failure, JsonAnswer};

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

    /// Runs a unit of work in the trace of the call: what it publishes belongs to that.
    pub async fn unit<T, E>(
        &self,
        call: &CallContext,
        unit: impl for<'t> Unit<'t, T, E> + Clone + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.in_trace(call).write(unit).await.map_err(WriteError::flatten)
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
        let status = call.success;
        let answering = async move |tx: &mut Tx| {
            let value = unit(tx).await?;
            let body = serde_json::to_string(&value).map_err(Failure::internal)?;
            Ok(Answer {
                status: status.as_u16(),
                body,
            })
        };
        let answer = match (call.idempotency_key(), call.key_owner()) {
            (Some(key), Some(owner)) => {
                let body = serde_json::to_vec(request).map_err(Failure::internal)?;
                let scope = IdempotencyScope {
                    scope: format!("{owner}:{}", call.operation),
                    key: key.to_string(),
                    request_hash: idempotency::request_hash([call.path.as_bytes(), &body]),
                    wait: call.deadline().remaining(),
                };
                let ran = idempotency::run(&self.in_trace(call), scope, answering).await;
                ran.map_err(not_answered)?.into_answer()
            }
            _ => self.unit(call, answering).await?,
        };
        let status = StatusCode::from_u16(answer.status).map_err(Failure::internal)?;
        Ok(JsonAnswer::new(status, answer.body))
    }

    /// An answer of a route that is declared idempotent where nothing is written, so that nothing is kept.
    pub fn answer<A, T: Serialize, R>(&self, call: &Call<A>, value: &T) -> Result<JsonAnswer<T>, Failure<R>> {
        let body = serde_json::to_vec(value).map_err(Failure::internal)?;
        Ok(JsonAnswer::new(call.success, body))
    }

    fn in_trace(&self, call: &CallContext) -> Db {
        match call.trace() {
            Some(trace) => self.db.with_trace(trace),
            None => self.db.clone(),
        }
    }
}

fn not_answered<R: ApiRefusal>(error: IdempotencyError<Failure<R>>) -> Failure<R> {
    match error {
        IdempotencyError::OtherBody => Failure::KeyReused,
        IdempotencyError::StillRunning => Failure::StillRunning,
        IdempotencyError::Write(error) => error.into(),
    }
}
