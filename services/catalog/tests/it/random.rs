//! Whatever orders and staff do, in whatever order: the service does what a few lines of arithmetic say, and the
//! books are in order.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::collections::BTreeMap;

use catalog_api::ReservationStatus as Status;
use futures::future::join_all;
use kit_testing::{App, on_both_databases};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::json;
use tokio::runtime::Handle;

use crate::app::{Clerk as _, start, variant};
use crate::books;
use crate::orders::Orders;

const SKUS: [&str; 3] = ["a", "b", "c"];
const ORDERS: u128 = 4;

#[derive(Clone, Debug)]
enum Act {
    Reserve { order: u128, lines: Vec<(usize, i64)> },
    Release { order: u128 },
    Commit { order: u128 },
    Restock { order: u128 },
    Adjust { sku: usize, delta: i64 },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let lines = prop::collection::vec((0..SKUS.len(), 1_i64..5), 1..4);
    let act = prop_oneof![
        4 => (0..ORDERS, lines).prop_map(|(order, lines)| Act::Reserve { order, lines }),
        2 => (0..ORDERS).prop_map(|order| Act::Release { order }),
        2 => (0..ORDERS).prop_map(|order| Act::Commit { order }),
        1 => (0..ORDERS).prop_map(|order| Act::Restock { order }),
        3 => (0..SKUS.len(), -4_i64..8).prop_map(|(sku, delta)| Act::Adjust { sku, delta }),
    ];
    prop::collection::vec(act, 1..25)
}

/// What should be.
#[derive(Default)]
struct Model {
    on_hand: [i64; 3],
    reserved: [i64; 3],
    orders: BTreeMap<u128, (Status, [i64; 3])>,
}

impl Model {
    fn reserve(&mut self, order: u128, lines: &[(usize, i64)]) -> Option<Status> {
        let mut sums = [0; 3];
        for (sku, quantity) in lines {
            sums[*sku] += quantity;
        }
        if let Some((status, own)) = self.orders.get(&order) {
            // Of other lines it is another request, but a mark of a release has none.
            return (*own == sums || *own == [0; 3]).then_some(*status);
        }
        let fits = (0..3).all(|sku| self.on_hand[sku] - self.reserved[sku] >= sums[sku]);
        let status = if fits { Status::Reserved } else { Status::Rejected };
        if fits {
            for (reserved, sum) in self.reserved.iter_mut().zip(sums) {
                *reserved += sum;
            }
        }
        self.orders.insert(order, (status, sums));
        Some(status)
    }

    fn step(&mut self, order: u128, from: Status, to: Status) -> Option<Status> {
        let (status, sums) = self.orders.get_mut(&order)?;
        if *status == from {
            *status = to;
            for (sku, quantity) in sums.iter().enumerate() {
                match to {
                    Status::Released => self.reserved[sku] -= quantity,
                    Status::Committed => {
                        self.reserved[sku] -= quantity;
                        self.on_hand[sku] -= quantity;
                    }
                    _ => self.on_hand[sku] += quantity,
                }
            }
        }
        Some(*status)
    }

    fn release(&mut self, order: u128) -> Option<Status> {
        self.orders.entry(order).or_insert((Status::Released, [0; 3]));
        self.step(order, Status::Reserved, Status::Released)
    }
}

/// A number for an order that no case before had.
fn number(case: u128, order: u128) -> u128 {
    case * ORDERS + order
}

async fn act(app: &App, case: u128, act: &Act) -> Option<Status> {
    let (clerk, orders) = (app.staff(), Orders::of(app));
    match act {
        Act::Reserve { order, lines } => {
            let lines: Vec<_> = lines
                .iter()
                .map(|(sku, quantity)| (SKUS[*sku], *quantity))
                .collect();
            orders
                .ask(number(case, *order), &lines)
                .await
                .ok()
                .map(|view| view.status)
        }
        Act::Release { order } => Some(orders.release(number(case, *order)).await.status),
        Act::Commit { order } => orders
            .commit(number(case, *order))
            .await
            .ok()
            .map(|view| view.status),
        Act::Restock { order } => orders
            .restock(number(case, *order))
            .await
            .ok()
            .map(|view| view.status),
        Act::Adjust { sku, delta } => {
            let status = clerk.send_adjust(SKUS[*sku], *delta).await.status.as_u16();
            assert!([200, 400, 409].contains(&status), "{status}");
            None
        }
    }
}

async fn one_after_the_other(app: &App, case: u128, acts: &[Act]) -> Result<(), TestCaseError> {
    let (clerk, mut model) = (app.staff(), Model::default());
    for (sku, name) in SKUS.iter().enumerate() {
        let (on_hand, reserved, _) = clerk.counts(name).await;
        (model.on_hand[sku], model.reserved[sku]) = (on_hand, reserved);
    }
    for one in acts {
        let expected = match one {
            Act::Reserve { order, lines } => model.reserve(*order, lines),
            Act::Release { order } => model.release(*order),
            Act::Commit { order } => model.step(*order, Status::Reserved, Status::Committed),
            Act::Restock { order } => model.step(*order, Status::Committed, Status::Restocked),
            Act::Adjust { sku, delta } => {
                if model.on_hand[*sku] + delta >= model.reserved[*sku] {
                    model.on_hand[*sku] += delta;
                }
                None
            }
        };
        prop_assert_eq!(act(app, case, one).await, expected, "{:?}", one);
        for (sku, name) in SKUS.iter().enumerate() {
            let (on_hand, reserved, _) = clerk.counts(name).await;
            prop_assert_eq!((on_hand, reserved), (model.on_hand[sku], model.reserved[sku]));
        }
    }
    books::are_in_order(app).await;
    Ok(())
}

async fn at_once(app: &App, case: u128, acts: &[Act]) -> Result<(), TestCaseError> {
    join_all(acts.iter().map(|one| act(app, case, one))).await;
    books::are_in_order(app).await;
    Ok(())
}

/// Runs a few cases, each with orders of its own; proptest looks for the shortest one that fails.
fn try_out(cases: u32, run: &impl AsyncFn(u128, &[Act]) -> Result<(), TestCaseError>) {
    let config = Config {
        failure_persistence: None,
        max_shrink_iters: 50,
        ..Config::with_cases(cases)
    };
    let (here, case) = (Handle::current(), std::cell::Cell::new(0));
    let ended = tokio::task::block_in_place(|| {
        TestRunner::new(config).run(&acts(), |acts| {
            case.set(case.get() + 1);
            here.block_on(run(case.get(), &acts))
        })
    });
    ended.unwrap();
}

async fn stocked(fixture: &kit_testing::Fixture) -> App {
    let app = start(fixture).await;
    let variants = SKUS.map(|sku| variant(sku, 100));
    app.staff()
        .create(&json!({ "name": "Mug", "variants": variants }))
        .await;
    for sku in SKUS {
        app.staff().set_stock(sku, 8).await;
    }
    app
}

on_both_databases! {
    async fn whatever_is_done_the_books_are_in_order(fixture: &Fixture) {
        let app = stocked(fixture).await;
        try_out(16, &async |case, acts| one_after_the_other(&app, case, acts).await);
    }

    async fn whatever_is_done_at_once_the_books_are_in_order(fixture: &Fixture) {
        let app = stocked(fixture).await;
        try_out(12, &async |case, acts| at_once(&app, case, acts).await);
    }
}
