//! Makes the history happen: one step after the other, each waited for until everybody who has to do with it is done.

mod accounts;
mod catalog;
mod orders;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use kit_runtime::{Clock, Ids, Secret, WorkerPool};
use serde_json::{Value, json};

use crate::customers::CUSTOMERS;
use crate::goods::Goods;
use crate::history::{Act, Step, Visit};
use crate::notes::Notes;
use crate::shop::{Body, Shop};

/// Who fills the shop, and with what.
pub(crate) struct Filler<'a> {
    pub(crate) shop: Shop,
    pub(crate) goods: &'a Goods,
    pub(crate) notes: &'a mut Notes,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    /// Where pictures are drawn.
    pub(crate) drawers: WorkerPool,
    /// Who makes others the staff, where the shop is made here.
    pub(crate) admin: Option<Shop>,
    /// Who does the work of the staff.
    pub(crate) staff: Option<Shop>,
    /// Those who have signed in, by their names.
    pub(crate) sessions: BTreeMap<&'static str, Shop>,
}

impl Filler<'_> {
    /// Does what is left of the steps.
    pub(crate) async fn run(
        &mut self,
        steps: &[Step],
        reach: &impl AsyncFn(Duration) -> anyhow::Result<()>,
        report: &impl Fn(&str),
    ) -> anyhow::Result<()> {
        let mut shown = None;
        for (number, step) in steps.iter().enumerate().skip(self.notes.done()) {
            if let Some(text) = phase(step)
                && shown.as_ref() != Some(&text)
            {
                report(&text);
                shown = Some(text);
            }
            reach(step.after).await?;
            let done = self.act(number, step).await;
            done.with_context(|| format!("step {number} of {} of the history failed", steps.len()))?;
            self.notes.note_step(self.clock.now())?;
        }
        Ok(())
    }

    async fn act(&mut self, number: usize, step: &Step) -> anyhow::Result<()> {
        let key = format!("demo-{number}");
        match &step.act {
            Act::Hire => self.hire().await,
            Act::Categorise => self.make_categories().await,
            Act::Import(arrival) => self.import(&key, *arrival).await,
            Act::Register(customer) => self.register_customer(*customer).await,
            Act::Visits(visits) => self.visit(&key, visits, step.after).await,
            Act::Order(planned) => self.create_order(&key, planned).await,
            Act::Pay { order, card } => self.pay(&key, *order, *card).await,
            Act::Expire { order } => self.wait_for_expiry(*order).await,
            Act::Ship { order } => self.ship(*order).await,
            Act::Deliver { order } => self.deliver(*order).await,
            Act::Cancel { order } => self.cancel(&key, *order).await,
            Act::Refund { order, part } => self.refund(&key, *order, part).await,
            Act::Restock { sku, delta } => {
                let body = json!({ "delta": delta, "reason": "From the workshop" });
                let path = format!("/stock/{sku}/adjust");
                self.staff().await?.post(&path, &key, Body::Json(body)).await?;
                Ok(())
            }
            Act::Spend {
                customer,
                cents,
                what,
            } => {
                let amount = format!("{}.{:02}", cents / 100, cents % 100).parse::<f64>()?;
                let body = json!({ "amount": amount, "description": what });
                let customer = self.customer(*customer).await?;
                customer.post("/transactions", &key, Body::Json(body)).await?;
                Ok(())
            }
            Act::Settle { customer } => {
                let customer = self.customer(*customer).await?;
                customer.post("/transactions/pay", &key, Body::Empty).await?;
                Ok(())
            }
            Act::FillCart { customer, lines } => {
                let customer = self.customer(*customer).await?;
                fill_cart(&customer, lines).await
            }
        }
    }

    /// Visitors that nobody knows. Each has a name of its own, under which what it did counts once; so what is sent again
    /// has to be the same to the letter, whatever time it is by then.
    async fn visit(&mut self, key: &str, visits: &[Visit], after: Duration) -> anyhow::Result<()> {
        let end = self.notes.beginning().plus(after);
        for visit in visits {
            let events = visit.events.iter().map(|event| {
                let mut tracked = json!({ "type": event.kind });
                if let Some(sku) = &event.sku {
                    tracked["sku"] = json!(sku);
                }
                if !after.is_zero() {
                    tracked["at"] = json!(end.minus(event.before));
                }
                tracked
            });
            let body = json!({ "anonymous_id": visit.visitor, "events": events.collect::<Vec<_>>() });
            self.shop.post("/track", key, Body::Json(body)).await?;
        }
        Ok(())
    }

    pub(crate) async fn customer(&mut self, number: usize) -> anyhow::Result<Shop> {
        let customer = CUSTOMERS.get(number).context("there is no such customer")?;
        self.session(customer.username).await
    }

    /// Somebody who has signed in by now.
    pub(crate) async fn session(&mut self, username: &'static str) -> anyhow::Result<Shop> {
        if let Some(session) = self.sessions.get(username) {
            return Ok(session.clone());
        }
        let password = self.notes.password(username, &self.ids)?;
        let session = sign_in(&self.shop, username, &password).await?;
        self.sessions.insert(username, session.clone());
        Ok(session)
    }
}

/// Puts into a cart what is not in it.
async fn fill_cart(customer: &Shop, lines: &[(String, u64)]) -> anyhow::Result<()> {
    let cart = customer.get("/cart").await?;
    let items = cart["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (sku, quantity) in lines {
        if items.iter().all(|item| item["sku"] != *sku) {
            let body = json!({ "sku": sku, "quantity": quantity });
            customer.post("/cart/items", "demo", Body::Json(body)).await?;
        }
    }
    Ok(())
}

/// Signs somebody in.
pub(crate) async fn sign_in(shop: &Shop, username: &str, password: &Secret<String>) -> anyhow::Result<Shop> {
    let body = json!({ "username": username, "password": password.expose() });
    let answer = shop.post("/login", "demo", Body::Json(body)).await;
    let answer = answer.with_context(|| format!("`{username}` cannot sign in"))?;
    Ok(shop.with_token(Secret::new(text(&answer, "token")?.to_owned())))
}

/// A member of an answer that is a text.
pub(crate) fn text<'a>(answer: &'a Value, member: &str) -> anyhow::Result<&'a str> {
    let text = answer.get(member).and_then(Value::as_str);
    text.with_context(|| format!("no `{member}` in {answer}"))
}

/// What is told of a step, where it begins something.
fn phase(step: &Step) -> Option<String> {
    match &step.act {
        Act::Import(_) => Some("goods and their pictures".to_owned()),
        Act::Order(_) if step.after.is_zero() => Some("orders".to_owned()),
        Act::Order(_) => {
            let day = step.after.as_secs() / 86_400;
            Some(format!("orders: day {} of 30", day / 5 * 5 + 1))
        }
        _ => None,
    }
}
