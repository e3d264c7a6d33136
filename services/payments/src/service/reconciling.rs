//! Reconciliation: what the provider has made is held against what we have. What got lost on its way (a webhook, an
//! answer) is settled as if it had come; what differs is flagged, and left to somebody.
//!
//! A pass goes over the provider's list page by page. Processes share it: whoever takes a page has it for a while. A
//! page that is taken twice changes nothing twice.

use std::time::Duration;

use kit_db::{Reader, StoreError, Tx};
use kit_telemetry::Metrics;
use orders_api::PaymentId;
use payments_api::AttemptStatus;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::{PaymentsFailure, PaymentsService};
use crate::domain::{Attempt, ListedCharge, Payment, Reconciliation};
use crate::store;

/// How many attempts that were not listed are looked for in one pass.
const MOST_UNLISTED: i64 = 100;

/// What was found of a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finding {
    Agrees,
    /// What got lost is settled.
    Mended,
    /// It differs, and somebody has to look at it.
    Flagged,
    /// The provider has charged for nothing we know.
    Unknown,
}

/// Counts what was found.
#[derive(Clone, Debug)]
pub(crate) struct ReconciliationMetrics {
    findings: Family<FindingLabels, Counter>,
    flagged: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FindingLabels {
    finding: &'static str,
}

impl ReconciliationMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        Self {
            findings: metrics.register(
                "payments_reconciled",
                "Charges that were held against their provider's, by what was found",
                Family::default(),
            ),
            flagged: metrics.register(
                "payments_flagged",
                "Payments that somebody has to look at",
                Gauge::default(),
            ),
        }
    }

    fn count(&self, finding: Finding) {
        let finding = match finding {
            Finding::Agrees => "agrees",
            Finding::Mended => "mended",
            Finding::Flagged => "flagged",
            Finding::Unknown => "unknown",
        };
        self.findings
            .get_or_create_owned(&FindingLabels { finding })
            .inc();
    }
}

impl PaymentsService {
    /// Between two passes.
    pub(crate) const fn reconciliation_period(&self) -> Duration {
        self.rules.reconciliation.period
    }

    /// Compares the next page, where one is due; whether there was one.
    pub(crate) async fn reconcile(&self) -> Result<bool, PaymentsFailure> {
        let Some(pass) = self.take_page().await? else {
            return Ok(false);
        };
        let period = (pass.from_at, pass.until_at);
        let listing = self.provider.list_charges(period, pass.page_cursor.as_deref());
        let Some(page) = listing.await else {
            let later = pass.clone().try_later(self.units.now());
            self.save_pass(&pass, later).await?;
            return Ok(false);
        };
        for charge in page.charges {
            let key = charge.key.clone();
            match self.hold_against(charge).await {
                Ok(finding) => self.metrics.count(finding),
                Err(failure) => {
                    let cause = &failure as &dyn std::error::Error;
                    tracing::warn!(key, cause, "a charge is compared in the next pass");
                }
            }
        }
        if page.next.is_none() {
            self.look_for_unlisted(&pass).await?;
        }
        let done = pass
            .clone()
            .go_on(page.next, self.rules.reconciliation, self.units.now());
        self.save_pass(&pass, done).await?;
        Ok(true)
    }

    async fn take_page(&self) -> Result<Option<Reconciliation>, PaymentsFailure> {
        let (now, rules) = (self.units.now(), self.rules.reconciliation);
        let provider = self.provider.name();
        let read = async move |reader: &mut Reader| store::find_reconciliation(reader, provider).await;
        let is_early = |known: Reconciliation| known.take(rules, now).is_none();
        // Nothing is written where nothing is due.
        if self.units.read(read).await?.is_some_and(is_early) {
            return Ok(None);
        }
        let new = Reconciliation::new(provider, rules, now);
        let unit = async move |tx: &mut Tx| {
            let found = store::hold_reconciliation(tx, &new).await?;
            let step = found.steps;
            let Some(taken) = found.take(rules, now) else {
                return Ok::<_, StoreError>(None);
            };
            store::save_reconciliation(tx, step, &taken).await?;
            Ok(Some(taken))
        };
        Ok(self.units.write(unit).await?)
    }

    async fn save_pass(&self, taken: &Reconciliation, next: Reconciliation) -> Result<(), PaymentsFailure> {
        let step = taken.steps;
        let unit = async move |tx: &mut Tx| store::save_reconciliation(tx, step, &next).await;
        Ok(self.units.write(unit).await?)
    }

    async fn hold_against(&self, charge: ListedCharge) -> Result<Finding, PaymentsFailure> {
        let is_charged = charge.balance.outcome.is_charged();
        let Some((payment, attempt)) = self.find_of_key(&charge.key).await? else {
            if is_charged {
                tracing::warn!(key = charge.key, "the provider has charged for nothing we know");
            }
            return Ok(if is_charged {
                Finding::Unknown
            } else {
                Finding::Agrees
            });
        };
        let (id, number) = (attempt.payment_id, attempt.number);
        match attempt.status {
            AttemptStatus::Succeeded => {
                if payment.clone().compare(&payment, &charge.balance).is_some() {
                    return self.ask_again(id, number).await;
                }
                if attempt.reconciled_at.is_none() {
                    self.mark_reconciled(id, number).await?;
                }
                Ok(Finding::Agrees)
            }
            AttemptStatus::Declined if !is_charged => Ok(Finding::Agrees),
            AttemptStatus::Created
            | AttemptStatus::Dispatched
            | AttemptStatus::Unknown
            | AttemptStatus::Declined => {
                let tried = self
                    .apply_provider_result(id, number, charge.balance.outcome)
                    .await?;
                let is_news = (payment.status, payment.flag) != (tried.view.status, tried.flag);
                if is_news {
                    tracing::info!(payment = %id, number, "what a provider had said got lost, and is settled");
                }
                Ok(match (is_news, tried.flag) {
                    (false, _) => Finding::Agrees,
                    (true, None) => Finding::Mended,
                    (true, Some(_)) => Finding::Flagged,
                })
            }
        }
    }

    async fn find_of_key(&self, key: &str) -> Result<Option<(Payment, Attempt)>, PaymentsFailure> {
        let Some((id, number)) = Attempt::of_key(key) else {
            return Ok(None);
        };
        let read = async move |reader: &mut Reader| {
            let payment = store::find_payment(reader, id).await?;
            Ok(payment.zip(store::find_attempt(reader, id, number).await?))
        };
        Ok(self.units.read(read).await?)
    }

    /// Compares one captured attempt with what its provider says of it now, and flags its payment where they differ.
    async fn ask_again(&self, id: PaymentId, number: i64) -> Result<Finding, PaymentsFailure> {
        let read = async move |reader: &mut Reader| store::find_payment(reader, id).await;
        let Some(before) = self.units.read(read).await? else {
            return Ok(Finding::Agrees);
        };
        let key = Attempt::key_of(id, number);
        let Some(balance) = self.provider.find_balance(&key).await else {
            return Ok(Finding::Agrees);
        };
        if !balance.outcome.is_decided() {
            return Ok(Finding::Agrees);
        }
        let (now, told) = (self.units.now(), balance.to_string());
        let difference = told.clone();
        let unit = async move |tx: &mut Tx| {
            let held = store::find_payment_for_update(tx, id).await?;
            let Some(flagged) = held.and_then(|payment| payment.compare(&before, &balance)) else {
                store::mark_reconciled(tx, (id, number), now).await?;
                return Ok::<_, StoreError>(false);
            };
            // What somebody has looked at is not flagged again.
            let is_news = store::note_difference(tx, (id, number), &difference).await?;
            if is_news {
                store::save_payment(tx, &flagged).await?;
            } else {
                store::mark_reconciled(tx, (id, number), now).await?;
            }
            Ok(is_news)
        };
        if !self.units.write(unit).await? {
            return Ok(Finding::Agrees);
        }
        tracing::error!(payment = %id, number, provider = told, "a provider has something else of a payment than we");
        Ok(Finding::Flagged)
    }

    async fn mark_reconciled(&self, id: PaymentId, number: i64) -> Result<(), PaymentsFailure> {
        let now = self.units.now();
        let unit = async move |tx: &mut Tx| store::mark_reconciled(tx, (id, number), now).await;
        Ok(self.units.write(unit).await?)
    }

    /// What we have as paid, and no pass has found at the provider, is asked for by its key.
    async fn look_for_unlisted(&self, pass: &Reconciliation) -> Result<(), PaymentsFailure> {
        let (provider, before) = (self.provider.name(), pass.from_at);
        let read = async move |reader: &mut Reader| {
            store::list_unlisted_attempts(reader, provider, before, MOST_UNLISTED).await
        };
        for attempt in self.units.read(read).await? {
            let finding = self.ask_again(attempt.payment_id, attempt.number).await?;
            self.metrics.count(finding);
        }
        let count = async move |reader: &mut Reader| store::count_flagged(reader).await;
        self.metrics.flagged.set(self.units.read(count).await?);
        Ok(())
    }
}
