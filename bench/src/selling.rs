//! Orders: `POST /api/orders` through the gateway by many buyers at once, each on a connection of its own, until the
//! orders are `confirmed`: stored, their stock held, their payments open. And what is put into carts.
//!
//! The rate counts what was placed within a time by the moment at which the last of it is confirmed, so nothing that
//! piles up is left out. While that is measured, some more buyers place one order after the other and follow each by its
//! stream of events: from the first byte of the request until they are told that it is confirmed.
//!
//! On SQLite it is the whole platform as `stoa up` runs it. Beside it stands what the disk allows: plain units of work,
//! a row and an event, in one file by as many writers; an order takes [`UNITS`] of them, in three files. On PostgreSQL it
//! is what an order needs, in one process; afterwards, when that has ended, pgbench does the same statements in the same
//! tables, in the same transactions, on as many connections.

mod follow;
mod script;
mod shop;

use std::time::Instant;

use crate::database::Database;
use crate::effort::Effort;
use crate::folders::Folders;
use crate::load::talk;
use crate::pgbench::pgbench;
use crate::report::{Reach, Report, Row};
use crate::samples::{Samples, percentile};
use crate::scene::{Embedded, Hashing, embedded, set};
use crate::writes;
use follow::Followers;
use script::{PREPARATION, SCRIPT};
use shop::Shop;

/// Who places orders, how many of them at once.
const BUYERS: usize = 32;

/// Connections for writing of each service: the default, and more.
const CONNECTIONS: [usize; 2] = [3, 8];

/// Services that write for an order: orders, catalog, payments.
const WRITING: usize = 3;

/// Units of work of an order: it is placed, its stock is held, orders hear that, take the step, payments open the
/// payment, and the order is confirmed.
const UNITS: u32 = 6;

/// Measures.
pub(crate) fn run(folders: &Folders, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    let folder = folders.fresh("selling")?;
    let units = writes::sqlite_units(&folder, BUYERS, effort)?;
    let shop = Shop::open(embedded(folders, &folder, Hashing::Cheap)?, BUYERS)?;
    let measured = measure(&shop, effort)?;
    let carts = shop.fill_carts(effort)?;
    shop.process.stop()?;
    let allowed = Samples::of(vec![units.median() / f64::from(UNITS)]);
    let what = "SQLite, the whole platform";
    measured.add_rows(what, ("bare units of work", Some(&allowed)), 1_000.0, report);
    let row = format!("{what}, a piece is put into a cart, {BUYERS} at once, p99");
    report.add(Row::new("selling", row, "ms", &carts));
    for connections in CONNECTIONS {
        let database = Database::create(folders)?;
        let folder = folders.fresh("selling")?;
        let mut platform = embedded(folders, &folder, Hashing::Cheap)?;
        on_postgres(&mut platform, &database, connections);
        let shop = Shop::open(platform, BUYERS)?;
        let measured = measure(&shop, effort)?;
        shop.process.stop()?;
        database.change(PREPARATION)?;
        let mut peers = Vec::new();
        for _ in 0..effort.repeats {
            peers.extend(pgbench(
                &database.url(),
                connections * WRITING,
                (&folder, SCRIPT),
                effort.span,
            )?);
        }
        let peers = (!peers.is_empty()).then(|| Samples::of(peers));
        let what = format!("PostgreSQL, connections of a service: {connections}");
        measured.add_rows(&what, ("pgbench", peers.as_ref()), 300.0, report);
    }
    Ok(())
}

/// What an order needs and nothing else, in one process.
fn on_postgres(platform: &mut Embedded, database: &Database, writers: usize) {
    let program = &mut platform.program;
    program.args = ["run", "--services", "gateway,auth,catalog,cart,payments,orders"]
        .map(str::to_owned)
        .to_vec();
    set(&mut program.settings, "DATABASE__URL", &database.url());
    set(&mut program.settings, "DATABASE__WRITERS", &writers);
    // The gateway wants to know where everybody is; these are never asked.
    for absent in ["USERS", "ANALYTICS", "NOTIFICATIONS"] {
        set(
            &mut program.settings,
            &format!("PEERS__{absent}"),
            &"http://127.0.0.1:9",
        );
    }
}

struct Measured {
    rates: Samples,
    /// In milliseconds.
    half: Samples,
    slowest: Samples,
}

fn measure(shop: &Shop, effort: &Effort) -> anyhow::Result<Measured> {
    let (mut rates, mut halves, mut slowest) = (Vec::new(), Vec::new(), Vec::new());
    talk(shop.gateway, shop.buyers(), effort.warm_up)?;
    shop.until_all_confirmed()?;
    for _ in 0..effort.repeats {
        let followers = Followers::start(shop.gateway, &shop.followers)?;
        let begin = Instant::now();
        let (placed, _) = talk(shop.gateway, shop.buyers(), effort.span)?;
        let followed = followers.end()?;
        shop.until_all_confirmed()?;
        let orders = placed.requests + followed.len() as u64;
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 orders")]
        rates.push(orders as f64 / begin.elapsed().as_secs_f64());
        halves.push(percentile(&followed, 0.5) / 1e3);
        slowest.push(percentile(&followed, 0.99) / 1e3);
    }
    Ok(Measured {
        rates: Samples::of(rates),
        half: Samples::of(halves),
        slowest: Samples::of(slowest),
    })
}

impl Measured {
    fn add_rows(&self, what: &str, peer: (&str, Option<&Samples>), wanted: f64, report: &mut Report) {
        let what = format!("{what}, {BUYERS} at once");
        let row = Row::new(
            "selling",
            format!("{what}, to `confirmed`"),
            "orders/s",
            &self.rates,
        );
        let row = row.reach(Reach::AtLeast(wanted));
        report.add(match peer {
            (name, Some(samples)) => row.against(name, samples),
            (_, None) => row,
        });
        report.add(Row::new("selling", format!("{what}, p50"), "ms", &self.half));
        let slowest = Row::new("selling", format!("{what}, p99"), "ms", &self.slowest);
        report.add(if wanted > 500.0 {
            slowest.reach(Reach::AtMost(50.0))
        } else {
            slowest
        });
    }
}
