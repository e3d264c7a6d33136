//! What can be looked up.

use kit_db::{Reader, StoreError};
use kit_http::extract::{Page, PageRequest};
use kit_rpc::CallContext;
use kit_token::UserId;
use payments_api::{
    GetTotals, GetTrialBalance, LedgerTransactionView, Payments, PaymentsError, Totals, TransactionView,
    TrialBalance,
};

use super::error::told;
use super::{PaymentsFailure, PaymentsService};
use crate::store;

impl PaymentsService {
    /// The user's transactions, the newest first.
    pub(crate) async fn list_transactions(
        &self,
        user_id: UserId,
        request: &PageRequest,
    ) -> Result<Page<TransactionView>, PaymentsFailure> {
        let (before, limit) = (after(request)?.unwrap_or(i64::MAX), one_more(request));
        let read = async move |reader: &mut Reader| store::list(reader, user_id, before, limit).await;
        let found = self.db.read(read).await?;
        let page = Page::cut(found, request, |transaction| transaction.number.to_string());
        Ok(page.map(TransactionView::from))
    }

    /// What was posted to the ledger, the newest first.
    pub(crate) async fn list_ledger(
        &self,
        request: &PageRequest,
    ) -> Result<Page<LedgerTransactionView>, PaymentsFailure> {
        let (before, limit) = (after(request)?, one_more(request));
        let read = async move |reader: &mut Reader| store::list_postings(reader, before, limit).await;
        let found = self.db.read(read).await?;
        let page = Page::cut(found, request, |posted| posted.id.to_string());
        Ok(page.map(LedgerTransactionView::from))
    }

    async fn totals(&self, user_id: Option<UserId>) -> Result<Totals, StoreError> {
        let read = async move |reader: &mut Reader| store::totals(reader, user_id).await;
        self.db.read(read).await
    }
}

/// What the page before ended with.
fn after<K: std::str::FromStr>(request: &PageRequest) -> Result<Option<K>, PaymentsFailure> {
    let read = |key: &String| key.parse().map_err(|_| PaymentsFailure::OtherCursor);
    request.after.as_ref().map(read).transpose()
}

/// One more than asked for tells whether there is more.
fn one_more(request: &PageRequest) -> i64 {
    i64::from(request.limit) + 1
}

impl Payments for PaymentsService {
    async fn get_totals(&self, _: &CallContext, request: GetTotals) -> Result<Totals, PaymentsError> {
        self.totals(request.user_id).await.map_err(|error| told(&error))
    }

    async fn get_trial_balance(
        &self,
        _: &CallContext,
        _: GetTrialBalance,
    ) -> Result<TrialBalance, PaymentsError> {
        let read = async move |reader: &mut Reader| store::trial_balance(reader).await;
        match self.db.read(read).await {
            Ok(accounts) => Ok(TrialBalance { accounts }),
            Err(error) => Err(told(&error)),
        }
    }
}
