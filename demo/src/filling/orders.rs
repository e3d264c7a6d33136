//! Orders, and what becomes of them.

use anyhow::{Context as _, bail};
use http::StatusCode;
use serde_json::{Value, json};

use super::{Filler, text};
use crate::customers::CUSTOMERS;
use crate::history::{Card, PlannedOrder, RefundPart, Stock};
use crate::shop::{Body, Shop};

/// Test cards of the sandbox.
const GOOD_CARD: &str = "4242424242424242";
const DECLINED_CARD: &str = "4000000000009995";

const CARRIERS: [&str; 3] = ["DHL", "UPS", "PostNord"];

impl Filler<'_> {
    /// Orders, and waits until the shop has said whether that is possible.
    pub(crate) async fn create_order(&mut self, key: &str, planned: &PlannedOrder) -> anyhow::Result<()> {
        let customer = CUSTOMERS.get(planned.customer);
        let customer = customer.context("there is no such customer")?;
        let items = planned.lines.iter();
        let items = items.map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }));
        let mut body = json!({
            "items": items.collect::<Vec<_>>(), "shipping_address": customer.shipping_address()
        });
        if let Some(note) = planned.note {
            body["note"] = json!(note);
        }
        let session = self.session(customer.username).await?;
        let created = session.post("/orders", key, Body::Json(body)).await?;
        let id = text(&created, "id")?;
        self.notes.note_order(planned.order, id);
        let (status, kind) = match planned.stock {
            Stock::Enough => ("confirmed", "order.confirmed"),
            Stock::Short => ("rejected", "order.rejected"),
        };
        let order = session
            .wait_until("an order is decided", &format!("/orders/{id}"), |order| {
                order["status"] != "pending"
            })
            .await?;
        if order["status"] != status {
            bail!("an order should be {status}: {order}");
        }
        notified(&session, id, kind).await
    }

    /// Pays, or tries to with a card that is declined.
    pub(crate) async fn pay(&mut self, key: &str, order: usize, card: Card) -> anyhow::Result<()> {
        let (id, buyer) = self.order_of(order).await?;
        let method = match card {
            Card::Good => GOOD_CARD,
            Card::Declined if was_tried(&buyer, &id).await? => return Ok(()),
            Card::Declined => DECLINED_CARD,
        };
        let body = Body::Json(json!({ "order_id": id, "method": method }));
        let answer = buyer.try_post("/pay", key, body).await?;
        match (card, answer.status) {
            (Card::Good, StatusCode::OK) => {}
            (Card::Declined, StatusCode::PAYMENT_REQUIRED) => return Ok(()),
            (_, status) => bail!("a payment was answered {status}: {}", answer.json),
        }
        self.wait_for_status(&id, "paid").await?;
        self.wait_for_stock(&id, "committed").await?;
        notified(&buyer, &id, "order.paid").await
    }

    pub(crate) async fn ship(&mut self, order: usize) -> anyhow::Result<()> {
        let (id, buyer) = self.order_of(order).await?;
        let tracking = json!({
            "carrier": CARRIERS[order % CARRIERS.len()],
            "tracking_number": format!("00340434{:012}", 292_135_100_148 + order * 7_919)
        });
        self.as_staff(&format!("/admin/orders/{id}/ship"), "demo", Body::Json(tracking))
            .await?;
        notified(&buyer, &id, "order.shipped").await
    }

    pub(crate) async fn deliver(&mut self, order: usize) -> anyhow::Result<()> {
        let (id, buyer) = self.order_of(order).await?;
        self.as_staff(&format!("/admin/orders/{id}/deliver"), "demo", Body::Empty)
            .await?;
        notified(&buyer, &id, "order.delivered").await
    }

    /// Cancels; what was paid is paid back.
    pub(crate) async fn cancel(&mut self, key: &str, order: usize) -> anyhow::Result<()> {
        let (id, buyer) = self.order_of(order).await?;
        let before = buyer.get(&format!("/orders/{id}")).await?;
        let was_paid = before["status"] == "paid";
        let path = format!("/orders/{id}/cancel");
        let cancelled = buyer.post(&path, key, Body::Empty).await?;
        let is_paid_back = was_paid || cancelled["refunds"].as_array().is_some_and(|all| !all.is_empty());
        if is_paid_back {
            self.wait_for_refunds(&id).await?;
            self.wait_for_stock(&id, "restocked").await?;
        } else {
            self.wait_for_stock(&id, "released").await?;
        }
        notified(&buyer, &id, "order.cancelled").await
    }

    /// Waits until the shop has given up an order that nobody paid.
    pub(crate) async fn wait_for_expiry(&mut self, order: usize) -> anyhow::Result<()> {
        let (id, buyer) = self.order_of(order).await?;
        self.wait_for_status(&id, "cancelled").await?;
        notified(&buyer, &id, "order.cancelled").await
    }

    pub(crate) async fn refund(&mut self, key: &str, order: usize, part: &RefundPart) -> anyhow::Result<()> {
        let (id, buyer) = self.order_of(order).await?;
        let body = match part {
            RefundPart::Whole => Body::Empty,
            RefundPart::Line(sku) => Body::Json(json!({ "lines": [{ "sku": sku, "quantity": 1 }] })),
            RefundPart::Amount(cents) => {
                Body::Json(json!({ "amount": { "amount_minor": cents, "currency": "EUR" } }))
            }
        };
        self.as_staff(&format!("/admin/orders/{id}/refund"), key, body)
            .await?;
        self.wait_for_refunds(&id).await?;
        notified(&buyer, &id, "order.refunded").await
    }

    /// The identifier of an order, and who ordered.
    async fn order_of(&mut self, number: usize) -> anyhow::Result<(String, Shop)> {
        let id = self.notes.order(number)?.to_owned();
        let staff = self.staff().await?;
        let order = staff.get(&format!("/admin/orders/{id}")).await?;
        let name = &order["shipping_address"]["name"];
        let buyer = CUSTOMERS.iter().find(|customer| *name == customer.name);
        let buyer = buyer.with_context(|| format!("nobody ordered {id}"))?;
        Ok((id, self.session(buyer.username).await?))
    }

    async fn as_staff(&mut self, path: &str, key: &str, body: Body) -> anyhow::Result<Value> {
        self.staff().await?.post(path, key, body).await
    }

    async fn wait_for_status(&mut self, id: &str, status: &str) -> anyhow::Result<()> {
        let (staff, path) = (self.staff().await?, format!("/admin/orders/{id}"));
        let what = format!("an order is {status}");
        staff
            .wait_until(&what, &path, |order| order["status"] == status)
            .await?;
        Ok(())
    }

    async fn wait_for_refunds(&mut self, id: &str) -> anyhow::Result<()> {
        let (staff, path) = (self.staff().await?, format!("/admin/orders/{id}"));
        let are_settled = |order: &Value| {
            let refunds = order["refunds"].as_array().map(Vec::as_slice).unwrap_or_default();
            !refunds.is_empty() && refunds.iter().all(|refund| refund["status"] != "pending")
        };
        staff
            .wait_until("what was paid is paid back", &path, are_settled)
            .await?;
        Ok(())
    }

    /// Waits until the stock of the first line shows what became of the order.
    async fn wait_for_stock(&mut self, id: &str, kind: &str) -> anyhow::Result<()> {
        let staff = self.staff().await?;
        let order = staff.get(&format!("/admin/orders/{id}")).await?;
        let sku = text(&order["items"][0], "sku")?;
        let path = format!("/stock/{sku}/movements?limit=20");
        let is_moved = |movements: &Value| {
            let movements = movements["items"].as_array().map(Vec::as_slice);
            let mut movements = movements.unwrap_or_default().iter();
            movements.any(|movement| movement["order_id"] == id && movement["kind"] == kind)
        };
        staff
            .wait_until("the stock follows an order", &path, is_moved)
            .await?;
        Ok(())
    }
}

/// Whether it was tried to pay an order.
async fn was_tried(buyer: &Shop, id: &str) -> anyhow::Result<bool> {
    let order = buyer.get(&format!("/orders/{id}")).await?;
    let path = format!("/payments/{}", text(&order, "payment_id")?);
    let payment = buyer.get(&path).await?;
    Ok(payment["attempts"]
        .as_array()
        .is_some_and(|attempts| !attempts.is_empty()))
}

/// Waits until a customer was told what became of an order: whoever is told last.
async fn notified(customer: &Shop, id: &str, kind: &str) -> anyhow::Result<()> {
    let is_there = |listing: &Value| {
        let notifications = listing["items"].as_array().map(Vec::as_slice);
        let mut notifications = notifications.unwrap_or_default().iter();
        notifications.any(|notification| {
            let link = notification["link"].as_str().unwrap_or_default();
            notification["kind"] == kind && link.contains(id)
        })
    };
    let path = "/notifications?limit=20";
    customer
        .wait_until("a customer is told of an order", path, is_there)
        .await?;
    Ok(())
}
