//! What can be looked up.

use kit_db::Reader;
use kit_http::extract::{Page, PageRequest};
use kit_service::Call;
use kit_token::UserId;
use payments_api::{LedgerTransactionView, Totals, TransactionView, TrialBalance};

use super::{PaymentsFailure, PaymentsService};
use crate::store;

impl PaymentsService {
    /// The caller's transactions, the newest first.
    pub(crate) async fn list_transactions(
        &self,
        call: &Call,
        request: &PageRequest,
    ) -> Result<Page<TransactionView>, PaymentsFailure> {
        let (user_id, (before, limit)) = (call.actor.user_id, request.rows()?);
        let before = before.unwrap_or(i64::MAX);
        let read = async move |reader: &mut Reader| store::list(reader, user_id, before, limit).await;
        let found = self.units.read(read).await?;
        let page = Page::cut(found, request, |transaction| transaction.number.to_string());
        Ok(page.map(TransactionView::from))
    }

    /// What was posted to the ledger, the newest first.
    pub(crate) async fn list_ledger(
        &self,
        request: &PageRequest,
    ) -> Result<Page<LedgerTransactionView>, PaymentsFailure> {
        let (before, limit) = request.rows()?;
        let read = async move |reader: &mut Reader| store::list_postings(reader, before, limit).await;
        let found = self.units.read(read).await?;
        let page = Page::cut(found, request, |posted| posted.id.to_string());
        Ok(page.map(LedgerTransactionView::from))
    }

    pub(super) async fn totals(&self, user_id: Option<UserId>) -> Result<Totals, PaymentsFailure> {
        let read = async move |reader: &mut Reader| store::totals(reader, user_id).await;
        Ok(self.units.read(read).await?)
    }

    pub(super) async fn trial_balance(&self) -> Result<TrialBalance, PaymentsFailure> {
        let read = async move |reader: &mut Reader| store::trial_balance(reader).await;
        let accounts = self.units.read(read).await?;
        Ok(TrialBalance { accounts })
    }
}
