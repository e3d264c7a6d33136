//! What holds for every route, read off the route table.

use analytics_api::routes;
use kit_testing::{Examples, Identity, on_both_databases};
use payments_api::TransactionPaid;

use crate::app::{AnalyticsApp, NOON, created};
use crate::shop::Order;

kit_testing::meta_tests! {
    routes = routes();
    start = AnalyticsApp::start;
    table = [
        "GET /health public, own port",
        "GET /stats public, staff at the gateway",
        "GET /stats/users staff",
        "GET /stats/users/{id} own",
        "GET /stats/timeseries staff",
        "GET /stats/orders staff",
        "GET /stats/stream staff",
        "GET /stats/top-products staff",
        "GET /stats/funnel staff",
        "POST /track guest, idempotent",
    ];
}

on_both_databases! {
    async fn every_example_is_true(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let (staff, mut examples) = (app.staff(), Examples::of(routes()));
        let ada = Identity::customer("ada").user_id;
        app.payments.publish(created(ada, "850.50", NOON)).await;
        app.payments.publish(TransactionPaid { user_id: ada, transactions_paid: 1, timestamp: NOON }).await;
        app.until_stats((1, "850.50", 1, 2, 1)).await;
        let mut order = Order::new("USD", &[("TEA-100", 3, 500)]);
        app.orders.publish([order.created(NOON), order.confirmed(NOON), order.paid(NOON)]).await;
        app.until_orders(3).await;
        let (tracked, example) = examples.check(&app.stranger(), "track", "/track").await;
        assert_eq!(tracked, example);
        for route in routes().routes.iter().filter(|route| !["stream_stats", "track"].contains(&route.operation)) {
            let path = route.pattern.replace("{id}", &ada.to_string());
            examples.check(&staff, route.operation, &path).await;
        }
        assert_eq!(examples.untried(), ["stream_stats"], "the stream has stories of its own");
    }
}
