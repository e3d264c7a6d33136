//! A shop worth looking at: goods with drawn pictures, customers, orders in every state, a month of history.
//!
//! Everything is made through the shop's gateway, over HTTP, by the same requests as anybody's, so that the services have
//! made every row themselves and nothing here knows a table. What can be done to a shop that is made here and not to one
//! that runs is to move its clock: then the history reaches back for [`MONTH`]; see [`fill_month`] and [`fill_today`].
//!
//! Invariants:
//! - The history is computed ([`history`]) and the same each time; only passwords are random, and stand in the notes.
//! - Steps are done one after the other, and each is noted when it is done ([`Notes`]). One that was interrupted is done
//!   again with the same idempotency keys, or finds that it is done; so nothing is there twice.

mod customers;
mod drawing;
mod filling;
mod goods;
mod history;
mod notes;
mod random;
mod shop;
mod summary;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::bail;
use kit_config::BaseUrl;
use kit_runtime::{Clock, Ids, Secret, Tasks, WorkerPool};

pub use self::customers::ADMIN;
use self::filling::{Filler, sign_in};
use self::goods::Goods;
use self::history::Step;
pub use self::history::{MONTH, TIME_TO_PAY};
pub use self::notes::Notes;
use self::shop::Shop;
use self::summary::Contents;
pub use self::summary::{DemoAccount, Summary};

/// How many pictures are drawn at once, and how many wait for that.
const DRAWERS: (usize, usize) = (2, 16);

/// With what a shop is filled.
pub struct Means {
    /// Where its gateway is.
    pub gateway: BaseUrl,
    /// What time it is in the shop.
    pub clock: Clock,
    /// What passwords are made of.
    pub ids: Ids,
    /// What connections run in.
    pub tasks: Tasks,
}

/// Fills a shop with a month, or what is left of it. `reach` waits for nothing and moves the shop's clock on to so long
/// after the beginning; `report` is given what is done, in a few words.
pub async fn fill_month(
    means: &Means,
    notes: &mut Notes,
    reach: impl AsyncFn(Duration) -> anyhow::Result<()>,
    report: impl Fn(&str),
) -> anyhow::Result<()> {
    let goods = Goods::read()?;
    let steps = history::month(&goods);
    let mut filler = filler(means, &goods, notes)?;
    filler.begin_as_admin().await?;
    finish(&mut filler, &steps, reach, report).await
}

/// Fills a shop that runs, with everything at once: its clock is its own. Somebody of its staff does the staff's work.
pub async fn fill_today(
    means: &Means,
    notes: &mut Notes,
    (username, password): (&str, Secret<String>),
    report: impl Fn(&str),
) -> anyhow::Result<()> {
    let goods = Goods::read()?;
    let steps = history::today(&goods);
    let mut filler = filler(means, &goods, notes)?;
    filler.staff = Some(sign_in(&filler.shop, username, &password).await?);
    finish(&mut filler, &steps, async |_| Ok(()), report).await
}

/// Whether something stands in a shop's catalog.
pub async fn has_goods(means: &Means) -> anyhow::Result<bool> {
    let shop = Shop::at(&means.gateway, &means.tasks)?;
    let categories = shop.get("/categories?limit=1").await?;
    let products = shop.get("/products?limit=1").await?;
    let is_there =
        |listing: &serde_json::Value| listing["items"].as_array().is_some_and(|items| !items.is_empty());
    Ok(is_there(&categories) || is_there(&products))
}

fn filler<'a>(means: &Means, goods: &'a Goods, notes: &'a mut Notes) -> anyhow::Result<Filler<'a>> {
    let (at_once, waiting) = DRAWERS;
    Ok(Filler {
        shop: Shop::at(&means.gateway, &means.tasks)?,
        goods,
        notes,
        clock: means.clock.clone(),
        ids: means.ids.clone(),
        drawers: WorkerPool::start("drawing", at_once, waiting)?,
        admin: None,
        staff: None,
        sessions: BTreeMap::new(),
    })
}

async fn finish(
    filler: &mut Filler<'_>,
    steps: &[Step],
    reach: impl AsyncFn(Duration) -> anyhow::Result<()>,
    report: impl Fn(&str),
) -> anyhow::Result<()> {
    let done = filler.notes.done();
    if done > steps.len() {
        bail!("`{}` is of another history", filler.notes.file().display());
    }
    filler.run(steps, &reach, &report).await?;
    let staff = filler.staff().await?;
    let contents = Contents::of(&filler.shop, &staff).await?;
    contents.wait_until_counted(&staff).await?;
    filler.sign_out().await?;
    filler.notes.note_contents(contents)
}
