//! Whatever becomes of orders, and in whichever order and however often its events come: the statistics are what a
//! few lines of arithmetic say that go through each order from its beginning to its end.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use kit_runtime::Timestamp;
use kit_testing::on_both_databases;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::app::AnalyticsApp;
use crate::orders::series;
use crate::rebuilding::until_live;
use crate::shop::{Order, OrderEvent};

const SKUS: [&str; 3] = ["CUP", "POT", "TEA"];
const CURRENCIES: [&str; 2] = ["EUR", "JPY"];
const DAYS: usize = 4;
const START: Timestamp = Timestamp::from_seconds(1_893_456_000);
const METRICS: [&str; 5] = [
    "orders",
    "orders_confirmed",
    "orders_paid",
    "orders_cancelled",
    "orders_rejected",
];

/// An order, and what becomes of it: at each step one of what may, some hours after the step before.
#[derive(Clone, Debug)]
struct Life {
    currency: usize,
    /// How many of each SKU, and the price of one.
    lines: Vec<(usize, i64, i64)>,
    steps: Vec<(Index, u64)>,
}

/// Lives, and how their events are delivered: each once in an order of its own, and some again.
#[derive(Clone, Debug)]
struct Delivery {
    lives: Vec<Life>,
    order: Vec<u64>,
    again: Vec<Index>,
}

fn deliveries() -> impl Strategy<Value = Delivery> {
    let lines = prop::collection::btree_map(0..SKUS.len(), (1_i64..5, 0_i64..900), 1..=SKUS.len());
    let steps = prop::collection::vec((any::<Index>(), 0_u64..14), 1..7);
    let life = (0..CURRENCIES.len(), lines, steps).prop_map(|(currency, lines, steps)| Life {
        currency,
        lines: lines
            .into_iter()
            .map(|(sku, (quantity, price))| (sku, quantity, price))
            .collect(),
        steps,
    });
    let orders = prop::collection::vec(life, 1..7);
    let order = prop::collection::vec(any::<u64>(), 42);
    let again = prop::collection::vec(any::<Index>(), 0..12);
    (orders, order, again).prop_map(|(lives, order, again)| Delivery { lives, order, again })
}

/// What should be, of all orders so far.
#[derive(Default)]
struct Model {
    by_status: BTreeMap<&'static str, u64>,
    /// Versions of orders.
    events: i64,
    /// By metric and day.
    counts: BTreeMap<&'static str, [u64; DAYS]>,
    /// Placed, confirmed and paid, by the day on which they were placed.
    funnel: [[u64; 3]; DAYS],
    /// By currency: orders paid, what was paid and what was paid back; and what both come to by the day.
    money: BTreeMap<&'static str, ([i64; 3], [i64; DAYS])>,
    /// By SKU: how many were sold, and for how much in each currency.
    products: BTreeMap<&'static str, (i64, [i64; 2])>,
}

/// An order on its way through its life.
struct Running<'a> {
    model: &'a mut Model,
    order: Order,
    life: &'a Life,
    /// How many of each line are not refunded.
    left: Vec<i64>,
    /// How much of what was paid is not paid back.
    left_minor: i64,
    status: &'static str,
    placed_on: usize,
}

impl Running<'_> {
    fn count(&mut self, metric: &'static str, day: usize) {
        self.model.counts.entry(metric).or_default()[day] += 1;
    }

    fn currency(&self) -> &'static str {
        CURRENCIES[self.life.currency]
    }

    fn pay(&mut self, day: usize) {
        self.left = self.life.lines.iter().map(|(_, quantity, _)| *quantity).collect();
        self.left_minor = self
            .life
            .lines
            .iter()
            .map(|(_, quantity, price)| quantity * price)
            .sum();
        let (total, currency) = (self.left_minor, self.currency());
        let (sums, days) = self.model.money.entry(currency).or_default();
        sums[0] += 1;
        sums[1] += total;
        days[day] += total;
        for (sku, quantity, price) in &self.life.lines {
            let sold = self.model.products.entry(SKUS[*sku]).or_default();
            sold.0 += quantity;
            sold.1[self.life.currency] += quantity * price;
        }
    }

    fn pay_back(&mut self, amount_minor: i64, day: usize) {
        self.left_minor -= amount_minor;
        let currency = self.currency();
        let (sums, days) = self.model.money.entry(currency).or_default();
        sums[2] += amount_minor;
        days[day] -= amount_minor;
    }

    fn take_back(&mut self, line: usize, quantity: i64) {
        let (sku, _, price) = self.life.lines[line];
        self.left[line] -= quantity;
        let sold = self.model.products.entry(SKUS[sku]).or_default();
        sold.0 -= quantity;
        sold.1[self.life.currency] -= quantity * price;
    }

    /// Everything that is left.
    fn end(&mut self, day: usize) -> i64 {
        let amount = self.left_minor;
        self.pay_back(amount, day);
        for line in 0..self.left.len() {
            self.take_back(line, self.left[line]);
        }
        amount
    }

    /// Does what is chosen among what may be done, if anything may.
    fn step(&mut self, choice: Index, at: Timestamp, day: usize) -> Option<OrderEvent> {
        let may: &[&str] = match self.status {
            "" => &["created"],
            "pending" => &["confirmed", "confirmed", "rejected", "cancelled"],
            "confirmed" => &["paid", "paid", "paid", "cancelled"],
            "paid" => &["shipped", "cancelled", "units", "amount", "refunded"],
            "shipped" => &["delivered", "units", "amount", "refunded"],
            "delivered" => &["units", "amount", "refunded"],
            _ => return None,
        };
        let step = *choice.get(may);
        match step {
            "units" => return self.refund_a_unit(at, day),
            "amount" => {
                let amount = self.left_minor / 2;
                self.pay_back(amount, day);
                return Some(self.order.refunded(&[], (amount, false), at));
            }
            _ => {}
        }
        self.status = if step == "created" { "pending" } else { step };
        Some(match step {
            "created" => {
                self.placed_on = day;
                self.count("orders", day);
                self.model.funnel[day][0] += 1;
                self.order.created(at)
            }
            "confirmed" => {
                self.count("orders_confirmed", day);
                self.model.funnel[self.placed_on][1] += 1;
                self.order.confirmed(at)
            }
            "rejected" => {
                self.count("orders_rejected", day);
                self.order.rejected(at)
            }
            "paid" => {
                self.count("orders_paid", day);
                self.model.funnel[self.placed_on][2] += 1;
                self.pay(day);
                self.order.paid(at)
            }
            "cancelled" => {
                self.count("orders_cancelled", day);
                self.end(day);
                self.order.cancelled(at)
            }
            "shipped" => self.order.shipped(at),
            "delivered" => self.order.delivered(at),
            _ => {
                let amount = self.end(day);
                self.order.refunded(&[], (amount, true), at)
            }
        })
    }

    /// One unit of the first line of which any is left and can be paid for.
    fn refund_a_unit(&mut self, at: Timestamp, day: usize) -> Option<OrderEvent> {
        let line = (0..self.left.len())
            .find(|line| self.left[*line] > 0 && self.life.lines[*line].2 <= self.left_minor)?;
        let (sku, _, price) = self.life.lines[line];
        self.pay_back(price, day);
        self.take_back(line, 1);
        Some(self.order.refunded(&[(SKUS[sku], 1)], (price, false), at))
    }
}

impl Model {
    /// Goes through a life; what is published of it.
    fn live(&mut self, life: &Life) -> Vec<OrderEvent> {
        let lines = life
            .lines
            .iter()
            .map(|(sku, quantity, price)| (SKUS[*sku], *quantity, *price));
        let order = Order::new(CURRENCIES[life.currency], &lines.collect::<Vec<_>>());
        let mut running = Running {
            model: self,
            order,
            life,
            left: Vec::new(),
            left_minor: 0,
            status: "",
            placed_on: 0,
        };
        let (mut hour, mut events) = (0, Vec::new());
        for (choice, later) in &life.steps {
            hour += later;
            let (at, day) = (
                START.plus(Duration::from_hours(hour)),
                usize::try_from(hour / 24).unwrap(),
            );
            events.extend(running.step(*choice, at, day));
        }
        let status = running.status;
        self.events += i64::try_from(events.len()).unwrap();
        *self.by_status.entry(status).or_default() += 1;
        events
    }

    fn stats(&self) -> Value {
        let states = [
            "cancelled",
            "confirmed",
            "delivered",
            "paid",
            "pending",
            "refunded",
            "rejected",
            "shipped",
        ];
        let by_status: Value = states
            .iter()
            .map(|state| {
                (
                    (*state).to_owned(),
                    json!(self.by_status.get(state).unwrap_or(&0)),
                )
            })
            .collect::<serde_json::Map<_, _>>()
            .into();
        let paid = self.money.iter().filter(|(_, ([orders, ..], _))| *orders > 0);
        let mut money: Vec<_> = paid.collect();
        money.sort_by_key(|(_, ([orders, ..], _))| -orders);
        let revenue = money.iter().map(|(currency, ([orders, paid, refunded], _))| {
            let money = |amount_minor: i64| json!({ "amount_minor": amount_minor, "currency": currency });
            json!({
                "orders_paid": orders, "paid": money(*paid), "refunded": money(*refunded),
                "net": money(paid - refunded),
            })
        });
        json!({
            "total_orders": self.by_status.values().sum::<u64>(), "by_status": by_status,
            "revenue": revenue.collect::<Value>(),
        })
    }

    /// The most sold first; where there are as many, by SKU.
    fn top(&self, currency: usize) -> Value {
        let mut products: Vec<_> = self.products.iter().filter(|(_, (sold, _))| *sold > 0).collect();
        products.sort_by_key(|(_, (sold, _))| -sold);
        products
            .iter()
            .map(|(sku, (sold, revenue))| {
                let revenue = json!({ "amount_minor": revenue[currency], "currency": CURRENCIES[currency] });
                json!({ "sku": sku, "viewed": 0, "added": 0, "ordered": 0, "sold": sold, "revenue": revenue })
            })
            .collect()
    }
}

/// Everything that is shown of orders is what the model says.
async fn is_exact(app: &AnalyticsApp, model: &Model) -> Result<(), TestCaseError> {
    let staff = app.staff();
    prop_assert_eq!(staff.get("/stats/orders").await.expect(200), model.stats());
    for metric in METRICS {
        let expected = model.counts.get(metric).copied().unwrap_or_default();
        prop_assert_eq!(
            series(app, &format!("metric={metric}")).await,
            expected,
            "{}",
            metric
        );
    }
    for (index, currency) in CURRENCIES.iter().enumerate() {
        let expected = model.money.get(currency).copied().unwrap_or_default().1;
        prop_assert_eq!(
            series(app, &format!("metric=revenue&currency={currency}")).await,
            expected
        );
        let days = "from=2030-01-01T00:00:00Z&to=2030-01-04T12:00:00Z";
        let path = format!("/stats/top-products?by=sold&currency={currency}&{days}");
        prop_assert_eq!(
            staff.get(&path).await.expect(200)["items"].clone(),
            model.top(index)
        );
    }
    for (day, expected) in model.funnel.iter().enumerate() {
        let date = format!("2030-01-0{}", day + 1);
        let path = format!("/stats/funnel?from={date}T00:00:00Z&to={date}T12:00:00Z");
        let funnel = staff.get(&path).await.expect(200);
        let steps = funnel["orders"].as_array().unwrap();
        let counts: Vec<_> = steps.iter().map(|step| step["orders"].clone()).collect();
        prop_assert_eq!(counts, expected, "{}", date);
    }
    Ok(())
}

/// Publishes the events of some lives as they are delivered, and looks at what is shown of all so far.
async fn deliver(app: &AnalyticsApp, model: &Mutex<Model>, delivery: &Delivery) -> Result<(), TestCaseError> {
    let mut model = model.lock().await;
    let mut events: Vec<_> = delivery.lives.iter().flat_map(|life| model.live(life)).collect();
    let again: Vec<_> = delivery
        .again
        .iter()
        .map(|index| index.get(&events).clone())
        .collect();
    events.extend(again);
    let mut shuffled: Vec<_> = events
        .into_iter()
        .zip(delivery.order.iter().cycle())
        .enumerate()
        .collect();
    shuffled.sort_by_key(|(index, (_, rank))| (**rank, *index));
    app.orders
        .publish(shuffled.into_iter().map(|(_, (event, _))| event))
        .await;
    app.until_orders(model.events).await;
    app.caught_up().await;
    is_exact(app, &model).await
}

on_both_databases! {
    async fn whatever_becomes_of_orders_and_however_it_comes_it_is_counted_exactly(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let config = Config { failure_persistence: None, max_shrink_iters: 0, ..Config::with_cases(12) };
        let (here, model) = (Handle::current(), Mutex::new(Model::default()));
        tokio::task::block_in_place(|| {
            TestRunner::new(config)
                .run(&deliveries(), |delivery| here.block_on(deliver(&app, &model, &delivery)))
                .unwrap();
        });
        let generation = app.operator().rebuild().await.unwrap();
        until_live(&app, generation).await;
        app.caught_up().await;
        is_exact(&app, &*model.lock().await).await.unwrap();
    }
}
