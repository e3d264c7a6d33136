//! What must be so once nothing is under way any more: by the clients' journal, and by the books of the platform.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use e2e::Client;
use e2e::waiting::within;
use serde_json::Value;

use super::journal::{Act, Record};
use super::shop::{Course, Sending, Shop};

/// What a killed process had taken over is taken over by another within half a minute, and then needs its time.
const SETTLING: Duration = Duration::from_mins(2);

/// Orders among which chance has left neither out.
const MANY: usize = 200;

/// States in which an order keeps what it took of the stock.
const SOLD: [&str; 4] = ["paid", "shipped", "delivered", "refunded"];

impl Shop {
    /// Every order that was asked for is there once and in the one state that the clients' knowledge allows, no other
    /// is, and stock and money agree with the orders.
    pub(super) fn has_settled(&self) {
        self.ask_again();
        for status in ["pending", "confirmed"] {
            let path = format!("/api/admin/orders?limit=1&status={status}");
            settles(&format!("no order is {status}"), || {
                let found = self.staff.get(&path).expect(200);
                let first = found["items"].as_array().and_then(|items| items.first().cloned());
                first.map_or(Ok(()), |order| Err(order.to_string()))
            });
        }
        settles("what is paid back is paid back", || self.is_paid_back());
        let orders = self.orders();
        let records = self.journal.records();
        let known: BTreeSet<&str> = records.iter().filter_map(Record::id).collect();
        let there: BTreeSet<&str> = orders.keys().map(String::as_str).collect();
        assert_eq!(known, there, "what was acknowledged is there, and nothing else");
        for record in records.iter().filter(|record| record.order.is_some()) {
            let order = &orders[record.id().expect("an identifier")];
            if let Err(why) = is_right(record, order) {
                panic!("{why}\nthe journal: {record:?}\nthe order: {order}");
            }
        }
        has_something(&orders);
        let mut numbers: Vec<u64> = orders.values().map(number).collect();
        numbers.sort_unstable();
        let gap_free: Vec<u64> = (10_001..).take(numbers.len()).collect();
        assert_eq!(numbers, gap_free, "numbers have no gaps");
        self.has_right_stock(&orders);
        drop(records);
    }

    /// What was not answered is asked for once more, under its key: it is there, or comes to be there.
    fn ask_again(&self) {
        let course = Course::default();
        let sending = Sending {
            course: &course,
            is_doubled: false,
        };
        let records = self.journal.records().clone();
        let open = records
            .iter()
            .enumerate()
            .filter(|(_, record)| record.order.is_none() && !record.is_refused);
        for (index, record) in open {
            let buyer = &self.buyers[record.buyer];
            let reply = sending.send_keyed((buyer, &record.key), "/api/orders", &record.body);
            self.placed(index, &reply.expect("an answer"));
        }
    }

    /// Of each order, what was taken and not paid back is what it is still worth.
    fn is_paid_back(&self) -> Result<(), String> {
        let orders = self.orders();
        let payments = all(&self.staff, "/api/admin/payments", "order_id");
        for (id, order) in &orders {
            let is_sold = SOLD.iter().any(|status| order["status"] == *status);
            let worth = if is_sold {
                minor(&order["total"]) - minor(&order["refunded"])
            } else {
                0
            };
            let payment = payments.get(id);
            let is_captured = payment.is_some_and(|payment| {
                let mut attempts = payment["attempts"].as_array().into_iter().flatten();
                attempts.any(|attempt| attempt["status"] == "succeeded")
            });
            let kept = match payment {
                Some(payment) if is_captured => minor(&payment["amount"]) - minor(&payment["refunded"]),
                _ => 0,
            };
            let refunds = order["refunds"].as_array().into_iter().flatten();
            let is_waiting = refunds.clone().any(|refund| refund["status"] == "pending");
            if kept != worth || is_waiting {
                return Err(format!("{order}\npaid by {payment:?}"));
            }
        }
        Ok(())
    }

    fn has_right_stock(&self, orders: &BTreeMap<String, Value>) {
        for product in &self.products {
            let sold = orders
                .values()
                .filter(|order| SOLD.iter().any(|status| order["status"] == *status));
            let of_it = sold.flat_map(|order| order["items"].as_array().into_iter().flatten());
            let of_it = of_it.filter(|item| item["sku"] == product.sku.as_str());
            let taken: i64 = of_it.filter_map(|item| item["quantity"].as_i64()).sum();
            let wanted = (product.on_hand - taken, 0);
            settles("the stock follows the orders", || {
                let stock = self.staff.get(&format!("/api/stock/{}", product.sku)).expect(200);
                let found = (stock["on_hand"].as_i64(), stock["reserved"].as_i64());
                let is_right = found == (Some(wanted.0), Some(wanted.1));
                if is_right {
                    Ok(())
                } else {
                    Err(format!("{stock}, {wanted:?} by the orders"))
                }
            });
        }
    }

    fn orders(&self) -> BTreeMap<String, Value> {
        all(&self.staff, "/api/admin/orders", "id")
    }
}

/// It is not only that nothing happened: among many orders some are cancelled and some are sold, however slow the machine
/// is.
fn has_something(orders: &BTreeMap<String, Value>) {
    let has = |wanted: &[&str]| {
        let mut all = orders.values();
        all.any(|order| wanted.iter().any(|status| order["status"] == *status))
    };
    let is_lively = has(&["cancelled"]) && has(&SOLD);
    assert!(
        orders.len() < MANY || is_lively,
        "{} orders of one end",
        orders.len()
    );
}

/// Whether an order is what those who had to do with it were told.
fn is_right(record: &Record, order: &Value) -> Result<(), String> {
    let status = order["status"].as_str().unwrap_or_default();
    let reason = order["reason"].as_str().unwrap_or_default();
    let must = |holds: bool, why: &str| if holds { Ok(()) } else { Err(why.to_owned()) };
    let is_sold = SOLD.contains(&status);
    let is_cancelled = status == "cancelled";
    let placed = record.order.as_ref().ok_or("it was not acknowledged")?;
    must(
        order["items"].as_array().map(Vec::len) == placed["items"].as_array().map(Vec::len),
        "other items",
    )?;
    must(order["total"] == placed["total"], "another total")?;
    must(
        is_sold || is_cancelled || status == "rejected",
        "it has not ended",
    )?;

    must(
        !record.was_answered(Act::Cancel) || is_cancelled,
        "it was cancelled",
    )?;
    must(
        reason != "requested" || record.was_asked(Act::Cancel),
        "nobody cancelled it",
    )?;
    let is_wanted = record.was_asked(Act::Pay) || record.was_asked(Act::Charge);
    must(!is_sold || is_wanted, "nobody paid it")?;
    // Nothing but its buyer, or the time where orders had not heard of it yet, takes an order back that was paid.
    let may_end = ["requested", "stock_timeout", "reservation_expired"].contains(&reason);
    must(
        !record.was_answered(Act::Pay) || is_sold || (is_cancelled && may_end),
        "it was paid",
    )?;
    let was_charged = record.was_answered(Act::Charge);
    must(!was_charged || is_sold || is_cancelled, "it was charged")?;

    let has_left = ["shipped", "delivered", "refunded"].contains(&status);
    must(!record.was_answered(Act::Ship) || has_left, "it was shipped")?;
    must(
        status != "shipped" || record.was_asked(Act::Ship),
        "nobody shipped it",
    )?;
    let has_arrived = ["delivered", "refunded"].contains(&status);
    must(
        !record.was_answered(Act::Deliver) || has_arrived,
        "it was delivered",
    )?;
    must(
        status != "delivered" || record.was_asked(Act::Deliver),
        "nobody delivered it",
    )?;
    refunds_are_right(record, order)
}

fn refunds_are_right(record: &Record, order: &Value) -> Result<(), String> {
    let refunds: Vec<&Value> = order["refunds"].as_array().into_iter().flatten().collect();
    let succeeded = refunds.iter().filter(|refund| refund["status"] == "succeeded");
    let sum: i64 = succeeded.clone().map(|refund| minor(&refund["amount"])).sum();
    if sum != minor(&order["refunded"]) || sum > minor(&order["total"]) {
        return Err(format!("its refunds come to {sum}"));
    }
    if (order["status"] == "refunded") != (sum == minor(&order["total"]) && order["status"] != "cancelled") {
        return Err("it is refunded once all of it is".to_owned());
    }
    for id in &record.refunds {
        let Some(refund) = refunds.iter().find(|refund| refund["id"] == id.as_str()) else {
            return Err(format!("the refund {id} is not there"));
        };
        // Two may ask for the same money, one at the order and one at the payment, or the order is given up.
        let may_fail = record.refunds_asked > 1 || order["status"] == "cancelled";
        if refund["status"] != "succeeded" && !may_fail {
            return Err(format!("the refund {id} failed"));
        }
    }
    let by_the_platform = usize::from(order["status"] == "cancelled");
    if refunds.len() > record.refunds_asked + by_the_platform {
        return Err("somebody else refunded it".to_owned());
    }
    Ok(())
}

fn number(order: &Value) -> u64 {
    let number = order["number"].as_str().and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("no number: {order}"))
}

fn minor(money: &Value) -> i64 {
    money["amount_minor"].as_i64().unwrap_or_default()
}

/// All of a list, by a member of its items.
fn all(staff: &Client, path: &str, by: &str) -> BTreeMap<String, Value> {
    let (mut items, mut next) = (BTreeMap::new(), format!("{path}?limit=100"));
    loop {
        let page = staff.get(&next).expect(200);
        for item in page["items"].as_array().into_iter().flatten() {
            items.insert(item[by].as_str().expect("a name").to_owned(), item.clone());
        }
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("{path}?limit=100&cursor={cursor}"),
            None => return items,
        }
    }
}

/// Waits until it is so; what is so instead, where that takes too long.
fn settles(what: &str, mut look: impl FnMut() -> Result<(), String>) {
    let mut instead = String::new();
    let settled = within(SETTLING, || match look() {
        Ok(()) => Some(()),
        Err(found) => {
            instead = found;
            None
        }
    });
    assert!(settled.is_some(), "{what}: {instead}");
}
