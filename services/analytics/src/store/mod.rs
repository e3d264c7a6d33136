//! Every statement of analytics.

mod behaviour;
mod facts;
mod generations;
mod invariants;
mod order_reports;
mod orders;
mod reports;

use kit_db::{Row, StoreError};

pub(crate) use behaviour::{
    add_journeys, add_products, assign_guest_events, forget_behaviour, funnel, top_products,
};
pub(crate) use facts::{add_hours, add_total, add_users, any_fact, record, take_facts};
pub use generations::GenerationState;
pub(crate) use generations::{
    Generation, begin, has_everything_of, hold, is_swept, list, set_standstill, sweep, switch, unretired,
};
pub(crate) use invariants::{FACTS, INVARIANTS};
pub(crate) use order_reports::{order_funnel, order_hours, order_totals, usual_currency};
pub(crate) use orders::{add_order_sums, orders_of, put_orders, record_order, take_order_facts};
pub(crate) use reports::{hours, stats, user_stats, users};

use crate::domain::Counts;

/// Rows a statement takes at most; PostgreSQL allows 65 535 values.
const ROWS_PER_STATEMENT: usize = 500;

fn counts(row: &Row) -> Result<Counts, StoreError> {
    Ok(Counts {
        events: row.get("events")?,
        transactions: row.get("transactions")?,
        amount_minor: row.get("amount_minor")?,
        paid: row.get("paid")?,
    })
}
