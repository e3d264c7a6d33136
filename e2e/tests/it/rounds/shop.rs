//! The shop as its clients see it: each sends what a task says, and notes what it was told.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use e2e::person::fresh;
use e2e::waiting::within;
use e2e::{Client, Person, Reply, Stoa, patience};
use serde_json::{Value, json};

use super::journal::{Act, Journal, Record};
use super::plan::{Deed, Task};

/// A product.
#[derive(Clone, Debug)]
pub(super) struct Product {
    pub sku: String,
    pub on_hand: i64,
}

pub(super) struct Shop {
    pub gateway: Client,
    pub buyers: Vec<Client>,
    pub staff: Client,
    pub products: Vec<Product>,
    pub journal: Journal,
}

/// How a round goes.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// Whoever is not answered gives up.
    pub is_over: AtomicBool,
    /// Tasks that are done.
    pub done: AtomicUsize,
}

impl Course {
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

impl Shop {
    /// Opens it, with enough of two products and too little of the third.
    pub(super) fn open(stoa: &Stoa) -> Self {
        let gateway = stoa.gateway();
        let staff = gateway.with_token(&stoa.admin_token());
        let products = [1_000_000, 1_000_000, 15].map(|on_hand| offer(&staff, on_hand));
        let join = |_| Person::join(&gateway, "buyer").at(&gateway);
        Self {
            buyers: (0..4).map(join).collect(),
            staff,
            products: products.into(),
            journal: Journal::default(),
            gateway,
        }
    }

    pub(super) fn work(&self, tasks: &[Task], course: &Course) {
        for task in tasks {
            if !course.is_over() {
                // Who is not answered has noted all there is to note.
                let _ = self.perform(task, course);
            }
            course.done.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn perform(&self, task: &Task, course: &Course) -> Option<()> {
        let sending = Sending {
            course,
            is_doubled: task.is_doubled,
        };
        match &task.deed {
            Deed::Place(lines) => self.order(task.buyer, &self.items(lines), sending),
            Deed::PlaceCart(product, quantity) => {
                let line = json!({ "sku": self.products[*product].sku, "quantity": quantity });
                let buyer = &self.buyers[task.buyer];
                // What is refused is not in the cart, and what was not answered may be.
                sending.send(buyer, "/api/cart/items", &line)?;
                self.order(task.buyer, &json!({}), sending)
            }
            Deed::Pay(card) => self.pay(task.order, card, sending),
            Deed::OpenCheckout => self.open_checkout(task.order, sending),
            Deed::Decide(action) => self.decide(task.order, action, sending),
            Deed::Cancel => self.cancel(task.order, sending),
            Deed::Ship => {
                let tracking = json!({ "carrier": "DHL", "tracking_number": "42" });
                self.staff_does(task.order, (Act::Ship, "ship"), &tracking, sending)
            }
            Deed::Deliver => self.staff_does(task.order, (Act::Deliver, "deliver"), &json!({}), sending),
            Deed::RefundRest => self.refund(task.order, None, sending),
            Deed::RefundLine(line) => self.refund(task.order, Some(*line), sending),
            Deed::RefundPayment(amount) => self.refund_payment(task.order, *amount, sending),
        }
    }

    fn items(&self, lines: &[(usize, i64)]) -> Value {
        let item = |(product, quantity): &(usize, i64)| json!({ "sku": self.products[*product].sku, "quantity": quantity });
        let items: Vec<Value> = lines.iter().map(item).collect();
        json!({ "items": items })
    }

    fn order(&self, buyer: usize, body: &Value, sending: Sending<'_>) -> Option<()> {
        let key = fresh("order");
        let index = self.journal.ask_for(buyer, &key, body.clone());
        let reply = sending.send_keyed((&self.buyers[buyer], &key), "/api/orders", body)?;
        self.placed(index, &reply);
        Some(())
    }

    /// Notes what became of an order that was asked for.
    pub(super) fn placed(&self, index: usize, reply: &Reply) {
        self.journal.note(index, |record| {
            let is_of_cart = record.body.get("items").is_none();
            if is_of_cart && reply.status == 409 {
                assert_eq!(reply.json()["code"], "cart_empty", "{reply:?}");
                record.is_refused = true;
                return;
            }
            assert_eq!(reply.status, 201, "{reply:?}");
            record.order = Some(reply.json());
        });
    }

    fn pay(&self, index: usize, card: &str, sending: Sending<'_>) -> Option<()> {
        let (index, record) = self.ask(index, Act::Pay, |record| !record.was_answered(Act::Deliver))?;
        let body = json!({ "order_id": record.id(), "method": card });
        let reply = sending.send(&self.buyers[record.buyer], "/api/pay", &body)?;
        if reply.status != 200 {
            // Declined, not open yet, over already, or being paid by somebody else.
            assert!(matches!(reply.status.as_u16(), 402 | 404 | 409), "{reply:?}");
            return Some(());
        }
        let paid = reply.json();
        self.journal.note(index, |record| {
            for payment in paid["payments"].as_array().into_iter().flatten() {
                if payment["status"] == "succeeded" {
                    record.answered.insert(Act::Pay);
                }
                record.pages.extend(path_of(&payment["next_action"]["url"]));
            }
        });
        Some(())
    }

    fn open_checkout(&self, index: usize, sending: Sending<'_>) -> Option<()> {
        let (index, record) = self
            .journal
            .near(index, |record| !record.was_answered(Act::Pay))?;
        let path = format!("/api/payments/{}/checkout", self.payment_of(&record)?);
        let reply = sending.send(&self.buyers[record.buyer], &path, &json!({}))?;
        assert!(matches!(reply.status.as_u16(), 200 | 409), "{reply:?}");
        let page = path_of(&reply.json()["checkout_url"]);
        self.journal.note(index, |record| record.pages.extend(page));
        Some(())
    }

    fn decide(&self, index: usize, action: &str, sending: Sending<'_>) -> Option<()> {
        let (index, record) = self.journal.near(index, |record| !record.pages.is_empty())?;
        let page = record.pages.last()?;
        if matches!(action, "approve" | "complete_action") {
            self.journal
                .note(index, |record| record.asked.insert(Act::Charge));
        }
        let reply = sending.send(&self.gateway, page, &json!({ "action": action }))?;
        assert!(matches!(reply.status.as_u16(), 200 | 409), "{reply:?}");
        if reply.json()["status"] == "succeeded" {
            self.journal
                .note(index, |record| record.answered.insert(Act::Charge));
        }
        Some(())
    }

    fn cancel(&self, index: usize, sending: Sending<'_>) -> Option<()> {
        let (index, record) = self.ask(index, Act::Cancel, |_| true)?;
        let path = format!("/api/orders/{}/cancel", record.id()?);
        let reply = sending.send(&self.buyers[record.buyer], &path, &json!({}))?;
        if reply.status == 409 {
            return Some(());
        }
        assert_eq!(reply.expect(200)["status"], "cancelled", "{reply:?}");
        self.journal
            .note(index, |record| record.answered.insert(Act::Cancel));
        Some(())
    }

    fn staff_does(
        &self,
        index: usize,
        (act, verb): (Act, &str),
        body: &Value,
        sending: Sending<'_>,
    ) -> Option<()> {
        let (index, record) = self.ask(index, act, was_paid)?;
        let path = format!("/api/admin/orders/{}/{verb}", record.id()?);
        let reply = sending.send(&self.staff, &path, body)?;
        assert!(matches!(reply.status.as_u16(), 200 | 409), "{reply:?}");
        if reply.status == 200 {
            self.journal.note(index, |record| record.answered.insert(act));
        }
        Some(())
    }

    /// Pays back what is left, or one piece of a line.
    fn refund(&self, index: usize, line: Option<usize>, sending: Sending<'_>) -> Option<()> {
        let (index, record) = self.ask(index, Act::Refund, was_paid)?;
        self.journal.note(index, |record| record.refunds_asked += 1);
        let items = record
            .order
            .as_ref()
            .and_then(|order| order["items"].as_array())?;
        let body = line.map_or(json!({}), |line| {
            let sku = &items[line % items.len()]["sku"];
            json!({ "lines": [{ "sku": sku, "quantity": 1 }] })
        });
        let path = format!("/api/admin/orders/{}/refund", record.id()?);
        let reply = sending.send(&self.staff, &path, &body)?;
        if reply.status == 200 {
            let order = reply.json();
            let newest = order["refunds"].as_array().and_then(|refunds| refunds.last());
            let id = newest.and_then(|refund| refund["id"].as_str()).expect("a refund");
            self.journal
                .note(index, |record| record.refunds.insert(id.to_owned()));
        } else {
            assert_eq!(reply.status, 409, "{reply:?}");
        }
        Some(())
    }

    fn refund_payment(&self, index: usize, amount: i64, sending: Sending<'_>) -> Option<()> {
        let (index, record) = self.ask(index, Act::Refund, was_paid)?;
        let payment = self.payment_of(&record)?;
        self.journal.note(index, |record| record.refunds_asked += 1);
        let body = json!({ "amount": { "amount_minor": amount, "currency": "USD" } });
        let reply = sending.send(
            &self.staff,
            &format!("/api/admin/payments/{payment}/refund"),
            &body,
        )?;
        if reply.status == 200 {
            let id = reply.json()["refund_id"].as_str().expect("a refund").to_owned();
            self.journal.note(index, |record| record.refunds.insert(id));
        } else {
            assert_eq!(reply.status, 409, "{reply:?}");
        }
        Some(())
    }

    /// The payment of an order, where it has one by now and somebody answers.
    fn payment_of(&self, record: &Record) -> Option<String> {
        let path = format!("/api/orders/{}", record.id()?);
        let shown = self.buyers[record.buyer].try_send("GET", &path, None).ok()?;
        let order = (shown.status == 200).then(|| shown.json())?;
        order["payment_id"].as_str().map(str::to_owned)
    }

    /// Finds an order for which something may be asked, and notes that it is.
    fn ask(&self, index: usize, act: Act, may: impl Fn(&Record) -> bool) -> Option<(usize, Record)> {
        let (index, record) = self.journal.near(index, may)?;
        self.journal.note(index, |record| record.asked.insert(act));
        Some((index, record))
    }
}

fn was_paid(record: &Record) -> bool {
    record.was_answered(Act::Pay) || record.was_answered(Act::Charge)
}

fn offer(staff: &Client, on_hand: i64) -> Product {
    let sku = fresh("sku");
    let product = json!({ "name": "Mug", "variants": [{
        "sku": sku, "price": { "amount_minor": 1250, "currency": "USD" },
    }] });
    staff.post("/api/products", &product).expect(201);
    staff
        .put(&format!("/api/stock/{sku}"), &json!({ "on_hand": on_hand }))
        .expect(200);
    Product { sku, on_hand }
}

/// The path of a page's address, wherever the platform believes itself to be.
fn path_of(url: &Value) -> Option<String> {
    let (_, path) = url.as_str()?.split_once("/checkout/")?;
    Some(format!("/api/checkout/{path}"))
}

/// How a request is sent.
#[derive(Clone, Copy)]
pub(super) struct Sending<'a> {
    pub course: &'a Course,
    pub is_doubled: bool,
}

impl Sending<'_> {
    /// Sends until a service has answered, under one key; none where the round is over before.
    fn send(self, client: &Client, path: &str, body: &Value) -> Option<Reply> {
        self.send_keyed((client, &fresh("key")), path, body)
    }

    pub(super) fn send_keyed(
        self,
        (client, key): (&Client, &str),
        path: &str,
        body: &Value,
    ) -> Option<Reply> {
        let client = client.with("Idempotency-Key", key);
        let reply = self.until_answered(&client, path, body)?;
        // A key is of one caller, and so is what is asked without one.
        let is_kept = reply.status.is_success() && !path.starts_with("/api/checkout/");
        let is_keyed = !path.ends_with("/ship") && !path.ends_with("/deliver") && !path.ends_with("/items");
        if self.is_doubled && is_kept && is_keyed {
            let again = self.until_answered(&client, path, body)?;
            assert_eq!(
                (again.status, again.json()),
                (reply.status, reply.json()),
                "{path}"
            );
        }
        Some(reply)
    }

    fn until_answered(self, client: &Client, path: &str, body: &Value) -> Option<Reply> {
        let attempt = || match client.try_send("POST", path, Some(body)) {
            Ok(reply) if reply.status.as_u16() < 500 => Some(Some(reply)),
            // Of a process that was killed, or of one that misses it.
            Ok(reply) if !matches!(reply.status.as_u16(), 502..=504) => panic!("POST {path}: {reply:?}"),
            _ if self.course.is_over() => Some(None),
            _ => None,
        };
        match within(patience(), attempt) {
            Some(answered) => answered,
            None => panic!("POST {path} is not answered"),
        }
    }
}
