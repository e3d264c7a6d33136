//! What is in the shop, for whoever wants to look at it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::customers::{ADMIN, STAFF};
use crate::shop::Shop;

/// What the demo made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// What is in the shop.
    #[serde(flatten)]
    pub contents: Contents,
    /// Everybody who has an account of the demo's.
    pub accounts: Vec<DemoAccount>,
}

/// What is in the shop, as its own listings had it when everything was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Products that can be bought.
    pub products: usize,
    /// Pictures of them.
    pub pictures: usize,
    /// Orders by their status.
    pub orders: BTreeMap<String, u64>,
}

/// Somebody who can sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DemoAccount {
    /// With which one signs in.
    pub username: String,
    /// The same.
    pub password: String,
    /// `admin`, `staff` or `customer`.
    pub role: &'static str,
}

impl DemoAccount {
    pub(crate) fn new(username: &str, password: &str) -> Self {
        Self {
            role: match username {
                ADMIN => "admin",
                _ if username == STAFF.username => "staff",
                _ => "customer",
            },
            username: username.to_owned(),
            password: password.to_owned(),
        }
    }
}

impl Contents {
    /// Counts by the shop's own listings.
    pub(crate) async fn of(shop: &Shop, staff: &Shop) -> anyhow::Result<Self> {
        let mut contents = Self::default();
        for product in all(shop, "/products").await? {
            contents.products += 1;
            contents.pictures += product["images"].as_array().map_or(0, Vec::len);
        }
        for order in all(staff, "/admin/orders").await? {
            let status = order["status"].as_str().unwrap_or_default().to_owned();
            *contents.orders.entry(status).or_default() += 1;
        }
        Ok(contents)
    }

    /// Waits until the statistics show the orders.
    pub(crate) async fn wait_until_counted(&self, staff: &Shop) -> anyhow::Result<()> {
        let are_counted = |stats: &Value| {
            let mut orders = self.orders.iter();
            orders.all(|(status, count)| stats["by_status"][status].as_u64() >= Some(*count))
        };
        staff
            .wait_until("every order is counted", "/stats/orders", are_counted)
            .await?;
        Ok(())
    }
}

/// Everything that a listing has, page by page.
async fn all(shop: &Shop, listing: &str) -> anyhow::Result<Vec<Value>> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut page = shop.get(&format!("{listing}?limit=100{cursor}")).await?;
        if let Some(found) = page["items"].as_array_mut() {
            items.append(found);
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(items),
        }
    }
}
