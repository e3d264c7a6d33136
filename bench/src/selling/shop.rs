//! A shop with enough of everything, and people who buy.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::follow::FOLLOWERS;
use crate::call;
use crate::effort::Effort;
use crate::load::{Talker, talk};
use crate::program::{Running, Under};
use crate::samples::Samples;
use crate::scene::{ADMIN, Embedded, has_admin, register, set, sign_in};

/// Products: one for each buyer and follower, so that buyers wait for the platform and not for each other's stock; and
/// so many for each cart.
const IN_A_CART: usize = 8;

const ON_HAND: i64 = 1_000_000;

/// Longer than a backlog of one measurement takes.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) struct Shop {
    pub(super) process: Running,
    pub(super) gateway: SocketAddr,
    staff: String,
    /// Tokens.
    buyers: Vec<String>,
    /// Those who follow their orders: token and SKU.
    pub(super) followers: Vec<(String, String)>,
}

impl Shop {
    /// Starts the platform, fills the shop and lets people in.
    pub(super) fn open(platform: Embedded, buyers: usize) -> anyhow::Result<Self> {
        let Embedded { mut program, gateway } = platform;
        has_admin(&mut program.settings);
        set(&mut program.settings, "AUTH__TOKEN_ON_REGISTER", &true);
        // Orders of this are never paid, and must not end meanwhile.
        set(&mut program.settings, "ORDERS__MOST_UNPAID", &1_000_000);
        let process = program.start(Under::Nothing)?;
        let staff = sign_in(gateway, ADMIN)?.token().to_owned();
        for number in 0..buyers + FOLLOWERS {
            offer(gateway, &staff, &sku(number))?;
        }
        let join = |number: usize| {
            let account = register(gateway, &format!("buyer{number}"))?;
            let token = account["token"]
                .as_str()
                .context("a registration without a token")?;
            anyhow::Ok(token.to_owned())
        };
        let shop = Self {
            buyers: (0..buyers).map(join).collect::<Result<_, _>>()?,
            followers: (buyers..buyers + FOLLOWERS)
                .map(|number| Ok((join(number)?, sku(number))))
                .collect::<anyhow::Result<_>>()?,
            process,
            gateway,
            staff,
        };
        shop.process.settle()?;
        Ok(shop)
    }

    /// Those who place the same order again and again.
    pub(super) fn buyers(&self) -> Vec<Client> {
        let client = |(number, token): (usize, &String)| {
            let wanted = json!({ "items": [{ "sku": sku(number), "quantity": 1 }] });
            Client::new(vec![call::post_request("/api/orders", Some(token), &wanted)])
        };
        self.buyers.iter().enumerate().map(client).collect()
    }

    /// Waits until no order is pending.
    pub(super) fn until_all_confirmed(&self) -> anyhow::Result<()> {
        let begin = Instant::now();
        loop {
            let path = "/api/admin/orders?status=pending&limit=1";
            let (status, page) = call::get(self.gateway, path, Some(&self.staff))?;
            ensure!(status == 200, "`{path}` answers {status}");
            let page: Value = serde_json::from_str(&page).context("a page that is not JSON")?;
            if page["items"].as_array().is_some_and(Vec::is_empty) {
                return Ok(());
            }
            ensure!(begin.elapsed() < PATIENCE, "orders are not confirmed: {page}");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Lets everybody put pieces into their carts; how long the slowest of a hundred takes, in milliseconds.
    pub(super) fn fill_carts(&self, effort: &Effort) -> anyhow::Result<Samples> {
        let client = |token: &String| {
            let add = |number| {
                let piece = json!({ "sku": sku(number), "quantity": 1 });
                call::post_request("/api/cart/items", Some(token), &piece)
            };
            Client::new((0..IN_A_CART).map(add).collect())
        };
        let clients = || self.buyers.iter().map(client).collect::<Vec<_>>();
        talk(self.gateway, clients(), effort.warm_up)?;
        Samples::take(effort.repeats, || {
            let (outcome, _) = talk(self.gateway, clients(), effort.span)?;
            Ok(outcome.ninety_ninth())
        })
    }
}

fn sku(number: usize) -> String {
    format!("SKU-{number}")
}

fn offer(gateway: SocketAddr, staff: &str, sku: &str) -> anyhow::Result<()> {
    let product = json!({ "name": sku, "variants": [{
        "sku": sku, "price": { "amount_minor": 1250, "currency": "USD" },
    }] });
    call::send(gateway, "POST /api/products", Some(staff), &product)?;
    let stock = json!({ "on_hand": ON_HAND });
    call::send(gateway, &format!("PUT /api/stock/{sku}"), Some(staff), &stock)?;
    Ok(())
}

/// Somebody who sends some requests in turn.
pub(super) struct Client {
    requests: Vec<Vec<u8>>,
    next: usize,
}

impl Client {
    fn new(requests: Vec<Vec<u8>>) -> Self {
        Self { requests, next: 0 }
    }
}

impl Talker for Client {
    fn request(&self) -> &[u8] {
        &self.requests[self.next]
    }

    fn receive(&mut self, _: &[u8]) -> anyhow::Result<()> {
        self.next = (self.next + 1) % self.requests.len();
        Ok(())
    }
}
