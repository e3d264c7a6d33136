//! Making transactions and paying them.

use kit_db::{Tx, UnitError, refuse};
use kit_rpc::CallContext;
use kit_token::UserId;
use payments_api::{CreateTransaction, TransactionView, TransactionsPaid};

use super::once::Wish;
use super::{PaymentsFailure, PaymentsService};
use crate::domain::{Account, LimitExceeded, Posting, Settlement, TransactionDraft};
use crate::store;

type Refused = UnitError<PaymentsFailure>;

fn over(limit: LimitExceeded) -> Refused {
    refuse(limit.into())
}

impl PaymentsService {
    /// Makes a transaction, unless the user's total would pass the limit.
    pub(crate) async fn create_transaction(
        &self,
        user_id: UserId,
        request: CreateTransaction,
        call: &CallContext,
    ) -> Result<TransactionView, PaymentsFailure> {
        let draft = TransactionDraft::check(request.clone()).map_err(PaymentsFailure::Invalid)?;
        let wish = Wish {
            user_id,
            operation: "create_transaction",
            status: 201,
            request: &request,
        };
        let payments = self.clone();
        let unit = async move |tx: &mut Tx| payments.create(tx, user_id, draft.clone()).await;
        self.once(call, wish, unit).await
    }

    /// Pays all pending transactions of the user.
    pub(crate) async fn pay_transactions(
        &self,
        user_id: UserId,
        call: &CallContext,
    ) -> Result<TransactionsPaid, PaymentsFailure> {
        let wish = Wish {
            user_id,
            operation: "pay_transactions",
            status: 200,
            request: &(),
        };
        let payments = self.clone();
        let unit = async move |tx: &mut Tx| payments.pay(tx, user_id).await;
        self.once(call, wish, unit).await
    }

    async fn create(
        &self,
        tx: &mut Tx,
        user_id: UserId,
        draft: TransactionDraft,
    ) -> Result<TransactionView, Refused> {
        let (limit, sum) = (self.inner.limit, draft.sum);
        let room = limit.room_before(sum).map_err(over)?;
        let number = store::spend(tx, user_id, sum, room, limit.counts).await?;
        let number = number.ok_or_else(|| over(limit.exceeded()))?;
        // The user's row is held from here on, so that their times are in the order of their numbers.
        let (transaction, created) = draft.record(self.id(), user_id, number, self.now());
        if number == 1 {
            store::open_account(tx, Account::Receivable(user_id)).await?;
        }
        store::insert(tx, &transaction).await?;
        let posting = Posting::transaction_created(&transaction, sum);
        store::post(tx, self.id(), &posting, transaction.created_at).await?;
        tx.publish(created);
        Ok(transaction.into())
    }

    async fn pay(&self, tx: &mut Tx, user_id: UserId) -> Result<TransactionsPaid, Refused> {
        if !store::hold(tx, user_id).await? {
            return Ok(TransactionsPaid::default());
        }
        // A statement of its own, after the row is held: what others have committed until then is in it.
        let Some((transactions, sum)) = store::pending(tx, user_id).await? else {
            return Ok(TransactionsPaid::default());
        };
        let settlement = Settlement {
            id: self.id(),
            user_id,
            transactions,
            sum,
            at: self.now(),
        };
        store::mark_paid(tx, &settlement).await?;
        store::settle(tx, user_id, sum).await?;
        store::post(
            tx,
            self.id(),
            &Posting::transactions_paid(&settlement),
            settlement.at,
        )
        .await?;
        tx.publish(settlement.event());
        Ok(settlement.into())
    }
}
