//! Analytics' use cases.

use std::sync::Arc;

use analytics_api::{
    AnalyticsRefusal, Funnel, FunnelStep, Metric, OrderFunnelStep, OrderStats, RankQuery, SpanQuery, Stats,
    TimeSeries, TimeSeriesQuery, TopProducts, Track, Tracked, TrackedKind, UserStats,
};
use kit_db::{ReadUnit, Reader, StoreError, Tx};
use kit_http::Anyone;
use kit_http::extract::{Page, PageRequest};
use kit_service::{Call, Failure, JsonAnswer, Units};
use kit_token::{Role, UserId};

use crate::domain::{Batch, DaySpan, Series, SeriesSource, SpanError, Visitor, order_stats};
use crate::store;
use crate::tasks::{Live, LiveSubscription};

const USUAL_PRODUCTS: u32 = 10;
const MOST_PRODUCTS: u32 = 100;

const STEPS: [&str; 5] = [
    "visited",
    TrackedKind::ProductViewed.as_str(),
    TrackedKind::AddedToCart.as_str(),
    TrackedKind::CheckoutStarted.as_str(),
    TrackedKind::ProductOrdered.as_str(),
];

const ORDER_STEPS: [&str; 3] = ["created", "confirmed", "paid"];

/// Why a use case did not do what was asked.
pub(crate) type AnalyticsFailure = Failure<AnalyticsRefusal>;

impl From<SpanError> for AnalyticsFailure {
    fn from(error: SpanError) -> Self {
        Self::InvalidQuery(error.to_string().into())
    }
}

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct AnalyticsService(Arc<Inner>);

struct Inner {
    units: Units,
    live: Live,
}

impl AnalyticsService {
    pub(crate) fn new(units: Units, live: Live) -> Self {
        Self(Arc::new(Inner { units, live }))
    }

    pub(crate) async fn stats(&self) -> Result<Stats, AnalyticsFailure> {
        self.read(async |reader: &mut Reader| store::stats(reader).await)
            .await
    }

    /// A place to watch the counts from.
    pub(crate) fn watch(&self) -> Result<LiveSubscription, AnalyticsFailure> {
        let subscription = self.0.live.subscribe();
        subscription.ok_or(Failure::Refused(AnalyticsRefusal::TooManyStreams))
    }

    pub(crate) async fn users(&self, request: &PageRequest) -> Result<Page<UserStats>, AnalyticsFailure> {
        let (after, limit) = request.rows::<String>()?;
        let after = after.unwrap_or_default();
        let found = self
            .read(async move |reader: &mut Reader| store::users(reader, &after, limit).await)
            .await?;
        Ok(Page::cut(found, request, |user| user.user_id.clone()))
    }

    /// One user's, for themselves and for staff. Of whom nothing is known, there is nothing: analytics does not
    /// know who has an account.
    pub(crate) async fn user(&self, call: &Call, user_id: UserId) -> Result<UserStats, AnalyticsFailure> {
        if call.actor.user_id != user_id && !call.actor.includes(Role::Staff) {
            return Err(Failure::Refused(AnalyticsRefusal::NotYours));
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
        let (is_money, asked) = (query.metric == Metric::Revenue, query.currency);
        if asked.is_some() && !is_money {
            return Err(Failure::InvalidQuery(
                "`currency` belongs to the metric `revenue` alone".into(),
            ));
        }
        let series = Series::check(query, self.0.units.now())?;
        let read = async move |reader: &mut Reader| {
            let (from, to) = (series.from, series.to);
            let metric = match series.source() {
                SeriesSource::Orders(metric) => metric,
                SeriesSource::Transactions(count) => {
                    let hours = store::hours(reader, from, to).await?;
                    let hours = hours.into_iter().map(|(hour, counts)| (hour, count(counts)));
                    return Ok((hours.collect(), None));
                }
            };
            let currency = match asked {
                None if is_money => Some(store::usual_currency(reader).await?),
                asked => asked,
            };
            let hours = store::order_hours(reader, metric, (from, to), currency).await?;
            Ok((hours, currency))
        };
        let (hours, currency): (Vec<_>, _) = self.read(read).await?;
        Ok(series.of(&hours, currency))
    }

    pub(crate) async fn orders(&self) -> Result<OrderStats, AnalyticsFailure> {
        let totals = self
            .read(async |reader: &mut Reader| store::order_totals(reader).await)
            .await?;
        Ok(order_stats(&totals))
    }

    pub(crate) async fn top_products(&self, query: RankQuery) -> Result<TopProducts, AnalyticsFailure> {
        let (by, limit) = (query.by, query.limit.unwrap_or(USUAL_PRODUCTS));
        if !(1..=MOST_PRODUCTS).contains(&limit) {
            return Err(Failure::InvalidQuery("`limit` must be from 1 to 100".into()));
        }
        let span = DaySpan::check(query.from, query.to, self.0.units.now())?;
        let read = async move |reader: &mut Reader| {
            let currency = match query.currency {
                Some(currency) => currency,
                None => store::usual_currency(reader).await?,
            };
            store::top_products(reader, by, (span, currency), limit).await
        };
        let items = self.read(read).await?;
        Ok(TopProducts {
            by,
            from: span.from,
            to: span.to,
            items,
        })
    }

    pub(crate) async fn funnel(&self, query: SpanQuery) -> Result<Funnel, AnalyticsFailure> {
        let span = DaySpan::check(query.from, query.to, self.0.units.now())?;
        let read = async move |reader: &mut Reader| {
            Ok((
                store::funnel(reader, span).await?,
                store::order_funnel(reader, span).await?,
            ))
        };
        let (visitors, orders) = self.read(read).await?;
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
            orders: ORDER_STEPS
                .into_iter()
                .zip(orders)
                .map(|(step, orders)| OrderFunnelStep {
                    step: step.to_owned(),
                    orders,
                })
                .collect(),
        })
    }

    /// Counts what a visitor did. Sent again with the same idempotency key, it counts once, except from a guest
    /// who has no identifier yet: nobody could tell them from another guest.
    pub(crate) async fn track(
        &self,
        call: Call<Anyone>,
        request: Track,
    ) -> Result<JsonAnswer<Tracked>, AnalyticsFailure> {
        let (guest, user) = (
            request.anonymous_id,
            call.actor.0.as_ref().map(|caller| caller.user_id),
        );
        let checked = Batch::check(request.clone(), self.0.units.now());
        let (visitor, anonymous_id) = if let Some(user) = user {
            (Visitor::User(user), None)
        } else {
            let guest = guest.unwrap_or_else(|| self.0.units.new_id());
            (Visitor::Guest(guest), Some(guest))
        };
        let adopted = guest.filter(|_| user.is_some()).map(Visitor::Guest);
        let call = if user.is_some() || guest.is_some() {
            call.with_key_owner(visitor.to_string())
        } else {
            call
        };
        // What was counted in time is answered again as it was, however late it is asked again.
        let unit = async move |tx: &mut Tx| {
            let batch = checked.clone()?;
            count(tx, visitor, adopted, &batch).await?;
            Ok(Tracked {
                accepted: batch.events,
                anonymous_id,
            })
        };
        self.0.units.once(&call, &request, unit).await
    }

    async fn read<T>(&self, unit: impl for<'r> ReadUnit<'r, T> + Clone) -> Result<T, AnalyticsFailure> {
        Ok(self.0.units.read(unit).await?)
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
        store::assign_guest_events(tx, guest, visitor).await?;
    }
    store::add_journeys(tx, visitor, batch).await
}
