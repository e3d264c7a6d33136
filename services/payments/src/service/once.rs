//! Units of work that are done once for each idempotency key.

use kit_db::idempotency::{self, Answer, IdempotencyError, IdempotencyScope};
use kit_db::{StoreError, Tx, Unit, UnitError, WriteError};
use kit_rpc::CallContext;
use kit_token::UserId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{PaymentsFailure, PaymentsService};

/// What tells a request from others with the same key.
pub(super) struct Wish<'w, W> {
    pub user_id: UserId,
    pub operation: &'static str,
    /// What it is answered with, when it is done.
    pub status: u16,
    pub request: &'w W,
}

impl PaymentsService {
    /// Runs a unit; where the call has a key, once for that key: sent again, it answers as it did.
    pub(super) async fn once<T, W>(
        &self,
        call: &CallContext,
        wish: Wish<'_, W>,
        unit: impl for<'t> Unit<'t, T, UnitError<PaymentsFailure>> + Clone + Send + Sync + 'static,
    ) -> Result<T, PaymentsFailure>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        W: Serialize,
    {
        let Some(key) = call.idempotency_key() else {
            return self.db.write(unit).await.map_err(settled);
        };
        let scope = IdempotencyScope {
            scope: format!("{}:{}", wish.user_id, wish.operation),
            key: key.to_string(),
            request_hash: idempotency::request_hash([json(wish.request)?.as_bytes()]),
            wait: call.deadline().remaining(),
        };
        let status = wish.status;
        let answering = async move |tx: &mut Tx| {
            let done = unit.clone()(tx).await?;
            let body = serde_json::to_string(&done).map_err(unwritable)?;
            Ok(Answer { status, body })
        };
        match idempotency::run(&self.db, scope, answering).await {
            Ok(outcome) => Ok(serde_json::from_str(&outcome.into_answer().body).map_err(unwritable)?),
            Err(IdempotencyError::OtherBody) => Err(PaymentsFailure::KeyReused),
            Err(IdempotencyError::StillRunning) => Err(PaymentsFailure::StillRunning),
            Err(IdempotencyError::Write(error)) => Err(settled(error)),
        }
    }
}

fn settled(error: WriteError<UnitError<PaymentsFailure>>) -> PaymentsFailure {
    error.flatten().settle(PaymentsFailure::Store)
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(unwritable)
}

fn unwritable(error: serde_json::Error) -> StoreError {
    StoreError::Database(error.into())
}
