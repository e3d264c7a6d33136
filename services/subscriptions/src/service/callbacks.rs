//! What payments say at the address of an invoice. It counts as much as their event, and no more: whichever comes first
//! pays the invoice.

use http::HeaderMap;
use kit_db::Tx;
use kit_http::FieldError;
use kit_service::Failure;
use subscriptions_api::{InvoiceCallback, InvoiceId, SubscriptionsRefusal};

use super::paying::PaidOutcome;
use super::{INVOICE, SubscriptionsFailure, SubscriptionsService};
use crate::domain::TokenHash;
use crate::store;

/// The only thing that is said there.
const SUCCEEDED: &str = "payment.succeeded";

impl SubscriptionsService {
    /// Takes a callback: signed by payments, with the token of this invoice, and of what the invoice comes to. Again
    /// changes nothing. What was paid for a void invoice is given back.
    pub(crate) async fn receive_callback(
        &self,
        (id, token): (InvoiceId, &str),
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), SubscriptionsFailure> {
        let forged = || Failure::Refused(SubscriptionsRefusal::BadCallback);
        let keys = &self.0.deps.callback_keys;
        kit_webhooks::verify(keys, headers, body, self.units().now()).ok_or_else(forged)?;
        let hash = TokenHash::of_text(token).ok_or_else(forged)?;
        let (subscriptions, body) = (self.clone(), body.to_vec());
        let unit = async move |tx: &mut Tx| {
            if store::find_callback_invoice(tx, &hash).await? != Some(id) {
                return Err(forged());
            }
            let callback = read(&body, id)?;
            // Payments name their payments by identifiers; another name is only not kept.
            let payment_id = callback.data.payment_id.as_str().parse().ok();
            let paid = (payment_id, callback.data.amount);
            subscriptions.invoice_paid_in(tx, id, paid).await
        };
        let outcome = self.units().write(unit).await?;
        self.wake();
        match outcome {
            PaidOutcome::Paid | PaidOutcome::Void => Ok(()),
            PaidOutcome::Differs(total) => {
                Err(Failure::Refused(SubscriptionsRefusal::AmountDiffers { total }))
            }
            PaidOutcome::Unknown => Err(Failure::NotFound(INVOICE)),
        }
    }
}

/// What a callback says, which has to be of the invoice whose token it has.
fn read(body: &[u8], id: InvoiceId) -> Result<InvoiceCallback, SubscriptionsFailure> {
    let invalid = |pointer: &str, message: String| Failure::Invalid(vec![FieldError::new(pointer, message)]);
    let callback: InvoiceCallback =
        serde_json::from_slice(body).map_err(|error| invalid("", error.to_string()))?;
    if callback.r#type != SUCCEEDED {
        return Err(invalid("/type", format!("must be `{SUCCEEDED}`")));
    }
    if callback.data.invoice_id != id {
        return Err(invalid(
            "/data/invoice_id",
            "must be the invoice of the address".to_owned(),
        ));
    }
    Ok(callback)
}
