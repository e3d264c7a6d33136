//! What the provider has made is held against what is here.

use std::time::Duration;

use futures::future::join_all;
use kit_testing::{eventually, on_both_databases};
use payments_api::PaymentStatus;
use serde_json::json;

use crate::books;
use crate::shop::{DECLINED, GOOD, LOST, MORE, Payer as _, Shop, becomes};

const PERIOD: Duration = Duration::from_secs(1);
const SECOND: (&str, &str) = ("payments.reconcile_period", "1s");

/// How many charges of all passes of a process had this finding.
pub(crate) fn found(shop: &Shop, finding: &str) -> usize {
    let line = format!("stoa_payments_reconciled_total{{finding=\"{finding}\"}} ");
    let metrics = shop.process.metrics.encode();
    let count = metrics
        .lines()
        .find_map(|counted| counted.strip_prefix(&line)?.parse().ok());
    count.unwrap_or(0)
}

/// Returns once a pass has found this at so many charges.
pub(crate) async fn finds(shop: &Shop, finding: &str, count: usize) {
    let looks = async || (found(shop, finding) >= count).then_some(());
    eventually(finding, looks).await;
}

async fn passes(shop: &Shop, count: usize) {
    let over = async || {
        let rows = shop
            .rows("SELECT steps FROM reconciliations WHERE page_cursor IS NULL AND next_step_at = until_at + 1000000")
            .await;
        let steps: i64 = rows.first().and_then(|row| row.get("steps").ok()).unwrap_or(0);
        (steps >= i64::try_from(count).unwrap_or(i64::MAX)).then_some(())
    };
    eventually("the pass is over", over).await;
}

on_both_databases! {
    async fn what_got_lost_is_settled_as_if_it_had_come(fixture: &Fixture) {
        let shop = Shop::start_with(fixture, &[SECOND]).await;
        let ada = shop.sign_up("ada");
        for number in 1..=3 {
            shop.owe(&ada, number, 1_250).await;
        }
        ada.pay_order(1, LOST).await.expect(200);
        ada.pay_order(2, GOOD).await.expect(200);
        ada.pay_order(3, DECLINED).await.expect(402);
        assert_eq!(shop.find(1).await.status, PaymentStatus::Processing);
        // Nobody looks it up before half a minute is over.
        fixture.advance(PERIOD);
        becomes(&shop, 1, PaymentStatus::Succeeded).await;
        finds(&shop, "mended", 1).await;
        finds(&shop, "agrees", 2).await;
        assert_eq!(shop.find(3).await.status, PaymentStatus::Open);
        passes(&shop, 1).await;
        fixture.advance(PERIOD);
        finds(&shop, "agrees", 5).await;
        assert_eq!((found(&shop, "mended"), found(&shop, "flagged")), (1, 0));
        assert_eq!(shop.count("SELECT number FROM payment_attempts WHERE reconciled_at IS NOT NULL").await, 2);
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }

    async fn what_differs_is_flagged_once_and_left_alone(fixture: &Fixture) {
        let shop = Shop::start_with(fixture, &[SECOND, ("payments.reconcile_window", "1h")]).await;
        let ada = shop.sign_up("ada");
        for number in 1..=4 {
            shop.owe(&ada, number, 1_250).await;
            ada.pay_order(number, GOOD).await.expect(200);
        }
        shop.refund(1, (1, 250)).await.expect("it is paid back");
        shop.refund(2, (2, 250)).await.expect("it is paid back");
        // A refund came back, somebody has paid back at the provider, and of one it knows nothing any more.
        for statement in [
            "UPDATE sandbox_charges SET refunded_minor = 0 WHERE key IN (SELECT id || '-1' FROM payments WHERE refunded_minor = 250) AND key = (SELECT MIN(key) FROM sandbox_charges)",
            "UPDATE sandbox_charges SET refunded_minor = 1 WHERE key = (SELECT MAX(key) FROM sandbox_charges)",
        ] {
            assert_eq!(shop.execute(statement).await, 1);
        }
        fixture.advance(PERIOD);
        finds(&shop, "flagged", 2).await;
        finds(&shop, "agrees", 2).await;
        passes(&shop, 1).await;
        assert_eq!(shop.execute("DELETE FROM sandbox_charges WHERE refunded_minor = 0 AND key IN (SELECT id || '-1' FROM payments WHERE flag IS NULL)").await, 1);
        shop.execute("UPDATE payment_attempts SET reconciled_at = NULL").await;
        fixture.advance(Duration::from_hours(2));
        finds(&shop, "flagged", 3).await;
        passes(&shop, 2).await;
        let flagged = shop.staff().client.get("/admin/payments?flagged=true").await.expect(200);
        let flags: Vec<_> = flagged["items"].as_array().into_iter().flatten().map(|item| (item["flag"].clone(), item["status"].clone())).collect();
        assert_eq!(flags, vec![(json!("provider_differs"), json!("succeeded")); 3]);
        assert!(shop.process.metrics.encode().contains("stoa_payments_flagged 3\n"));
        // Staff look at it, and it is not flagged for the same again.
        let (clerk, first) = (shop.staff(), &flagged["items"][0]);
        assert_eq!(first["difference"], "charged 12.50 USD, paid back 0.01 USD");
        let resolve = format!("/admin/payments/{}/resolve", first["id"].as_str().unwrap_or_default());
        assert_eq!(clerk.client.post(&resolve, &json!({})).await.expect(200)["flag"], json!(null));
        clerk.client.post(&resolve, &json!({})).await.expect_error(409, "the payment is not flagged");
        shop.execute("UPDATE payment_attempts SET reconciled_at = NULL").await;
        fixture.advance(Duration::from_hours(2));
        passes(&shop, 3).await;
        assert_eq!(found(&shop, "flagged"), 3);
        // It stays what it is: paid, and nothing posted.
        assert_eq!(shop.event_types().await.iter().filter(|kind| *kind == "payment.succeeded").count(), 4);
        books::are_in_order(&shop).await;
    }

    async fn another_sum_and_a_charge_of_nobody_are_told(fixture: &Fixture) {
        let shop = Shop::start_with(fixture, &[SECOND]).await;
        let ada = shop.sign_up("ada");
        shop.owe(&ada, 1, 1_250).await;
        ada.pay_order(1, MORE).await.expect(200);
        shop.execute("INSERT INTO sandbox_charges (key, amount_minor, currency, status, description, expires_at, refunded_minor, created_at) \
            SELECT 'pay_0190c2a5-11f0-7d2c-8a4e-6b1f90d3c7e8-1', 5, 'USD', 'succeeded', '', expires_at, 0, created_at FROM payments").await;
        fixture.advance(PERIOD);
        finds(&shop, "unknown", 1).await;
        passes(&shop, 1).await;
        assert_eq!(shop.count("SELECT id FROM payments WHERE flag = 'amount_differs'").await, 1);
        assert_eq!(shop.find(1).await.status, PaymentStatus::Processing);
        books::are_in_order(&shop).await;
    }

    async fn many_charges_are_compared_page_by_page_and_processes_share_them(fixture: &Fixture) {
        let shop = Shop::start_with(fixture, &[SECOND]).await;
        let ada = shop.sign_up("ada");
        for number in 1..=120 {
            shop.owe(&ada, number, 100).await;
        }
        join_all((1..=120).map(|number| ada.pay_order(number, if number % 12 == 0 { LOST } else { GOOD }))).await;
        // On SQLite a file has one process.
        let other = if fixture.is_postgres() { Some(Shop::start_with(fixture, &[SECOND]).await) } else { None };
        fixture.advance(PERIOD);
        for number in (12..=120).step_by(12) {
            becomes(&shop, number, PaymentStatus::Succeeded).await;
        }
        passes(&shop, 2).await;
        let all: Vec<&Shop> = std::iter::once(&shop).chain(&other).collect();
        let sum = |finding| all.iter().map(|shop| found(shop, finding)).sum::<usize>();
        assert_eq!((sum("mended"), sum("agrees"), sum("flagged")), (10, 110, 0));
        books::are_in_order(&shop).await;
        books::are_settled(&shop).await;
    }
}
