//! Orders, with processes that are killed while people buy, pay and change their minds.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use e2e::waiting::{Ending, within};
use e2e::{Brokers, Carrier, Client, Person, Stoa, Topology, eventually, patience};
use kit_testing::Reply;
use serde_json::{Value, json};

/// How many pieces there are: more than are bought, so that an order is rejected by nothing but a fault.
const STOCK: i64 = 10_000;

const CARD: &str = "4242424242424242";

#[test]
fn orders_survive_whoever_is_killed_embedded() {
    survives(&mut Stoa::start(Topology::Embedded), &["gateway"; 3]);
}

#[test]
fn orders_survive_whoever_is_killed_split() {
    let brokers = Brokers::shared(Carrier::Kafka);
    let mut stoa = Stoa::start_shop(&brokers);
    survives(&mut stoa, &["orders", "catalog", "payments", "orders"]);
}

/// What a buyer does with an order that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Pay,
    Cancel,
    PayAndCancel,
    Leave,
}

const PLANS: [Plan; 4] = [Plan::Pay, Plan::Cancel, Plan::PayAndCancel, Plan::Leave];

/// What was acknowledged to the buyers: the orders, and what became of each as its buyer was told.
#[derive(Default)]
struct Acknowledged(BTreeMap<String, Plan>);

fn survives(stoa: &mut Stoa, killed: &[&str]) {
    let gateway = stoa.gateway();
    let staff = gateway.with_token(&stoa.admin_token());
    let sku = offer(&staff);
    let buyers: Vec<Client> = (0..3)
        .map(|_| Person::join(&gateway, "buyer").at(&gateway))
        .collect();
    let (done, answered) = (Mutex::new(Acknowledged::default()), AtomicUsize::new(0));
    for service in killed {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let _ending = Ending::of(&is_over);
            for buyer in &buyers {
                let (done, answered, is_over, sku) = (&done, &answered, &is_over, &sku);
                scope.spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        let number = answered.load(Ordering::Relaxed);
                        if let Some((id, plan)) = buy(buyer, sku, PLANS[number % PLANS.len()], is_over) {
                            done.lock().expect("the orders").0.insert(id, plan);
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
            let goal = answered.load(Ordering::Relaxed) + 12;
            let busy = within(patience(), || {
                (answered.load(Ordering::Relaxed) >= goal).then_some(())
            });
            assert!(busy.is_some(), "nothing is bought: {answered:?}");
            stoa.node_mut(service).kill();
        });
        stoa.node_mut(service).start_again();
    }
    let done = done.into_inner().expect("the orders").0;
    adds_up(&staff, &sku, &done);
    let checked = stoa
        .node("orders")
        .setup()
        .operate(&["verify", "--wait", "30s"])
        .finish();
    assert_eq!(checked.code, Some(0), "{}{}", checked.stdout, checked.stderr);
}

fn offer(staff: &Client) -> String {
    let sku = e2e::person::fresh("mug");
    let product = json!({ "name": "Mug", "variants": [{
        "sku": sku, "price": { "amount_minor": 1250, "currency": "USD" },
    }] });
    staff.post("/api/products", &product).expect(201);
    staff
        .put(&format!("/api/stock/{sku}"), &json!({ "on_hand": STOCK }))
        .expect(200);
    sku
}

/// Sends until there is an answer of the service, and not of a process that was killed or of one that misses it.
fn until_answered(client: &Client, path: &str, body: &Value, is_over: &AtomicBool) -> Option<Reply> {
    let key = e2e::person::fresh("key");
    let keyed = client.with("Idempotency-Key", &key);
    loop {
        match keyed.try_send("POST", path, Some(body)) {
            Ok(reply) if reply.status.as_u16() < 500 => return Some(reply),
            _ if is_over.load(Ordering::Relaxed) => return None,
            _ => {}
        }
    }
}

/// Orders, and does with it what is planned; the order, where it was acknowledged, and what was done with it. What was
/// asked and not answered may have been done or not, which the sums at the end would not know: so the story ends
/// with orders alone whose last request was answered.
fn buy(buyer: &Client, sku: &str, plan: Plan, is_over: &AtomicBool) -> Option<(String, Plan)> {
    let wanted = json!({ "items": [{ "sku": sku, "quantity": 1 }] });
    let placed = until_answered(buyer, "/api/orders", &wanted, is_over)?.expect(201);
    let id = placed["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/orders/{id}");
    let pay = json!({ "order_id": id, "method": CARD });
    let is_confirmed = || {
        let reply = buyer.try_send("GET", &path, None).ok()?;
        let is_over = is_over.load(Ordering::Relaxed);
        (is_over || reply.json()["status"] == "confirmed").then_some(())
    };
    if matches!(plan, Plan::Pay | Plan::PayAndCancel) {
        within(patience(), is_confirmed)?;
        match until_answered(buyer, "/api/pay", &pay, is_over) {
            Some(reply) if reply.status == 200 && reply.json()["amount_paid"]["amount_minor"] == 1250 => {}
            // Nobody said that it was paid.
            _ => return Some((id, Plan::Leave)),
        }
    }
    if matches!(plan, Plan::Cancel | Plan::PayAndCancel) {
        let cancelled = until_answered(buyer, &format!("{path}/cancel"), &json!({}), is_over);
        return match cancelled {
            Some(reply) => {
                assert_eq!(reply.expect(200)["status"], "cancelled");
                Some((id, Plan::Cancel))
            }
            None => Some((id, Plan::Leave)),
        };
    }
    Some((id, plan))
}

/// Every acknowledged order is there and where it belongs, and stock and ledger agree with the orders.
fn adds_up(staff: &Client, sku: &str, done: &BTreeMap<String, Plan>) {
    let orders = eventually("every order is decided", || {
        let orders = all_orders(staff);
        let is_decided = orders.values().all(|order| order["status"] != "pending");
        is_decided.then_some(orders)
    });
    for (id, plan) in done {
        let order = orders
            .get(id)
            .unwrap_or_else(|| panic!("{id} was acknowledged and is not there"));
        let status = order["status"].as_str().expect("a status");
        match plan {
            // The news of a payment may be on its way.
            Plan::Pay => assert!(matches!(status, "confirmed" | "paid"), "{order}"),
            Plan::Cancel | Plan::PayAndCancel => assert_eq!(status, "cancelled", "{order}"),
            Plan::Leave => assert!(matches!(status, "confirmed" | "paid" | "cancelled"), "{order}"),
        }
    }
    let counted = |status: &str| {
        let orders = all_orders(staff);
        i64::try_from(orders.values().filter(|order| order["status"] == status).count()).expect("few")
    };
    eventually("what was paid is paid", || {
        let orders = all_orders(staff);
        let mut acknowledged = done.iter().filter(|(_, plan)| **plan == Plan::Pay);
        acknowledged
            .all(|(id, _)| orders[id]["status"] == "paid")
            .then_some(())
    });
    eventually("the stock follows the orders", || {
        let stock = staff.get(&format!("/api/stock/{sku}")).expect(200);
        let wanted = json!([STOCK - counted("paid"), counted("confirmed")]);
        (json!([stock["on_hand"], stock["reserved"]]) == wanted).then_some(())
    });
    eventually("what was paid for cancelled orders is paid back", || {
        let orders = all_orders(staff);
        let mut cancelled = orders.values().filter(|order| order["status"] == "cancelled");
        cancelled.all(|order| is_paid_back(staff, order)).then_some(())
    });
    let mut numbers: Vec<u64> = all_orders(staff).values().map(number).collect();
    numbers.sort_unstable();
    let first = numbers.first().copied().unwrap_or_default();
    let gap_free: Vec<u64> = (first..).take(numbers.len()).collect();
    assert_eq!(numbers, gap_free, "numbers have no gaps");
}

fn number(order: &Value) -> u64 {
    let number = order["number"].as_str().and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("no number: {order}"))
}

/// Whether nothing is left of a payment of a cancelled order: it was never paid, or all of it was paid back.
fn is_paid_back(staff: &Client, order: &Value) -> bool {
    let Some(id) = order["payment_id"].as_str() else {
        return true;
    };
    let payment = staff.get(&format!("/api/payments/{id}")).expect(200);
    match payment["status"].as_str() {
        Some("succeeded") => payment["refunded"] == payment["amount"],
        Some("cancelled" | "expired" | "failed") => {
            let is_captured = payment["attempts"]
                .as_array()
                .is_some_and(|attempts| attempts.iter().any(|attempt| attempt["status"] == "succeeded"));
            !is_captured || payment["refunded"] == payment["amount"]
        }
        _ => false,
    }
}

/// All orders, by their identifiers.
fn all_orders(staff: &Client) -> BTreeMap<String, Value> {
    let mut orders = BTreeMap::new();
    let mut path = "/api/admin/orders?limit=100".to_owned();
    loop {
        let page = staff.get(&path).expect(200);
        for order in page["items"].as_array().expect("a page") {
            orders.insert(order["id"].as_str().expect("an id").to_owned(), order.clone());
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/admin/orders?limit=100&cursor={cursor}"),
            None => return orders,
        }
    }
}
