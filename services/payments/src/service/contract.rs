//! What other services ask.

use kit_rpc::CallContext;
use payments_api::{
    AssignPayment, CancelPayment, CheckoutView, CreatePayment, FindPayment, GetTotals, GetTrialBalance,
    OpenPaymentCheckout, PaymentView, Payments, PaymentsError, RefundPayment, RefundView, Totals,
    TrialBalance,
};

use super::{PaymentsFailure, PaymentsService};
use crate::domain::{PaymentDraft, RefundDraft};

impl Payments for PaymentsService {
    async fn get_totals(&self, _: &CallContext, request: GetTotals) -> Result<Totals, PaymentsError> {
        let totals = self.totals(request.user_id).await;
        totals.map_err(PaymentsFailure::into_contract_error)
    }

    async fn get_trial_balance(
        &self,
        _: &CallContext,
        _: GetTrialBalance,
    ) -> Result<TrialBalance, PaymentsError> {
        let balance = self.trial_balance().await;
        balance.map_err(PaymentsFailure::into_contract_error)
    }

    async fn create_payment(
        &self,
        call: &CallContext,
        request: CreatePayment,
    ) -> Result<PaymentView, PaymentsError> {
        let draft = PaymentDraft::check(request).map_err(PaymentsError::Invalid)?;
        let opened = self.open_payment(call, draft).await;
        opened.map_err(PaymentsFailure::into_contract_error)
    }

    async fn assign_payment(&self, call: &CallContext, request: AssignPayment) -> Result<(), PaymentsError> {
        let assigned = self
            .assign_payment(call, (request.order_id, request.user_id))
            .await;
        assigned.map_err(PaymentsFailure::into_contract_error)
    }

    async fn find_payment(
        &self,
        _: &CallContext,
        request: FindPayment,
    ) -> Result<Option<PaymentView>, PaymentsError> {
        let found = self.find_payment_of(request.payable).await;
        found.map_err(PaymentsFailure::into_contract_error)
    }

    async fn open_checkout(
        &self,
        call: &CallContext,
        request: OpenPaymentCheckout,
    ) -> Result<CheckoutView, PaymentsError> {
        let opened = self.open_checkout_of(call, request).await;
        opened.map_err(PaymentsFailure::into_contract_error)
    }

    async fn cancel_payment(&self, call: &CallContext, request: CancelPayment) -> Result<(), PaymentsError> {
        let cancelled = self.cancel(call, request.payable).await;
        cancelled.map_err(PaymentsFailure::into_contract_error)
    }

    async fn refund_payment(
        &self,
        call: &CallContext,
        request: RefundPayment,
    ) -> Result<RefundView, PaymentsError> {
        let draft = RefundDraft::check(&request).map_err(PaymentsError::Invalid)?;
        let refunded = self.refund(call, draft).await;
        refunded.map_err(PaymentsFailure::into_contract_error)
    }
}
