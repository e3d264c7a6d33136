//! Analytics' public routes.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, ApiRefusal, Route, RouteTable};
use serde_json::{Value, json};

use crate::AnalyticsRefusal;
use crate::behaviour::{Funnel, RankQuery, SpanQuery, TopProducts, Track, Tracked};
use crate::orders::OrderStats;
use crate::stats::{Stats, TimeSeries, TimeSeriesQuery, UserStats};

const DISPLAY: &str = AnalyticsRefusal::SERVICE;

/// Events of a `POST /track` at most.
pub const EVENTS_PER_BATCH: usize = 100;

/// A hundred events of the longest kind fit into it.
const TRACK_LIMIT: u64 = 32 * 1024;

const USER: &str = "0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c";
const GUEST: &str = "anon_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c";
const DAY: &str = "2030-01-01T00:00:00.000000Z";
const NEXT_DAY: &str = "2030-01-02T00:00:00.000000Z";

/// Everything analytics serves.
pub fn routes() -> RouteTable {
    let all = vec![
        Route::health("/health", "analytics_health", DISPLAY),
        stats(),
        users(),
        user(),
        timeseries(),
        orders(),
        stream(),
        top_products(),
        funnel(),
        track(),
    ];
    RouteTable::new("analytics", all)
        .display(DISPLAY)
        .under(&["/api", "/analytics"])
}

fn stats() -> Route {
    let example = json!({
        "total_transactions": 10, "total_amount": 850.50, "total_paid_transactions": 5,
        "events_processed": 15, "unique_users": 3
    });
    Route::new(Method::GET, "/stats", "get_stats", Access::Public)
        .through_gateway(Access::Staff)
        .summary("Get the statistics of all transactions")
        .answer::<Stats>(StatusCode::OK, example)
}

fn users() -> Route {
    Route::new(Method::GET, "/stats/users", "list_user_stats", Access::Staff)
        .summary("List the statistics of each user")
        .query::<PageQuery>()
        .answer::<Page<UserStats>>(
            StatusCode::OK,
            json!({ "items": [user_stats()], "next_cursor": null }),
        )
}

fn user() -> Route {
    Route::new(Method::GET, "/stats/users/{id}", "get_user_stats", Access::Own)
        .summary("Get the statistics of one user, for themselves and for staff")
        .answer::<UserStats>(StatusCode::OK, user_stats())
        .refuses(&AnalyticsRefusal::NotYours)
}

fn timeseries() -> Route {
    let example = json!({
        "metric": "amount", "interval": "day", "from": DAY, "to": NEXT_DAY,
        "points": [{ "at": DAY, "value": 850.50 }]
    });
    Route::new(Method::GET, "/stats/timeseries", "get_timeseries", Access::Staff)
        .summary("Get a metric of transactions or of orders over time, by hour or by day")
        .query::<TimeSeriesQuery>()
        .answer::<TimeSeries>(StatusCode::OK, example)
}

fn orders() -> Route {
    let money = |amount_minor: i64| json!({ "amount_minor": amount_minor, "currency": "USD" });
    let example = json!({
        "total_orders": 12,
        "by_status": {
            "cancelled": 1, "confirmed": 2, "delivered": 3, "paid": 3, "pending": 1, "refunded": 0,
            "rejected": 1, "shipped": 1
        },
        "revenue": [{
            "orders_paid": 8, "paid": money(90_000), "refunded": money(5_000), "net": money(85_000)
        }]
    });
    Route::new(Method::GET, "/stats/orders", "get_order_stats", Access::Staff)
        .summary("Get how all orders stand, and what they brought in")
        .answer::<OrderStats>(StatusCode::OK, example)
}

fn stream() -> Route {
    let example = "event: stats\ndata: {\"total_transactions\":10,\"total_amount\":850.50,\
                   \"total_paid_transactions\":5,\"events_processed\":15,\"unique_users\":3}\n\n";
    Route::new(Method::GET, "/stats/stream", "stream_stats", Access::Staff)
        .summary("Stream the statistics as server-sent events, at once and at each change")
        .event_stream::<Stats>(example)
        .refuses(&AnalyticsRefusal::TooManyStreams)
}

fn top_products() -> Route {
    let example = json!({
        "by": "viewed", "from": DAY, "to": NEXT_DAY,
        "items": [{
            "sku": "TEA-100", "viewed": 40, "added": 9, "ordered": 4, "sold": 3,
            "revenue": { "amount_minor": 1_500, "currency": "USD" }
        }]
    });
    Route::new(
        Method::GET,
        "/stats/top-products",
        "get_top_products",
        Access::Staff,
    )
    .summary("List the top products")
    .query::<RankQuery>()
    .answer::<TopProducts>(StatusCode::OK, example)
}

fn funnel() -> Route {
    let steps = [
        ("visited", 90),
        ("product_viewed", 40),
        ("added_to_cart", 9),
        ("checkout_started", 5),
        ("product_ordered", 4),
    ];
    let steps: Vec<Value> = steps
        .iter()
        .map(|(step, visitors)| json!({ "step": step, "visitors": visitors }))
        .collect();
    let orders = [("created", 6), ("confirmed", 5), ("paid", 5)]
        .map(|(step, orders)| json!({ "step": step, "orders": orders }));
    Route::new(Method::GET, "/stats/funnel", "get_funnel", Access::Staff)
        .summary("Get the funnel from visit to order, and that of orders")
        .query::<SpanQuery>()
        .answer::<Funnel>(
            StatusCode::OK,
            json!({ "from": DAY, "to": NEXT_DAY, "steps": steps, "orders": orders }),
        )
}

fn track() -> Route {
    Route::new(Method::POST, "/track", "track", Access::Guest)
        .summary("Record what a visitor did, up to a hundred events at once")
        .body::<Track>(json!({
            "anonymous_id": GUEST,
            "events": [
                { "type": "product_viewed", "sku": "TEA-100" },
                { "type": "added_to_cart", "sku": "TEA-100", "quantity": 2 }
            ]
        }))
        .answer::<Tracked>(
            StatusCode::ACCEPTED,
            json!({ "accepted": 2, "anonymous_id": GUEST }),
        )
        .body_limit(TRACK_LIMIT)
        .idempotent()
}

fn user_stats() -> Value {
    json!({
        "user_id": USER, "total_transactions": 4, "total_amount": 320.00, "total_paid_transactions": 3,
        "events_processed": 6, "first_event_at": DAY, "last_event_at": NEXT_DAY
    })
}
