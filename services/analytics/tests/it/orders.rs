//! What is counted of orders: how they stand, what they brought in, which products were sold.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use kit_bus::Effects;
use kit_runtime::Timestamp;
use kit_testing::{eventually, on_both_databases};
use serde_json::{Value, json};

use crate::app::{AnalyticsApp, NOON, user};
use crate::rebuilding::until_live;
use crate::shop::Order;

fn hours(hours: u64) -> Timestamp {
    NOON.plus(Duration::from_hours(hours))
}

/// The first four days of 2030.
const SPAN: &str = "from=2030-01-01T00:00:00Z&to=2030-01-05T00:00:00Z";

pub(crate) async fn series(app: &AnalyticsApp, query: &str) -> Vec<Value> {
    let path = format!("/stats/timeseries?{SPAN}&{query}");
    let series = app.staff().get(&path).await.expect(200);
    let points = series["points"].as_array().unwrap();
    points.iter().map(|point| point["value"].clone()).collect()
}

/// SKU, units and revenue of each product, the first of the ranking first.
async fn products(app: &AnalyticsApp, query: &str) -> Value {
    let path = format!("/stats/top-products?from=2030-01-01T00:00:00Z&to=2030-01-04T12:00:00Z&{query}");
    let top = app.staff().get(&path).await.expect(200);
    let items = top["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| json!([item["sku"], item["sold"], item["revenue"]["amount_minor"]]))
        .collect()
}

/// How many orders are in a state.
async fn in_state(app: &AnalyticsApp, state: &str) -> Value {
    app.staff().get("/stats/orders").await.expect(200)["by_status"][state].clone()
}

on_both_databases! {
    async fn what_is_paid_is_revenue_until_it_is_paid_back(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let mut kept = Order::new("USD", &[("TEA", 2, 500), ("CUP", 1, 1_250)]);
        let mut cancelled = Order::new("USD", &[("TEA", 4, 500)]);
        let mut refunded = Order::new("USD", &[("CUP", 3, 1_250)]);
        let mut rejected = Order::new("USD", &[("TEA", 999, 500)]);
        app.orders.publish([
            kept.created(hours(0)), kept.confirmed(hours(0)), kept.paid(hours(1)), kept.shipped(hours(2)),
            cancelled.created(hours(1)), cancelled.confirmed(hours(1)), cancelled.paid(hours(2)),
            cancelled.cancelled(hours(24)),
            refunded.created(hours(24)), refunded.confirmed(hours(24)), refunded.paid(hours(24)),
            refunded.refunded(&[("CUP", 1)], (1_250, false), hours(48)),
            refunded.refunded(&[], (100, false), hours(48)),
            rejected.created(hours(24)), rejected.rejected(hours(24)),
        ]).await;
        app.until_orders(15).await;
        let money = |amount_minor: i64| json!({ "amount_minor": amount_minor, "currency": "USD" });
        assert_eq!(
            app.staff().get("/stats/orders").await.expect(200),
            json!({
                "total_orders": 4,
                "by_status": {
                    "cancelled": 1, "confirmed": 0, "delivered": 0, "paid": 1, "pending": 0, "refunded": 0,
                    "rejected": 1, "shipped": 1,
                },
                "revenue": [{
                    "orders_paid": 3, "paid": money(8_000), "refunded": money(3_350), "net": money(4_650),
                }],
            })
        );
        for (metric, expected) in [
            ("orders", [2, 2, 0, 0]),
            ("orders_confirmed", [2, 1, 0, 0]),
            ("orders_paid", [2, 1, 0, 0]),
            ("orders_cancelled", [0, 1, 0, 0]),
            ("orders_rejected", [0, 1, 0, 0]),
            ("revenue", [4_250, 1_750, -1_350, 0]),
        ] {
            assert_eq!(series(&app, &format!("metric={metric}")).await, expected, "{metric}");
        }
        let by_hour = series(&app, "metric=revenue&interval=hour").await;
        assert_eq!(by_hour[12..15], [0, 2_250, 2_000], "paid at one and at two");
        assert_eq!(products(&app, "by=sold").await, json!([["CUP", 3, 3_750], ["TEA", 2, 1_000]]));
    }

    async fn a_cancelled_order_takes_back_what_refunds_have_left(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let mut order = Order::new("USD", &[("TEA", 3, 500)]);
        app.orders.publish([
            order.created(hours(0)), order.confirmed(hours(0)), order.paid(hours(0)),
            order.refunded(&[("TEA", 1)], (500, false), hours(24)), order.cancelled(hours(48)),
        ]).await;
        app.until_orders(5).await;
        assert_eq!(series(&app, "metric=revenue").await, [1_500, -500, -1_000, 0]);
        assert_eq!(products(&app, "by=viewed").await, json!([]));
        let left = app.staff().get("/stats/orders").await.expect(200)["revenue"][0]["net"]["amount_minor"].clone();
        assert_eq!(left, 0);
        assert_eq!(app.count("SELECT sku FROM order_products WHERE sold <> 0 AND day > 1893456000000000").await, 2);
    }

    async fn an_order_that_is_refunded_whole_brings_in_nothing(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let mut order = Order::new("USD", &[("TEA", 3, 500)]);
        app.orders.publish([
            order.created(hours(0)), order.confirmed(hours(0)), order.paid(hours(0)), order.shipped(hours(1)),
            order.refunded(&[], (500, false), hours(1)), order.delivered(hours(2)),
            order.refunded(&[], (1_000, true), hours(3)),
        ]).await;
        app.until_orders(7).await;
        assert_eq!(in_state(&app, "refunded").await, 1);
        assert_eq!(series(&app, "metric=revenue").await, [0, 0, 0, 0]);
        assert_eq!(products(&app, "by=sold").await, json!([]));
    }

    async fn currencies_are_kept_apart(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let revenue = "/stats/timeseries?metric=revenue";
        assert_eq!(app.staff().get(revenue).await.expect(200)["currency"], "USD", "where nothing was paid");
        let mut events = Vec::new();
        for (currency, price, count) in [("USD", 1_000, 1), ("JPY", 700, 2)] {
            for _ in 0..count {
                let mut order = Order::new(currency, &[("TEA", 1, price)]);
                events.extend([order.created(hours(0)), order.confirmed(hours(0)), order.paid(hours(0))]);
            }
        }
        app.orders.publish(events).await;
        app.until_orders(9).await;
        let asked = app.staff().get(revenue).await.expect(200);
        assert_eq!(asked["currency"], "JPY", "that of most paid orders");
        assert_eq!(series(&app, "metric=revenue").await, [1_400, 0, 0, 0]);
        assert_eq!(series(&app, "metric=revenue&currency=USD").await, [1_000, 0, 0, 0]);
        assert_eq!(series(&app, "metric=revenue&currency=EUR").await, [0, 0, 0, 0]);
        assert_eq!(series(&app, "metric=orders_paid").await, [3, 0, 0, 0], "of all currencies");
        assert!(app.staff().get("/stats/timeseries?metric=orders").await.expect(200).get("currency").is_none());
        assert_eq!(products(&app, "by=revenue&currency=USD").await, json!([["TEA", 3, 1_000]]));
        let stats = app.staff().get("/stats/orders").await.expect(200);
        let nets: Value = stats["revenue"].as_array().unwrap().iter().map(|one| one["net"].clone()).collect();
        let money = |amount_minor: i64, currency: &str| json!({ "amount_minor": amount_minor, "currency": currency });
        assert_eq!(nets, json!([money(1_400, "JPY"), money(1_000, "USD")]));
    }

    async fn orders_are_no_transactions(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let mut order = Order::new("USD", &[("TEA", 1, 500)]);
        app.payments.created(user(), "2", NOON).await;
        app.orders.publish([order.created(hours(0))]).await;
        app.until_orders(1).await;
        app.until_stats((1, "2.00", 0, 1, 1)).await;
        assert_eq!(in_state(&app, "pending").await, 1);
    }

    async fn the_funnel_counts_orders_by_the_day_they_were_placed(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let (mut late, mut given_up) = (Order::new("USD", &[("TEA", 1, 1)]), Order::new("EUR", &[("TEA", 1, 1)]));
        app.orders.publish([
            late.created(hours(0)), late.confirmed(hours(30)), late.paid(hours(60)), late.cancelled(hours(70)),
            given_up.created(hours(24)), given_up.cancelled(hours(24)),
        ]).await;
        app.until_orders(6).await;
        for (days, expected) in [
            ("from=2030-01-01T00:00:00Z&to=2030-01-01T12:00:00Z", [1, 1, 1]),
            ("from=2030-01-02T00:00:00Z&to=2030-01-04T12:00:00Z", [1, 0, 0]),
            ("from=2030-01-01T00:00:00Z&to=2030-01-04T12:00:00Z", [2, 1, 1]),
        ] {
            let funnel = app.staff().get(&format!("/stats/funnel?{days}")).await.expect(200);
            let expected = ["created", "confirmed", "paid"].iter().zip(expected);
            let expected: Value = expected.map(|(step, orders)| json!({ "step": step, "orders": orders })).collect();
            assert_eq!(funnel["orders"], expected, "{days}");
        }
    }

    async fn a_version_counts_once_however_often_it_is_sent_and_replayed(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let mut order = Order::new("USD", &[("TEA", 2, 500)]);
        let events = [
            order.created(hours(0)), order.confirmed(hours(0)), order.paid(hours(0)),
            order.refunded(&[("TEA", 1)], (500, false), hours(1)),
        ];
        app.orders.publish(events.iter().rev().cloned()).await;
        app.until_orders(4).await;
        let before = app.staff().get("/stats/orders").await.expect(200);
        assert_eq!(before["revenue"][0]["net"]["amount_minor"], 500);
        app.orders.publish(events.iter().cloned()).await;
        app.caught_up().await;
        assert_eq!(app.staff().get("/stats/orders").await.expect(200), before, "as other events of the same versions");
        let admin = app.bus.admin();
        for effects in [Effects::Keep, Effects::Repeat] {
            admin.replay_since("analytics", Timestamp::from_seconds(0), effects).await.unwrap();
            app.caught_up().await;
            assert_eq!(app.staff().get("/stats/orders").await.expect(200), before);
        }
        assert_eq!(series(&app, "metric=orders_paid").await, [1, 0, 0, 0]);
    }

    async fn what_cannot_be_counted_is_a_dead_letter_and_other_orders_go_on(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let (mut bad, mut good) = (Order::new("USD", &[("TEA", 1, 500)]), Order::new("USD", &[("TEA", 1, 500)]));
        let mut payload: Value = serde_json::from_str(&bad.created(hours(0)).payload).unwrap();
        payload["total"]["amount_minor"] = json!(-1);
        app.orders.publish_raw("order.created", &bad.id.to_string(), &payload.to_string()).await;
        app.orders.publish([good.created(hours(0))]).await;
        app.until_orders(1).await;
        eventually("the letter is dead", async || {
            let letters = app.bus.admin().dead_letters(None).await.unwrap();
            (letters.len() == 1).then_some(())
        })
        .await;
        assert_eq!(in_state(&app, "pending").await, 1);
    }

    async fn wrong_figures_of_orders_are_mended_by_a_rebuild(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let mut order = Order::new("USD", &[("TEA", 2, 500)]);
        app.orders.publish([order.created(hours(0)), order.confirmed(hours(0)), order.paid(hours(0))]).await;
        app.until_orders(3).await;
        let before = app.staff().get("/stats/orders").await.expect(200);
        app.execute("UPDATE order_totals SET value = 77").await;
        app.execute("DELETE FROM order_hours").await;
        app.execute("UPDATE order_products SET sold = 9").await;
        assert_eq!(app.staff().get("/stats/orders").await.expect(200)["total_orders"], 77);
        let generation = app.operator().rebuild().await.unwrap();
        until_live(&app, generation).await;
        assert_eq!(app.staff().get("/stats/orders").await.expect(200), before);
        assert_eq!(series(&app, "metric=revenue").await, [1_000, 0, 0, 0]);
        assert_eq!(products(&app, "by=sold").await, json!([["TEA", 2, 1_000]]));
        eventually("nothing is left of the old ones", async || {
            let mut left = 0;
            for query in [
                "SELECT generation FROM counted_orders WHERE generation = 1",
                "SELECT generation FROM order_hours WHERE generation = 1",
                "SELECT generation FROM order_totals WHERE generation = 1",
                "SELECT generation FROM order_products WHERE generation = 1",
            ] {
                left += app.count(query).await;
            }
            (left == 0).then_some(())
        })
        .await;
    }

    async fn what_the_new_generation_lacks_of_an_order_keeps_the_old_one_shown(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let (mut one, mut two) = (Order::new("USD", &[("TEA", 1, 1)]), Order::new("USD", &[("TEA", 1, 1)]));
        app.orders.publish([one.created(hours(0)), two.created(hours(0))]).await;
        app.until_orders(2).await;
        // As if the older one had counted more of each order than the log holds.
        app.execute("UPDATE counted_orders SET events = events + 1").await;
        let generation = app.operator().rebuild().await.unwrap();
        // The older one stands still from the moment when the newer one has read everything. A second later it still
        // does, so it was not replaced, though it could have been.
        let waited = "SELECT generation FROM generations WHERE generation = 1 AND state = 'live' AND standstill > 1";
        eventually("the newer one wants to take over", async || {
            (app.count(waited).await == 1).then_some(())
        })
        .await;
        app.orders.publish([one.confirmed(hours(1)), two.confirmed(hours(1))]).await;
        until_live(&app, generation).await;
        assert_eq!(in_state(&app, "confirmed").await, 2);
    }

    async fn a_currency_belongs_to_revenue_and_has_three_letters(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let staff = app.staff();
        let refused = staff.get("/stats/timeseries?metric=orders&currency=USD").await;
        refused.expect_error(400, "`currency` belongs to the metric `revenue` alone");
        for path in ["/stats/timeseries?metric=revenue&currency=usd", "/stats/top-products?currency=US"] {
            staff.get(path).await.expect(400);
        }
    }
}
