//! Customers who look at products: pages of twenty through the gateway, anonymous, by `stoa up` on SQLite, with what is
//! kept in memory and without.
//!
//! Each connection goes from page to page, by every order there is and back to the first. What counts is the products
//! that were shown, so that a page with fewer is no gain.

use std::net::SocketAddr;
use std::rc::Rc;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::call::{self, get_request};
use crate::effort::Effort;
use crate::folders::Folders;
use crate::load::{Talker, talk};
use crate::program::Under;
use crate::report::{Reach, Report, Row};
use crate::samples::Samples;
use crate::scene::{ADMIN, Embedded, Hashing, embedded, has_admin, set, sign_in};

/// Products shown a second, expected with what is kept.
const EXPECTED: f64 = 10_000.0;

const PRODUCTS: u32 = 200;

/// On a page.
const SHOWN: u32 = 20;

const CUSTOMERS: usize = 8;

/// Measures.
pub(crate) fn run(folders: &Folders, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    let (kept, without) = (measure(folders, effort, "10000")?, measure(folders, effort, "0")?);
    let what = format!("GET /api/products, {SHOWN} a page, {CUSTOMERS} at once");
    report.add(
        Row::new("browsing", what, "products/s", &kept.shown)
            .against("nothing kept in memory", &without.shown)
            .reach(Reach::AtLeast(EXPECTED)),
    );
    report.add(
        Row::new("browsing", "a page, p99", "ms", &kept.slowest)
            .against("nothing kept in memory", &without.slowest),
    );
    Ok(())
}

struct Measured {
    /// Products a second.
    shown: Samples,
    /// Milliseconds.
    slowest: Samples,
}

fn measure(folders: &Folders, effort: &Effort, products_kept: &str) -> anyhow::Result<Measured> {
    let Embedded { mut program, gateway } = embedded(folders, &folders.fresh("browsing")?, Hashing::Cheap)?;
    has_admin(&mut program.settings);
    set(&mut program.settings, "CATALOG__CACHED_PRODUCTS", &products_kept);
    let process = program.start(Under::Nothing)?;
    stock_up(gateway)?;
    process.settle()?;
    let pages = walk(gateway)?;
    let customers = || {
        // Not all of them begin with the same page.
        let at = (0..CUSTOMERS).map(|number| number * pages.len() / CUSTOMERS);
        let pages = || pages.clone();
        at.map(|at| Customer { pages: pages(), at }).collect::<Vec<_>>()
    };
    talk(gateway, customers(), effort.warm_up)?;
    let (mut shown, mut slowest) = (Vec::new(), Vec::new());
    for _ in 0..effort.repeats {
        let (outcome, _) = talk(gateway, customers(), effort.span)?;
        shown.push(outcome.rate() * f64::from(SHOWN));
        slowest.push(outcome.ninety_ninth());
    }
    process.stop()?;
    Ok(Measured {
        shown: Samples::of(shown),
        slowest: Samples::of(slowest),
    })
}

/// Products that look like those of a shop.
fn stock_up(gateway: SocketAddr) -> anyhow::Result<()> {
    let admin = sign_in(gateway, ADMIN)?;
    let send = |line: &str, body: &Value| call::send(gateway, line, Some(admin.token()), body);
    let mut categories = Vec::new();
    for number in 0..10 {
        let made = send(
            "POST /api/categories",
            &json!({ "name": format!("Category {number}") }),
        )?;
        categories.push(made["id"].clone());
    }
    for (number, category) in (0..PRODUCTS).zip(categories.iter().cycle()) {
        let variant = |size: &str| {
            json!({
                "sku": format!("SKU-{number}-{size}"),
                "options": { "size": size },
                "price": { "amount_minor": 500 + number, "currency": "USD" },
            })
        };
        let product = json!({
            "name": format!("Product {number}"),
            "description": "A thing that is useful in many ways, and of which there is a lot to say. ".repeat(8),
            "category_id": category,
            "variants": [variant("S"), variant("M"), variant("L")],
        });
        send("POST /api/products", &product)?;
    }
    Ok(())
}

/// A page, as it is asked for and as long as its answer is.
struct Page {
    request: Vec<u8>,
    length: usize,
}

/// All pages of all orders.
fn walk(gateway: SocketAddr) -> anyhow::Result<Rc<[Page]>> {
    let mut pages = Vec::new();
    for order in ["newest", "price", "-price"] {
        let mut cursor = String::new();
        loop {
            let path = format!("/api/products?limit={SHOWN}&sort={order}{cursor}");
            let (status, body) = call::get(gateway, &path, None)?;
            ensure!(status == 200, "`GET {path}` answers {status}: {body}");
            let page: Value = serde_json::from_str(&body).context("a page that is not JSON")?;
            let shown = page["items"].as_array().map_or(0, Vec::len);
            ensure!(shown == SHOWN as usize, "a page shows {shown} products");
            pages.push(Page {
                request: get_request(&path, None),
                length: body.len(),
            });
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
    }
    Ok(pages.into())
}

/// Goes from page to page.
struct Customer {
    pages: Rc<[Page]>,
    at: usize,
}

impl Talker for Customer {
    fn request(&self) -> &[u8] {
        &self.pages[self.at].request
    }

    fn receive(&mut self, body: &[u8]) -> anyhow::Result<()> {
        let expected = self.pages[self.at].length;
        ensure!(
            body.len() == expected,
            "a page has {} bytes, and had {expected}",
            body.len()
        );
        self.at = (self.at + 1) % self.pages.len();
        Ok(())
    }
}
