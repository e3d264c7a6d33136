//! Analytics' public routes.

use http::{Method, StatusCode};
use kit_http::extract::{Page, PageQuery};
use kit_http::{Access, Route, RouteTable};
use serde_json::{Value, json};

use crate::behaviour::{Funnel, RankQuery, SpanQuery, TopProducts, Track, Tracked};
use crate::stats::{Health, Stats, TimeSeries, TimeSeriesQuery, UserStats};

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
        health(),
        stats(),
        users(),
        user(),
        timeseries(),
        stream(),
        top_products(),
        funnel(),
        track(),
    ];
    RouteTable::new("analytics", all)
}

fn health() -> Route {
    let example = json!({
        "status": "ok", "service": "analytics-service", "message": "Analytics service is running"
    });
    Route::new(Method::GET, "/health", "analytics_health", Access::Public)
        .own_port()
        .summary("Greets")
        .answer::<Health>(StatusCode::OK, example)
}

fn stats() -> Route {
    let example = json!({
        "total_transactions": 10, "total_amount": 850.50, "total_paid_transactions": 5,
        "events_processed": 15, "unique_users": 3
    });
    Route::new(Method::GET, "/stats", "get_stats", Access::Public)
        .through_gateway(Access::Staff)
        .summary("What was counted of all transactions")
        .answer::<Stats>(StatusCode::OK, example)
}

fn users() -> Route {
    Route::new(Method::GET, "/stats/users", "list_user_stats", Access::Staff)
        .summary("What was counted of each user, a page at a time")
        .query::<PageQuery>()
        .answer::<Page<UserStats>>(
            StatusCode::OK,
            json!({ "items": [user_stats()], "next_cursor": null }),
        )
        .refuses(StatusCode::BAD_REQUEST, "`limit` must be from 1 to 100")
}

fn user() -> Route {
    Route::new(Method::GET, "/stats/users/{id}", "get_user_stats", Access::Own)
        .summary("What was counted of one user; for themselves and for staff")
        .answer::<UserStats>(StatusCode::OK, user_stats())
        .refuses(StatusCode::FORBIDDEN, "You can only see your own statistics")
}

fn timeseries() -> Route {
    let example = json!({
        "metric": "amount", "interval": "day", "from": DAY, "to": NEXT_DAY,
        "points": [{ "at": DAY, "value": 850.50 }]
    });
    Route::new(Method::GET, "/stats/timeseries", "get_timeseries", Access::Staff)
        .summary("A metric by the hour or by the day")
        .query::<TimeSeriesQuery>()
        .answer::<TimeSeries>(StatusCode::OK, example)
        .refuses(StatusCode::BAD_REQUEST, "`from` must come before `to`")
}

fn stream() -> Route {
    let example = "event: stats\ndata: {\"total_transactions\":10,\"total_amount\":850.50,\
                   \"total_paid_transactions\":5,\"events_processed\":15,\"unique_users\":3}\n\n";
    Route::new(Method::GET, "/stats/stream", "stream_stats", Access::Staff)
        .summary("What `GET /stats` answers, at once and whenever it changes, as server-sent events")
        .event_stream::<Stats>(example)
        .refuses(StatusCode::SERVICE_UNAVAILABLE, "too many streams are open")
}

fn top_products() -> Route {
    let example = json!({
        "by": "viewed", "from": DAY, "to": NEXT_DAY,
        "items": [{ "sku": "TEA-100", "viewed": 40, "added": 9, "ordered": 4 }]
    });
    Route::new(
        Method::GET,
        "/stats/top-products",
        "get_top_products",
        Access::Staff,
    )
    .summary("The products that visitors did most with")
    .query::<RankQuery>()
    .answer::<TopProducts>(StatusCode::OK, example)
    .refuses(StatusCode::BAD_REQUEST, "`limit` must be from 1 to 100")
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
    Route::new(Method::GET, "/stats/funnel", "get_funnel", Access::Staff)
        .summary("How far visitors came on their way to an order")
        .query::<SpanQuery>()
        .answer::<Funnel>(
            StatusCode::OK,
            json!({ "from": DAY, "to": NEXT_DAY, "steps": steps }),
        )
        .refuses(StatusCode::BAD_REQUEST, "`from` must come before `to`")
}

fn track() -> Route {
    Route::new(Method::POST, "/track", "track", Access::Guest)
        .summary("Tells what a visitor did, up to a hundred things at once")
        .body::<Track>(json!({
            "anonymous_id": GUEST,
            "events": [
                { "type": "product_viewed", "sku": "TEA-100" },
                { "type": "added_to_cart", "sku": "TEA-100", "quantity": 2, "at": DAY }
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
