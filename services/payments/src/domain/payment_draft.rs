//! What is asked of payments by contract, checked.

use kit_http::{Check, FieldError};
use kit_runtime::Timestamp;
use kit_token::{GuestTokenHash, UserId};
use kit_values::{Money, Text};
use orders_api::{PaymentId, RefundId};
use payments_api::{CreatePayment, Payable, RefundPayment};

use super::callback::check_url;

/// A payment that may be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PaymentDraft {
    pub payable: Payable,
    pub user_id: Option<UserId>,
    /// Of an order that a guest placed.
    pub guest_token: Option<GuestTokenHash>,
    /// More than nothing.
    pub amount: Money,
    pub description: String,
    pub expires_at: Timestamp,
    /// Where it is said that it was paid.
    pub callback_url: Option<String>,
}

/// A refund that may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefundDraft {
    pub of: RefundRequester,
    pub refund_id: RefundId,
    /// More than nothing; all that can still be paid back where there is none.
    pub amount: Option<Money>,
}

/// How the payment is named that is paid back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefundRequester {
    /// By what it pays.
    Payable(Payable),
    /// By itself.
    Payment(PaymentId),
}

fn more_than_nothing(amount: Money) -> Result<Money, &'static str> {
    (amount.amount_minor > 0)
        .then_some(amount)
        .ok_or("must be more than 0")
}

impl PaymentDraft {
    /// Checks every member and names all that are wrong.
    pub(crate) fn check(request: CreatePayment) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::new();
        let amount = check.field("/amount", more_than_nothing(request.amount));
        let description = check.field("/description", Text::<500>::parse(request.description));
        let callback_url = check.field("/callback_url", check_url(request.callback_url));
        if callback_url.as_ref().is_some_and(Option::is_some) && request.payable.invoice_id().is_none() {
            check.refuse("/callback_url", "is for invoices alone");
        }
        check.finish(|| {
            Some(Self {
                payable: request.payable,
                user_id: request.user_id,
                guest_token: request.guest_token,
                amount: amount?,
                description: description?.into(),
                expires_at: request.expires_at,
                callback_url: callback_url?,
            })
        })
    }
}

impl RefundDraft {
    /// Checks every member.
    pub(crate) fn check(request: &RefundPayment) -> Result<Self, Vec<FieldError>> {
        Ok(Self {
            of: RefundRequester::Payable(request.payable),
            refund_id: request.refund_id,
            amount: Some(Self::check_amount(request.amount)?),
        })
    }

    /// Checks how much is to be paid back.
    pub(crate) fn check_amount(amount: Money) -> Result<Money, Vec<FieldError>> {
        more_than_nothing(amount).map_err(|error| vec![FieldError::new("/amount", error)])
    }
}
