//! How orders stand, made of the totals that are kept of them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use analytics_api::{CurrencyRevenue, OrderStats};
use kit_values::{Currency, Money};

use super::sums::OrderTotal;

/// Of all currencies.
pub(crate) fn order_stats(totals: &[(OrderTotal, Currency, i64)]) -> OrderStats {
    let mut sums: BTreeMap<OrderTotal, i64> = BTreeMap::new();
    let mut by_currency: BTreeMap<Currency, BTreeMap<OrderTotal, i64>> = BTreeMap::new();
    for (total, currency, value) in totals {
        *sums.entry(*total).or_default() += value;
        by_currency.entry(*currency).or_default().insert(*total, *value);
    }
    let states = OrderTotal::states().map(|state| (state.as_str().to_owned(), count(&sums, state)));
    let revenue = by_currency
        .iter()
        .map(|(currency, sums)| revenue(*currency, sums));
    let mut revenue: Vec<_> = revenue.filter(|revenue| revenue.orders_paid > 0).collect();
    // Those with as many stay in the order of their currencies.
    revenue.sort_by_key(|revenue| Reverse(revenue.orders_paid));
    OrderStats {
        total_orders: count(&sums, OrderTotal::Placed),
        by_status: states.collect(),
        revenue,
    }
}

fn revenue(currency: Currency, sums: &BTreeMap<OrderTotal, i64>) -> CurrencyRevenue {
    let minor = |total| sums.get(&total).copied().unwrap_or(0);
    let (paid, refunded) = (minor(OrderTotal::PaidMinor), minor(OrderTotal::RefundedMinor));
    let money = |amount_minor| Money {
        amount_minor,
        currency,
    };
    CurrencyRevenue {
        orders_paid: count(sums, OrderTotal::PaidOrders),
        paid: money(paid),
        refunded: money(refunded),
        net: money(paid - refunded),
    }
}

fn count(sums: &BTreeMap<OrderTotal, i64>, total: OrderTotal) -> u64 {
    sums.get(&total)
        .map_or(0, |count| u64::try_from(*count).unwrap_or(0))
}
