//! Analytics' use cases.

mod error;

use std::sync::Arc;

use analytics_api::{
    AnonymousId, Funnel, FunnelStep, RankQuery, SpanQuery, Stats, TimeSeries, TimeSeriesQuery, TopProducts,
    Track, Tracked, TrackedKind, UserStats,
};
use kit_db::idempotency::{self, Answer, IdempotencyError, IdempotencyScope};
use kit_db::{Db, ReadUnit, Reader, StoreError, Tx, WriteError};
use kit_http::extract::{Page, PageRequest};
use kit_rpc::CallContext;
use kit_runtime::{Clock, Ids};
use kit_token::{Principal, Role, UserId};

pub(crate) use error::AnalyticsFailure;

use crate::domain::{Batch, DaySpan, Series, Visitor};
use crate::store;
use crate::tasks::{Live, Seat};

const USUAL_PRODUCTS: u32 = 10;
const MOST_PRODUCTS: u32 = 100;

const STEPS: [&str; 5] = [
    "visited",
    TrackedKind::ProductViewed.as_str(),
    TrackedKind::AddedToCart.as_str(),
    TrackedKind::CheckoutStarted.as_str(),
    TrackedKind::ProductOrdered.as_str(),
];

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct AnalyticsService(Arc<Inner>);

struct Inner {
    db: Db,
    live: Live,
    clock: Clock,
    ids: Ids,
}

impl AnalyticsService {
    pub(crate) fn new(db: Db, live: Live, clock: Clock, ids: Ids) -> Self {
        Self(Arc::new(Inner { db, live, clock, ids }))
    }

    pub(crate) async fn stats(&self) -> Result<Stats, AnalyticsFailure> {
        self.read(async |reader: &mut Reader| store::stats(reader).await)
            .await
    }

    /// A place to watch the counts from.
    pub(crate) fn watch(&self) -> Result<Seat, AnalyticsFailure> {
        self.0.live.seat().ok_or(AnalyticsFailure::Full)
    }

    pub(crate) async fn users(&self, request: &PageRequest) -> Result<Page<UserStats>, AnalyticsFailure> {
        let (after, limit) = (
            request.after.clone().unwrap_or_default(),
            i64::from(request.limit) + 1,
        );
        let found = self
            .read(async move |reader: &mut Reader| store::users(reader, &after, limit).await)
            .await?;
        Ok(Page::cut(found, request, |user| user.user_id.clone()))
    }

    /// One user's, for themselves and for staff. Of whom nothing is known, there is nothing: analytics does not
    /// know who has an account.
    pub(crate) async fn user(
        &self,
        caller: &Principal,
        user_id: UserId,
    ) -> Result<UserStats, AnalyticsFailure> {
        if caller.user_id != user_id && !caller.includes(Role::Staff) {
            return Err(AnalyticsFailure::NotYours);
        }
        let user_id = user_id.to_string();
        let asked = user_id.clone();
        let found = self
            .read(async move |reader: &mut Reader| store::user_stats(reader, &asked).await)
            .await?;
        Ok(found.unwrap_or(UserStats {
            user_id,
            total_transactions: 0,
            total_amount: kit_values::Amount::ZERO,
            total_paid_transactions: 0,
            events_processed: 0,
            first_event_at: None,
            last_event_at: None,
        }))
    }

    pub(crate) async fn series(&self, query: TimeSeriesQuery) -> Result<TimeSeries, AnalyticsFailure> {
        let series = Series::check(query, self.0.clock.now())?;
        let hours = self
            .read(async move |reader: &mut Reader| store::hours(reader, series.from, series.to).await)
            .await?;
        Ok(series.of(&hours))
    }

    pub(crate) async fn top_products(&self, query: RankQuery) -> Result<TopProducts, AnalyticsFailure> {
        let (by, limit) = (query.by, query.limit.unwrap_or(USUAL_PRODUCTS));
        if !(1..=MOST_PRODUCTS).contains(&limit) {
            return Err(AnalyticsFailure::Limit);
        }
        let span = DaySpan::check(query.from, query.to, self.0.clock.now())?;
        let items = self
            .read(async move |reader: &mut Reader| store::top_products(reader, by, span, limit).await)
            .await?;
        Ok(TopProducts {
            by,
            from: span.from,
            to: span.to,
            items,
        })
    }

    pub(crate) async fn funnel(&self, query: SpanQuery) -> Result<Funnel, AnalyticsFailure> {
        let span = DaySpan::check(query.from, query.to, self.0.clock.now())?;
        let visitors = self
            .read(async move |reader: &mut Reader| store::funnel(reader, span).await)
            .await?;
        let steps = STEPS.into_iter().zip(visitors);
        Ok(Funnel {
            from: span.from,
            to: span.to,
            steps: steps
                .map(|(step, visitors)| FunnelStep {
                    step: step.to_owned(),
                    visitors,
                })
                .collect(),
        })
    }

    /// Counts what a visitor did. Sent again with the same idempotency key, it counts once, except from a guest
    /// who has no identifier yet: nobody could tell them from another guest.
    pub(crate) async fn track(
        &self,
        caller: Option<&Principal>,
        request: Track,
        call: &CallContext,
    ) -> Result<Tracked, AnalyticsFailure> {
        let hash = idempotency::request_hash([json(&request)?.as_bytes()]);
        let (guest, user) = (request.anonymous_id, caller.map(|caller| caller.user_id));
        let batch = Batch::check(request, self.0.clock.now()).map_err(AnalyticsFailure::Invalid)?;
        let (visitor, anonymous_id) = if let Some(user) = user {
            (Visitor::User(user), None)
        } else {
            let guest = guest.unwrap_or_else(|| AnonymousId::from(self.0.ids.uuid()));
            (Visitor::Guest(guest), Some(guest))
        };
        let adopted = guest.filter(|_| user.is_some()).map(Visitor::Guest);
        let tracked = Tracked {
            accepted: batch.events,
            anonymous_id,
        };
        let is_known = user.is_some() || guest.is_some();
        let key = call.idempotency_key().filter(|_| is_known);
        let Some(key) = key else {
            let unit = async move |tx: &mut Tx| count(tx, visitor, adopted, &batch).await;
            self.0.db.write(unit).await.map_err(WriteError::flatten)?;
            return Ok(tracked);
        };
        let scope = IdempotencyScope {
            scope: format!("{visitor}:track"),
            key: key.to_string(),
            request_hash: hash,
            wait: call.deadline().remaining(),
        };
        let body = json(&tracked)?;
        let unit = async move |tx: &mut Tx| {
            count(tx, visitor, adopted, &batch).await?;
            Ok::<_, StoreError>(Answer {
                status: 202,
                body: body.clone(),
            })
        };
        match idempotency::run(&self.0.db, scope, unit).await {
            Ok(outcome) => serde_json::from_str(&outcome.into_answer().body).map_err(unreadable),
            Err(IdempotencyError::OtherBody) => Err(AnalyticsFailure::KeyReused),
            Err(IdempotencyError::StillRunning) => Err(AnalyticsFailure::StillRunning),
            Err(IdempotencyError::Write(error)) => Err(error.flatten().into()),
        }
    }

    async fn read<T>(&self, unit: impl for<'r> ReadUnit<'r, T> + Clone) -> Result<T, AnalyticsFailure> {
        Ok(self.0.db.read(unit).await?)
    }
}

async fn count(
    tx: &mut Tx,
    visitor: Visitor,
    adopted: Option<Visitor>,
    batch: &Batch,
) -> Result<(), StoreError> {
    // In one order for everybody, so that nobody waits for each other.
    store::add_products(tx, batch).await?;
    if let Some(guest) = adopted {
        store::adopt(tx, guest, visitor).await?;
    }
    store::add_journeys(tx, visitor, batch).await
}

fn json(value: &impl serde::Serialize) -> Result<String, AnalyticsFailure> {
    serde_json::to_string(value).map_err(unreadable)
}

fn unreadable(error: serde_json::Error) -> AnalyticsFailure {
    AnalyticsFailure::Store(StoreError::Database(error.into()))
}
