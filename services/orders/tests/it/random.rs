//! Whatever buyers, staff, the clock and the network do, in whatever order: all services say the same of every order in
//! the end, and the books are in order.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use futures::future::join_all;
use kit_testing::{Fixture, eventually, on_both_databases};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::json;
use tokio::runtime::Handle;

use crate::app::{BAD_CARD, Buyer, LineState, Shop, text};
use crate::books;

const SKUS: [&str; 3] = ["a", "b", "c"];

#[derive(Clone, Debug)]
enum Act {
    Place(Vec<(usize, i64)>),
    Pay(usize),
    PayBadly(usize),
    Cancel(usize),
    Ship(usize),
    Deliver(usize),
    Refund(usize, i64),
    RefundAll(usize),
    Restock(usize, i64),
    Wait(u64),
    Line(LineState),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let lines = prop::collection::vec((0..SKUS.len(), 1_i64..4), 1..3);
    let order = || 0_usize..6;
    let states = vec![
        LineState::Works,
        LineState::Works,
        LineState::Cut,
        LineState::LosesAnswers,
    ];
    let act = prop_oneof![
        5 => lines.prop_map(Act::Place),
        5 => order().prop_map(Act::Pay),
        1 => order().prop_map(Act::PayBadly),
        3 => order().prop_map(Act::Cancel),
        3 => order().prop_map(Act::Ship),
        1 => order().prop_map(Act::Deliver),
        2 => (order(), 1_i64..300).prop_map(|(order, amount)| Act::Refund(order, amount)),
        1 => order().prop_map(Act::RefundAll),
        2 => (0..SKUS.len(), -3_i64..6).prop_map(|(sku, delta)| Act::Restock(sku, delta)),
        2 => (1_u64..900).prop_map(Act::Wait),
        2 => prop::sample::select(states).prop_map(Act::Line),
    ];
    prop::collection::vec(act, 1..25)
}

/// The orders of one case, and who places them.
struct Case<'a> {
    fixture: &'a Fixture,
    shop: &'a Shop,
    ids: std::sync::Mutex<Vec<String>>,
}

impl Case<'_> {
    fn buyer(&self) -> Buyer {
        self.shop.buyer("ada")
    }

    /// The order of a number, if it was placed.
    fn id(&self, number: usize) -> Option<String> {
        self.ids.lock().unwrap().get(number).cloned()
    }

    async fn act(&self, act: &Act) {
        let status = match act {
            Act::Place(lines) => {
                let lines: Vec<_> = lines
                    .iter()
                    .map(|(sku, quantity)| (SKUS[*sku], *quantity))
                    .collect();
                let reply = self.buyer().send(&lines).await;
                self.ids.lock().unwrap().push(text(&reply.expect(201)["id"]));
                Some(reply.status)
            }
            Act::Wait(seconds) => {
                self.fixture.advance(Duration::from_secs(*seconds));
                None
            }
            Act::Line(state) => {
                self.shop.line.set(*state);
                None
            }
            Act::Restock(sku, delta) => {
                let path = format!("/stock/{}/adjust", SKUS[*sku]);
                let body = json!({ "delta": delta, "reason": "counted" });
                Some(self.shop.catalog.staff().client.post(&path, &body).await.status)
            }
            Act::Pay(order)
            | Act::PayBadly(order)
            | Act::Cancel(order)
            | Act::Ship(order)
            | Act::Deliver(order)
            | Act::Refund(order, _)
            | Act::RefundAll(order) => match self.id(*order) {
                Some(id) => Some(self.act_on(&id, act).await),
                None => None,
            },
        };
        if let Some(status) = status {
            assert!(status.as_u16() < 500, "{act:?}: {status}");
        }
    }

    async fn act_on(&self, id: &str, act: &Act) -> http::StatusCode {
        let staff = &self.shop.orders.staff().client;
        let path = |what: &str| format!("/admin/orders/{id}/{what}");
        let reply = match act {
            Act::Pay(_) => self.buyer().pay(id).await,
            Act::PayBadly(_) => self.buyer().pay_with(id, BAD_CARD).await,
            Act::Cancel(_) => {
                staff
                    .send(http::Method::POST, &format!("/orders/{id}/cancel"), None)
                    .await
            }
            Act::Ship(_) => {
                staff
                    .post(
                        &path("ship"),
                        &json!({ "carrier": "DHL", "tracking_number": "1" }),
                    )
                    .await
            }
            Act::Deliver(_) => staff.send(http::Method::POST, &path("deliver"), None).await,
            Act::Refund(_, amount) => {
                let amount = json!({ "amount_minor": amount, "currency": "USD" });
                staff.post(&path("refund"), &json!({ "amount": amount })).await
            }
            _ => staff.send(http::Method::POST, &path("refund"), None).await,
        };
        reply.status
    }

    /// Lets everything that is under way come to its end, and looks whether it is a good one.
    async fn settles(&self) {
        self.shop.line.set(LineState::Works);
        eventually("nothing is under way", async || {
            let open = "SELECT order_id FROM order_steps WHERE step IN ('open_payment', 'refund')";
            let waiting = "SELECT id FROM orders WHERE status = 'pending'";
            let is_done = self.shop.orders.count(open).await + self.shop.orders.count(waiting).await == 0;
            if !is_done {
                self.fixture.advance(Duration::from_secs(5));
            }
            is_done.then_some(())
        })
        .await;
        books::agree(self.shop).await;
        // What can still be paid is not, and everything ends once.
        self.fixture.advance(Duration::from_hours(2));
        eventually(
            "every order has ended or goes on by somebody's hand",
            async || {
                let open = "SELECT id FROM orders WHERE status IN ('pending', 'confirmed')";
                (self.shop.orders.count(open).await == 0).then_some(())
            },
        )
        .await;
        books::agree(self.shop).await;
        for sku in SKUS {
            let (on_hand, reserved) = self.shop.counts(sku).await;
            assert!(on_hand >= 0 && reserved == 0, "{sku}: {on_hand} {reserved}");
        }
        assert_eq!(self.shop.orders.count("SELECT event_id FROM parked").await, 0);
    }
}

/// Runs a few cases; proptest looks for the shortest one that fails.
fn try_out(cases: u32, run: &impl AsyncFn(&[Act]) -> Result<(), TestCaseError>) {
    let config = Config {
        failure_persistence: None,
        max_shrink_iters: 20,
        ..Config::with_cases(cases)
    };
    let here = Handle::current();
    let ended = tokio::task::block_in_place(|| {
        TestRunner::new(config).run(&acts(), |acts| here.block_on(run(&acts)))
    });
    ended.unwrap();
}

async fn stocked(fixture: &Fixture) -> Shop {
    let shop = Shop::open(fixture).await;
    for (price, sku) in (1..).zip(SKUS) {
        shop.sell(sku, price * 50, 8).await;
    }
    shop
}

fn case<'a>(fixture: &'a Fixture, shop: &'a Shop) -> Case<'a> {
    let ids = std::sync::Mutex::default();
    Case { fixture, shop, ids }
}

on_both_databases! {
    async fn whatever_is_done_all_agree_in_the_end(fixture: &Fixture) {
        let shop = stocked(fixture).await;
        try_out(10, &async |acts: &[Act]| {
            let case = case(fixture, &shop);
            for act in acts {
                case.act(act).await;
            }
            case.settles().await;
            Ok(())
        });
    }

    async fn whatever_is_done_at_once_all_agree_in_the_end(fixture: &Fixture) {
        let shop = stocked(fixture).await;
        try_out(8, &async |acts: &[Act]| {
            let case = case(fixture, &shop);
            // Some orders first, for the others to be about.
            for act in acts.iter().filter(|act| matches!(act, Act::Place(_))) {
                case.act(act).await;
            }
            let rest = acts.iter().filter(|act| !matches!(act, Act::Place(_)));
            join_all(rest.map(|act| case.act(act))).await;
            case.settles().await;
            Ok(())
        });
    }
}
