//! Paying: an attempt is written down, the provider is asked, its answer is taken down. No transaction is open while the
//! provider is asked; whatever breaks off in between is found by the rows and ended later.

use std::time::Duration;

use fail::fail_point;
use http::StatusCode;
use kit_db::{Reader, Tx};
use kit_http::{ApiRefusal as _, FieldError, Holder};
use kit_rpc::CallContext;
use kit_service::{Call, Failure, JsonAnswer};
use kit_values::{Currency, Money};
use orders_api::PaymentId;
use payments_api::{PayRequest, Payable, PaymentStatus, PaymentView, PaymentsPaid, PaymentsRefusal};
use serde::Serialize;

use super::opening::view;
use super::settling::{Tried, tried};
use super::{PAYMENT, PROCESSING, PaymentsFailure, PaymentsService};
use crate::domain::{AttemptRequest, ChargeOutcome, NotBegun, Payment};
use crate::provider::{Charge, Method};
use crate::store;

/// How many payments are paid by one request at most.
const MOST_AT_ONCE: i64 = 100;

/// How often an attempt that somebody else has just begun is closed to begin this one.
const MOST_ROUNDS: usize = 5;

/// The first and the longest pause between two looks at an attempt of somebody else.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// What a request to pay is answered.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum PayAnswer {
    Paid(PaymentsPaid),
    /// An error in its usual shape, with what was paid before the decline.
    Declined {
        status: String,
        message: String,
        code: &'static str,
        request_id: Option<String>,
        #[serde(flatten)]
        paid: PaymentsPaid,
    },
}

/// How an attempt began.
pub(super) enum Beginning {
    /// It is ours, and the provider is to be asked.
    Ours(Charge, i64),
    /// Another one decides, or this request's of before.
    Decided { tried: Box<Tried>, is_ours: bool },
    /// There is nothing to pay any more.
    Paid(PaymentView),
}

/// What there is to do for a payment.
enum Begun {
    /// The attempt is ours, and the provider is to be asked.
    Ours(Charge, i64),
    /// The attempt of this number decides. It is ours where this request made it, when it was sent before.
    Running { number: i64, is_ours: bool },
    /// Nothing.
    Done(PaymentView),
}

impl PaymentsService {
    /// Pays a payment, that of an order or an invoice, or everything that the caller owes. Where one is declined it stops.
    pub(crate) async fn pay(
        &self,
        call: &Call<Holder>,
        request: PayRequest,
    ) -> Result<JsonAnswer<PayAnswer>, PaymentsFailure> {
        check_names(&request)?;
        let method = self.provider.check_method(request.method.as_ref());
        let method = method.map_err(|error| invalid("/method", error))?;
        let (payments, paying, asked) = (self.clone(), call.clone(), request.clone());
        let known_part = method.known_part().to_owned();
        // Whoever has begun to charge does not stop because the client has gone.
        let work = self.detached("payments.pay", async move {
            payments.pay_all(&paying, &asked, &method).await
        });
        let hashed = PayRequest {
            method: None,
            ..request
        };
        self.units
            .once_with_calls(call, &(hashed, known_part), work)
            .await
    }

    async fn pay_all(
        &self,
        call: &Call<Holder>,
        request: &PayRequest,
        method: &Method,
    ) -> Result<(StatusCode, PayAnswer), PaymentsFailure> {
        let request_key = request_key(call);
        let due = self.find_due(call, request, request_key.as_deref()).await?;
        let currency = due.first().map_or(Currency::USD, |payment| payment.currency);
        let mut paid = PaymentsPaid {
            payments: Vec::new(),
            amount_paid: Money::zero(currency),
        };
        for payment in due {
            let tried = self
                .pay_one(call, payment.id, method, request_key.clone())
                .await?;
            match tried.view.status {
                PaymentStatus::Succeeded => {
                    let sum = paid.amount_paid.checked_add(tried.view.amount);
                    paid.amount_paid = sum.map_err(Failure::internal)?;
                }
                // It was given up meanwhile, and the attempt with it: no provider has declined that.
                status @ (PaymentStatus::Cancelled | PaymentStatus::Expired) => {
                    return Err(Failure::Refused(PaymentsRefusal::PaymentClosed { status }));
                }
                PaymentStatus::Open | PaymentStatus::Processing | PaymentStatus::Failed => {}
            }
            let decline = tried.decline().map(str::to_owned);
            paid.payments.push(tried.view);
            if let Some(reason) = decline {
                return Ok(declined(call, reason, paid));
            }
        }
        Ok((StatusCode::OK, PayAnswer::Paid(paid)))
    }

    /// What the caller asks to pay. A guest's token says by itself which payment, and opens no other.
    async fn find_due(
        &self,
        call: &Call<Holder>,
        request: &PayRequest,
        request_key: Option<&str>,
    ) -> Result<Vec<Payment>, PaymentsFailure> {
        let (holder, now) = (call.actor.clone(), self.units.now());
        let payment_id = request.payment_id;
        let payable = request.order_id.map(Payable::from);
        let payable = payable.or(request.invoice_id.map(Payable::from));
        let request_key = request_key.map(str::to_owned);
        let read = async move |reader: &mut Reader| match (payment_id, payable) {
            (Some(id), _) => Ok(store::find_payment(reader, id).await?.into_iter().collect()),
            (None, Some(payable)) => Ok(store::find_payment_of(reader, payable)
                .await?
                .into_iter()
                .collect()),
            (None, None) => match &holder {
                Holder::User(user) => {
                    let asked = (request_key.as_deref(), now);
                    store::list_owed(reader, user.user_id, asked, MOST_AT_ONCE).await
                }
                Holder::Guest(token) => Ok(store::find_payment_of_guest(reader, *token)
                    .await?
                    .into_iter()
                    .collect()),
            },
        };
        let mut due: Vec<Payment> = self.units.read(read).await?;
        due.retain(|payment| payment.is_held_by(&call.actor));
        let is_guest = matches!(call.actor, Holder::Guest(_));
        let is_named = payment_id.is_some() || payable.is_some() || is_guest;
        if is_named && due.is_empty() {
            return Err(Failure::NotFound(PAYMENT));
        }
        if due.iter().any(|payment| payment.currency != due[0].currency) {
            return Err(Failure::Refused(PaymentsRefusal::MixedCurrencies));
        }
        Ok(due)
    }

    async fn pay_one(
        &self,
        call: &Call<Holder>,
        id: PaymentId,
        method: &Method,
        request_key: Option<String>,
    ) -> Result<Tried, PaymentsFailure> {
        let request = AttemptRequest {
            provider: self.provider.name(),
            request_key,
            is_hosted: false,
        };
        let (charge, number) = match self.begin(call, id, &request).await? {
            Beginning::Ours(charge, number) => (charge, number),
            Beginning::Decided { tried, .. } => return Ok(*tried),
            Beginning::Paid(view) => return Ok(Tried::paid(view)),
        };
        fail_point!("payments::before-dispatch", |_| Err(Failure::internal(
            "failpoint"
        )));
        if !self.dispatch(id, number).await? {
            return self.find_tried(id, number).await;
        }
        fail_point!("payments::before-charge", |_| Err(Failure::internal("failpoint")));
        let outcome = self.in_time(self.provider.charge(&charge, method)).await;
        fail_point!("payments::after-charge-before-store", |_| Err(Failure::internal(
            "failpoint"
        )));
        self.apply_provider_result(id, number, outcome).await
    }

    /// Begins an attempt. What waits for its payer and gives way to it is closed first.
    pub(super) async fn begin(
        &self,
        call: &CallContext,
        id: PaymentId,
        request: &AttemptRequest,
    ) -> Result<Beginning, PaymentsFailure> {
        for _ in 0..MOST_ROUNDS {
            let (payments, asked) = (self.clone(), request.clone());
            let unit = async move |tx: &mut Tx| payments.begin_in(tx, id, asked.clone()).await;
            let (number, is_ours) = match self.units.unit(call, unit).await? {
                Begun::Done(view) => return Ok(Beginning::Paid(view)),
                Begun::Ours(charge, number) => return Ok(Beginning::Ours(charge, number)),
                Begun::Running { number, is_ours } => (number, is_ours),
            };
            let tried = Box::new(self.await_attempt(call, id, number).await?);
            if is_ours || !tried.yields_to(request) {
                return Ok(Beginning::Decided { tried, is_ours });
            }
            // Somebody may have closed it already.
            if let Some(open) = tried.attempt.as_ref().filter(|attempt| attempt.waits_for_payer()) {
                if !self.is_provider(&open.provider) {
                    return Ok(Beginning::Decided { tried, is_ours });
                }
                self.close_attempt(id, number).await?;
            }
        }
        Err(PROCESSING)
    }

    /// Begins an attempt, unless there is one that decides.
    async fn begin_in(
        &self,
        tx: &mut Tx,
        id: PaymentId,
        request: AttemptRequest,
    ) -> Result<Begun, PaymentsFailure> {
        let payment = store::find_payment_for_update(tx, id).await?;
        let payment = payment.ok_or(Failure::NotFound(PAYMENT))?;
        if let Some(key) = &request.request_key
            && let Some(attempt) = store::find_attempt_of_request(tx, id, key).await?
        {
            let number = attempt.number;
            return Ok(Begun::Running {
                number,
                is_ours: true,
            });
        }
        match payment.clone().begin(request, self.units.now()) {
            Ok((payment, attempt)) => {
                store::save_payment(tx, &payment).await?;
                store::insert_attempt(tx, &attempt).await?;
                let charge = Charge {
                    key: attempt.key(),
                    amount: payment.amount(),
                    expires_at: payment.expires_at,
                    description: payment.description,
                };
                Ok(Begun::Ours(charge, attempt.number))
            }
            Err(NotBegun::Running) => Ok(Begun::Running {
                number: payment.attempts,
                is_ours: false,
            }),
            Err(NotBegun::Ended(PaymentStatus::Succeeded)) => Ok(Begun::Done(view(tx, payment).await?)),
            Err(NotBegun::Ended(status)) => Err(Failure::Refused(PaymentsRefusal::PaymentClosed { status })),
            Err(NotBegun::TooMany) => Err(Failure::Refused(PaymentsRefusal::TooManyAttempts)),
        }
    }

    /// What a provider says, if it says it in time.
    pub(super) async fn in_time(&self, asking: impl Future<Output = ChargeOutcome>) -> ChargeOutcome {
        let answer = tokio::time::timeout(self.rules.provider_timeout, asking).await;
        answer.unwrap_or(ChargeOutcome::Unknown {
            reason: "the provider did not answer in time",
        })
    }

    pub(super) async fn dispatch(&self, id: PaymentId, number: i64) -> Result<bool, PaymentsFailure> {
        let now = self.units.now();
        let unit = async move |tx: &mut Tx| store::mark_dispatched(tx, id, number, now).await;
        Ok(self.units.write(unit).await?)
    }

    /// Waits for an attempt that somebody else makes, as long as the call may take; how far it is then.
    async fn await_attempt(
        &self,
        call: &CallContext,
        id: PaymentId,
        number: i64,
    ) -> Result<Tried, PaymentsFailure> {
        let mut pause = FIRST_PAUSE;
        loop {
            let tried = self.find_tried(id, number).await?;
            if !tried.is_running() || call.deadline().remaining() <= pause {
                return Ok(tried);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn find_tried(&self, id: PaymentId, number: i64) -> Result<Tried, PaymentsFailure> {
        let read = async move |reader: &mut Reader| {
            // The attempt first: each statement sees what is committed by then, and a payment that is read before its
            // attempt may still be processing beside one that has succeeded.
            let attempt = store::find_attempt(reader, id, number).await?;
            match store::find_payment(reader, id).await?.zip(attempt) {
                Some((payment, attempt)) => tried(reader, payment, attempt).await.map(Some),
                None => Ok(None),
            }
        };
        let found = self.units.read(read).await?;
        found.ok_or(Failure::NotFound(PAYMENT))
    }
}

/// What is to be paid has one name at most.
fn check_names(request: &PayRequest) -> Result<(), PaymentsFailure> {
    let (order, invoice) = (request.order_id.is_some(), request.invoice_id.is_some());
    if request.payment_id.is_some() && (order || invoice) {
        let pointer = if order { "/order_id" } else { "/invoice_id" };
        return Err(invalid(pointer, "must not stand beside `payment_id`"));
    }
    if order && invoice {
        return Err(invalid("/invoice_id", "must not stand beside `order_id`"));
    }
    Ok(())
}

fn invalid(pointer: &str, message: &str) -> PaymentsFailure {
    Failure::Invalid(vec![FieldError::new(pointer, message)])
}

/// The request by its idempotency key, so that one that is sent again after a crash finds what it did.
pub(super) fn request_key<A>(call: &Call<A>) -> Option<String> {
    let key = call.idempotency_key()?;
    Some(format!("{}:{key}", call.key_owner()?))
}

fn declined(call: &CallContext, reason: String, paid: PaymentsPaid) -> (StatusCode, PayAnswer) {
    let refusal = PaymentsRefusal::Declined { reason };
    let status = refusal.status();
    let answer = PayAnswer::Declined {
        status: status.as_str().to_owned(),
        message: refusal.to_string(),
        code: refusal.code(),
        request_id: call.request_id().map(ToString::to_string),
        paid,
    };
    (status, answer)
}
