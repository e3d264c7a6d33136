//! Faults injected by name while orders are placed, paid, cancelled and refunded: whatever goes wrong between any two
//! steps, and however often, each order comes to one end on which all services agree. Faults are one set a process, hence
//! a process of their own, and one test at a time.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use fail::FailScenario;
use kit_testing::db::TestTarget;
use kit_testing::{Fixture, Reply, eventually};
use serde_json::json;

#[path = "../it/app.rs"]
#[expect(dead_code, reason = "the other stories need more of it")]
mod app;
#[path = "../it/books.rs"]
mod books;

use app::{Buyer, ORDERS, Shop, text};

/// Two passes, something goes wrong, three passes, and so on, until it is over.
const NOW_AND_THEN: &str = "2*off->1*panic->3*off->2*panic->5*off->1*panic->9*off->1*panic->off";

/// How many orders are placed.
const COUNT: usize = 12;

async fn goes_on_after(fault: &str, action: &str) {
    let faults = FailScenario::setup();
    for target in [TestTarget::sqlite(), TestTarget::postgres().await] {
        Fixture::run(target, async |fixture: &Fixture| {
            let shop = Shop::open(fixture).await;
            shop.sell("mug", 100, 100).await;
            fail::cfg(fault, action).unwrap();
            let story = Story { shop };
            let whole = async {
                story.is_lived().await;
                fail::remove(fault);
                story.ends_well().await;
            };
            fixture.while_time_goes_on(Box::pin(whole)).await;
        })
        .await;
    }
    faults.teardown();
}

struct Story {
    shop: Shop,
}

impl Story {
    /// Sends something until it is done, as somebody does who lost an answer.
    async fn until_done(&self, mut send: impl AsyncFnMut() -> Reply) -> Reply {
        eventually("it is done at last", async || {
            let reply = send().await;
            reply.status.is_success().then_some(reply)
        })
        .await
    }

    async fn becomes(&self, buyer: &Buyer, id: &str, status: &str) {
        eventually("the order goes on", async || {
            let order = buyer.order(id).await;
            assert_ne!(order["status"], "cancelled", "{order}");
            (order["status"] == status).then_some(())
        })
        .await;
    }

    async fn is_lived(&self) {
        let ada = self.shop.buyer("ada");
        for number in 0..COUNT {
            let keyed = ada.keyed(&format!("key-{number}"));
            // Every second one from the cart.
            let placed = if number % 2 == 0 {
                self.until_done(async || keyed.send(&[("mug", 2)]).await).await
            } else {
                self.fills_the_cart(&ada).await;
                self.until_done(async || keyed.orders.client.post("/orders", &json!({})).await)
                    .await
            };
            let id = text(&placed.json()["id"]);
            self.becomes(&ada, &id, "confirmed").await;
            if number % 4 != 3 {
                self.pays(&ada, &id).await;
                self.becomes(&ada, &id, "paid").await;
            }
            match number % 4 {
                0 => {}
                2 => {
                    let clerk = self.shop.clerk.keyed(&format!("key-{number}"));
                    let path = format!("/admin/orders/{id}/refund");
                    let body = json!({ "lines": [{ "sku": "mug", "quantity": 1 }] });
                    self.until_done(async || clerk.client.post(&path, &body).await)
                        .await;
                }
                _ => {
                    self.until_done(async || keyed.cancel(&id).await).await;
                }
            }
        }
    }

    /// Pays until it is paid: an attempt that was lost before the provider was asked is given up, and the payment is open
    /// again.
    async fn pays(&self, ada: &Buyer, id: &str) {
        eventually("it is paid", async || {
            let reply = ada.pay(id).await;
            let is_paid = reply.status == 200 && reply.json()["payments"][0]["status"] == "succeeded";
            is_paid.then_some(())
        })
        .await;
    }

    /// Two mugs are in the cart, whatever was lost on the way.
    async fn fills_the_cart(&self, ada: &Buyer) {
        let client = &ada.cart.client;
        self.until_done(async || {
            let set = client.put("/cart/items/mug", &json!({ "quantity": 2 })).await;
            if set.status == 404 {
                return client
                    .post("/cart/items", &json!({ "sku": "mug", "quantity": 2 }))
                    .await;
            }
            set
        })
        .await;
    }

    async fn ends_well(&self) {
        eventually("nothing is to be done any more", async || {
            let open = "SELECT order_id FROM order_steps";
            (self.shop.orders.count(open).await == 0).then_some(())
        })
        .await;
        assert_eq!(
            self.shop.orders.count(ORDERS).await,
            COUNT,
            "each was placed once"
        );
        books::agree(&self.shop).await;
        // Three were paid and kept, three paid and refunded in part; two each.
        self.shop.counts_become("mug", (88, 0)).await;
        assert_eq!(
            self.shop
                .orders
                .count("SELECT id FROM refunds WHERE status = 'failed'")
                .await,
            0
        );
        assert_eq!(self.shop.orders.count("SELECT event_id FROM parked").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_effect_that_is_abandoned_before_its_commit_happens_later() {
    goes_on_after("db::before-commit", NOW_AND_THEN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_writer_goes_away_happens_once() {
    goes_on_after("db::after-commit-before-answer", NOW_AND_THEN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_happens_once() {
    goes_on_after("db::commit-answer-lost", &NOW_AND_THEN.replace("panic", "return")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_effect_without_its_position_is_not_kept() {
    goes_on_after("bus::after-effect-before-position", "2*off->1*panic->off").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_effect_whose_handler_hears_no_answer_happens_once() {
    goes_on_after("bus::after-effect-before-answer", NOW_AND_THEN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_that_was_opened_is_opened_once() {
    goes_on_after(
        "orders::after-open-before-confirm",
        "4*return->2*off->2*return->off",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_panics_is_started_again() {
    goes_on_after(
        "orders::after-open-before-confirm",
        "1*panic->2*off->1*panic->off",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_was_made_is_made_once() {
    goes_on_after("orders::after-refund-before-store", "3*return->off").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cart_that_was_emptied_is_emptied_once() {
    goes_on_after(
        "orders::after-clear-before-store",
        "1*return->1*off->2*return->off",
    )
    .await;
}
