//! The database goes away, and comes back.

use kit_testing::{App, DatabaseProxy, Fixture, Person, Reply};

use crate::app::{Transactions as _, payments};
use crate::books;

fn is_away(reply: &Reply) {
    reply.expect_error(503, "Payment service unavailable");
    assert!(!reply.header("retry-after").is_empty());
}

/// Payments with a line to its database that can be cut.
async fn start(fixture: &Fixture) -> (App, DatabaseProxy) {
    payments(fixture).start_behind_proxy().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_payments_asks_to_come_back_later() {
    let target = kit_testing::db::TestTarget::postgres().await;
    Fixture::run(target, async |fixture: &Fixture| {
        let (app, proxy) = start(fixture).await;
        let (ada, clerk) = (app.sign_up("ada"), app.staff());
        ada.create("1").await;
        assert!(app.process.readiness.report().await.ready);

        proxy.cut();
        let report = app.process.readiness.report().await;
        let failed: Vec<_> = report
            .checks
            .iter()
            .filter(|check| !check.ready)
            .map(|check| &*check.name)
            .collect();
        assert_eq!(failed, ["payments.database"]);
        let keyed = ada.keyed("key");
        is_away(&ada.send("1").await);
        is_away(&keyed.send("1").await);
        is_away(&ada.send_pay().await);
        is_away(&keyed.send_pay().await);
        is_away(&ada.client.get("/transactions").await);
        is_away(&clerk.client.get("/admin/ledger").await);
        // What needs no database is answered as ever.
        app.stranger().get("/").await.expect(200);
        ada.send("0").await.expect(400);

        proxy.mend();
        assert_eq!(ada.counted("pending").await, 1);
        keyed.create("1").await;
        assert_eq!(keyed.pay().await, (2, "2.00".to_owned()));
        assert!(app.process.readiness.report().await.ready);
        books::are_in_order(&app).await;
    })
    .await;
}

/// Sends a transaction of one, and cuts the line a while later.
async fn send_and_cut(ada: &Person, proxy: &DatabaseProxy, patience: usize) -> u16 {
    let moment = async {
        for _ in 0..patience {
            tokio::task::yield_now().await;
        }
        proxy.cut();
    };
    let (reply, ()) = tokio::join!(ada.send("1"), moment);
    proxy.mend();
    reply.status.as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_with_a_write_leaves_all_of_it_or_nothing() {
    let target = kit_testing::db::TestTarget::postgres().await;
    Fixture::run(target, async |fixture: &Fixture| {
        let (app, proxy) = start(fixture).await;
        let ada = app.sign_up("ada");
        ada.create("1").await;
        let mut there = 1;
        for round in 0..20 {
            let status = send_and_cut(&ada, &proxy, round * 3).await;
            let now = ada.transactions().await.len();
            match status {
                201 => assert_eq!(now, there + 1, "what was acknowledged is there"),
                503 => assert!(now == there || now == there + 1, "{now}"),
                other => panic!("{other}"),
            }
            there = now;
        }
        let paid = ada.pay().await;
        assert_eq!(paid, (there as u64, format!("{there}.00")));
        books::are_in_order(&app).await;
    })
    .await;
}
