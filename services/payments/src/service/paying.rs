//! Making transactions and paying them.

use kit_db::Tx;
use kit_service::{Call, JsonAnswer};
use kit_token::UserId;
use payments_api::{CreateTransaction, PaymentsRefusal, TransactionView, TransactionsPaid};

use super::{PaymentsFailure, PaymentsService};
use crate::domain::{Account, Limit, Posting, Settlement, TransactionDraft};
use crate::store;

fn over(limit: Limit) -> PaymentsFailure {
    PaymentsFailure::Refused(PaymentsRefusal::LimitExceeded { most: limit.most.0 })
}

impl PaymentsService {
    /// Makes a transaction, unless the caller's total would pass the limit.
    pub(crate) async fn create_transaction(
        &self,
        call: &Call,
        request: CreateTransaction,
    ) -> Result<JsonAnswer<TransactionView>, PaymentsFailure> {
        let draft = TransactionDraft::check(request.clone())?;
        let (payments, user_id) = (self.clone(), call.actor.user_id);
        let unit = async move |tx: &mut Tx| payments.create(tx, user_id, draft.clone()).await;
        self.units.once(call, &request, unit).await
    }

    /// Pays all pending transactions of the caller.
    pub(crate) async fn pay_transactions(
        &self,
        call: &Call,
    ) -> Result<JsonAnswer<TransactionsPaid>, PaymentsFailure> {
        let (payments, user_id) = (self.clone(), call.actor.user_id);
        let unit = async move |tx: &mut Tx| payments.pay_pending(tx, user_id).await;
        self.units.once(call, &(), unit).await
    }

    async fn create(
        &self,
        tx: &mut Tx,
        user_id: UserId,
        draft: TransactionDraft,
    ) -> Result<TransactionView, PaymentsFailure> {
        let (limit, sum) = (self.limit, draft.sum);
        let room = limit.room_before(sum).ok_or_else(|| over(limit))?;
        let number = store::spend(tx, user_id, sum, room, limit.counts).await?;
        let number = number.ok_or_else(|| over(limit))?;
        // The user's row is held from here on, so that their times are in the order of their numbers.
        let (transaction, created) = draft.record(self.units.new_id(), user_id, number, self.units.now());
        if number == 1 {
            store::open_account(tx, Account::Receivable(user_id)).await?;
        }
        store::insert(tx, &transaction).await?;
        let posting = Posting::transaction_created(&transaction, sum);
        store::post(tx, self.units.new_id(), &posting, transaction.created_at).await?;
        tx.publish(created);
        Ok(transaction.into())
    }

    async fn pay_pending(&self, tx: &mut Tx, user_id: UserId) -> Result<TransactionsPaid, PaymentsFailure> {
        if !store::hold(tx, user_id).await? {
            return Ok(TransactionsPaid::default());
        }
        // A statement of its own, after the row is held: what others have committed until then is in it.
        let Some((transactions, sum)) = store::pending(tx, user_id).await? else {
            return Ok(TransactionsPaid::default());
        };
        let settlement = Settlement {
            id: self.units.new_id(),
            user_id,
            transactions,
            sum,
            at: self.units.now(),
        };
        store::mark_paid(tx, &settlement).await?;
        store::settle(tx, user_id, sum).await?;
        store::post(
            tx,
            self.units.new_id(),
            &Posting::transactions_paid(&settlement),
            settlement.at,
        )
        .await?;
        tx.publish(settlement.event());
        Ok(settlement.into())
    }
}
