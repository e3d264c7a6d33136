//! Products are kept in memory by each process, and in Redis by all of them, and yet nobody is shown what is over.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use http::Method;
use kit_db::{StoreError, Tx, sql};
use kit_redis::RedisSettings;
use kit_runtime::{Clock, Ids, Secret};
use kit_testing::db::TestTarget;
use kit_testing::{App, Client, Fixture, Person, PrivateRedis, eventually, on_both_databases};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::app::{Clerk as _, builder, dollars, find, path_of, product, start, variant};
use crate::orders::Orders;

const MINUTE: Duration = Duration::from_mins(1);

async fn change(clerk: &Person, path: &str, change: Value) -> Value {
    let changed = clerk.client.send(Method::PATCH, path, Some(&change)).await;
    changed.expect(200)
}

/// What a product of one variant is called, costs, and how many there are, by whatever names it.
async fn shown(client: &Client, reference: &str) -> Option<(String, i64, i64)> {
    let seen = client.get(&format!("/products/{reference}")).await;
    (seen.status != 404).then(|| facts(&seen.expect(200)))
}

/// The same of each product on the first page.
async fn listed(client: &Client, query: &str) -> Vec<(String, i64, i64)> {
    let page = client.get(&format!("/products?{query}")).await.expect(200);
    page["items"].as_array().unwrap().iter().map(facts).collect()
}

fn facts(product: &Value) -> (String, i64, i64) {
    let variant = &product["variants"][0];
    let (price, available) = (&variant["price"]["amount_minor"], &variant["available"]);
    (
        crate::app::text(&product["name"]),
        price.as_i64().unwrap(),
        available.as_i64().unwrap(),
    )
}

fn mug(price: i64, available: i64) -> (String, i64, i64) {
    ("Mug".to_owned(), price, available)
}

/// Waits until an app hears of the changes of others, at which moment it forgets what it had, and looks at a product.
async fn until_it_keeps(app: &App, reference: &str) {
    app.bus.connected().await;
    shown(&app.stranger(), reference).await;
}

/// The number behind a name among the metrics.
fn count(app: &App, name: &str) -> i64 {
    let text = app.process.metrics.encode();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |number| number.trim().parse().unwrap())
}

/// A lock on the pictures' table, so that whoever reads a product waits when the rest of it is read already.
struct HeldPictures {
    release: watch::Sender<bool>,
    ended: tokio::task::JoinHandle<()>,
}

impl HeldPictures {
    #[expect(clippy::disallowed_methods, reason = "it ends with the story")]
    async fn hold(app: &App) -> Self {
        let (release, released) = watch::channel(false);
        let (held, mut is_held) = watch::channel(false);
        let db = app.db.clone();
        let ended = tokio::spawn(async move {
            let locked = db.write(async move |tx: &mut Tx| {
                sql("LOCK TABLE images IN ACCESS EXCLUSIVE MODE")
                    .execute(tx)
                    .await?;
                held.send_replace(true);
                let mut released = released;
                let _ = released.wait_for(|is| *is).await;
                Ok::<_, StoreError>(())
            });
            locked.await.unwrap();
        });
        is_held.wait_for(|is| *is).await.unwrap();
        Self { release, ended }
    }

    async fn release(self) {
        self.release.send_replace(true);
        self.ended.await.unwrap();
    }
}

/// How many wait for a lock on the pictures' table.
async fn waiting(app: &App) -> usize {
    app.count("SELECT pid FROM pg_locks JOIN pg_class ON pg_class.oid = relation WHERE relname = 'images' AND NOT granted")
        .await
}

on_both_databases! {
    async fn whoever_writes_reads_what_was_written(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, anyone) = (app.staff(), app.stranger());
        let made = clerk.create_simple("Mug", "mug").await;
        let path = path_of("products", &made);
        for number in 1..=15 {
            // Kept by now in each way to look at it.
            shown(&anyone, "mug").await;
            listed(&anyone, "sort=price").await;
            let price = json!({ "variants": [variant("mug", 1000 + number)] });
            change(&clerk, &path, price).await;
            clerk.set_stock("mug", number).await;
            let now = mug(1000 + number, number);
            assert_eq!(shown(&anyone, "mug").await, Some(now.clone()));
            assert_eq!(listed(&anyone, "sort=price").await, std::slice::from_ref(&now));
            assert_eq!(listed(&anyone, "in_stock=true").await, [now]);
        }
        clerk.set_stock("mug", 0).await;
        assert_eq!(listed(&anyone, "in_stock=true").await, []);
        // The version that a client sees is the one of what it sees.
        let seen = anyone.get(&path).await;
        assert_eq!(seen.header("etag"), "\"16\"");
        let conditional = clerk.client.with("if-match", seen.header("etag"));
        conditional.send(Method::PATCH, &path, Some(&json!({ "name": "Cup" }))).await.expect(200);
        assert_eq!(anyone.get(&path).await.header("etag"), "\"17\"");
    }

    async fn what_orders_hold_is_not_shown_as_available(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, anyone, orders) = (app.staff(), app.stranger(), Orders::of(&app));
        clerk.create_simple("Mug", "mug").await;
        clerk.set_stock("mug", 5).await;
        assert_eq!(shown(&anyone, "mug").await, Some(mug(1000, 5)));
        orders.reserve(1, &[("mug", 2)]).await;
        assert_eq!(shown(&anyone, "mug").await, Some(mug(1000, 3)));
        orders.reserve(2, &[("mug", 3)]).await;
        assert_eq!(shown(&anyone, "mug").await, Some(mug(1000, 0)));
        orders.commit(1).await.unwrap();
        assert_eq!(shown(&anyone, "mug").await, Some(mug(1000, 0)));
        orders.release(2).await;
        assert_eq!(shown(&anyone, "mug").await, Some(mug(1000, 3)));
    }

    async fn what_is_archived_is_gone_at_once_and_what_is_made_is_there(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, anyone) = (app.staff(), app.stranger());
        assert_eq!((shown(&anyone, "mug").await, find(&anyone, "").await), (None, Vec::new()));
        let path = path_of("products", &clerk.create_simple("Mug", "mug").await);
        assert_eq!((shown(&anyone, "mug").await, find(&anyone, "").await), (Some(mug(1000, 0)), vec!["Mug".to_owned()]));
        anyone.get(&path).await.expect(200);
        clerk.client.delete(&path).await.expect(200);
        for gone in [path.as_str(), "/products/mug"] {
            anyone.get(gone).await.expect_error(404, "Product not found");
            clerk.client.get(gone).await.expect(200);
        }
        assert_eq!((find(&anyone, "").await, find(&anyone, "q=mug").await), (Vec::new(), Vec::new()));
        change(&clerk, &path, json!({ "status": "active" })).await;
        assert_eq!((shown(&anyone, "mug").await, find(&anyone, "").await), (Some(mug(1000, 0)), vec!["Mug".to_owned()]));
    }

    async fn categories_and_what_stands_in_them_are_shown_as_they_are(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, anyone) = (app.staff(), app.stranger());
        let names = async || {
            let page = anyone.get("/categories").await.expect(200);
            let facets = anyone.get("/products").await.expect(200)["facets"]["category"].clone();
            let facets = facets.as_array().unwrap().iter().map(|facet| crate::app::text(&facet["name"])).collect::<Vec<_>>();
            (crate::app::names(&page), facets)
        };
        assert_eq!(names().await, (Vec::new(), Vec::new()));
        let id = clerk.create_category("Mugs", None).await;
        assert_eq!(names().await, (vec!["Mugs".to_owned()], Vec::new()));
        let made = path_of("products", &clerk.create_simple("Mug", "mug").await);
        change(&clerk, &made, json!({ "category_id": id })).await;
        assert_eq!(names().await, (vec!["Mugs".to_owned()], vec!["Mugs".to_owned()]));
        change(&clerk, &format!("/categories/{id}"), json!({ "name": "Cups" })).await;
        assert_eq!(names().await, (vec!["Cups".to_owned()], vec!["Cups".to_owned()]));
        change(&clerk, &made, json!({ "category_id": null })).await;
        clerk.client.delete(&format!("/categories/{id}")).await.expect(200);
        assert_eq!(names().await, (Vec::new(), Vec::new()));
    }

    async fn a_slug_leads_to_the_product_that_has_it(fixture: &Fixture) {
        let (one, other) = (start(fixture).await, start(fixture).await);
        let clerk = one.staff();
        let first = path_of("products", &clerk.create_simple("Mug", "mug").await);
        for app in [&one, &other] {
            until_it_keeps(app, "mug").await;
        }
        change(&clerk, &first, json!({ "slug": "old-mug" })).await;
        assert_eq!(shown(&one.stranger(), "mug").await, None);
        assert_eq!(shown(&one.stranger(), "old-mug").await, Some(mug(1000, 0)));
        // A process that may not have heard of it finds the new name all the same.
        assert_eq!(shown(&other.stranger(), "old-mug").await, Some(mug(1000, 0)));
        let mut second = product("Cup", "cup", 5);
        second["slug"] = json!("mug");
        clerk.create(&second).await;
        let cup = ("Cup".to_owned(), 5, 0);
        assert_eq!(shown(&one.stranger(), "mug").await, Some(cup.clone()));
        eventually("the other has heard of it", async || (shown(&other.stranger(), "mug").await == Some(cup.clone())).then_some(())).await;
    }

    async fn what_one_process_changes_the_others_show(fixture: &Fixture) {
        let (one, other) = (start(fixture).await, start(fixture).await);
        let (clerk, reader) = (one.staff(), other.stranger());
        let path = path_of("products", &clerk.create_simple("Mug", "mug").await);
        let becomes = async |expected: Option<(String, i64, i64)>| {
            eventually("the other has heard of it", async || {
                let page = listed(&reader, "sort=newest").await;
                (shown(&reader, "mug").await == expected && page == expected.iter().cloned().collect::<Vec<_>>()).then_some(())
            })
            .await;
        };
        until_it_keeps(&other, "mug").await;
        change(&clerk, &path, json!({ "variants": [variant("mug", 900)] })).await;
        becomes(Some(mug(900, 0))).await;
        clerk.set_stock("mug", 7).await;
        becomes(Some(mug(900, 7))).await;
        Orders::of(&one).reserve(1, &[("mug", 3)]).await;
        becomes(Some(mug(900, 4))).await;
        clerk.client.delete(&path).await.expect(200);
        becomes(None).await;
        clerk.create_category("Mugs", None).await;
        eventually("the other shows the category", async || {
            let page = reader.get("/categories").await.expect(200);
            (crate::app::names(&page) == ["Mugs"]).then_some(())
        })
        .await;
    }

    async fn nobody_is_shown_less_than_was_acknowledged_before_they_asked(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_simple("Mug", "mug").await;
        let (acknowledged, is_over) = (AtomicI64::new(0), AtomicBool::new(false));
        let writing = async {
            for on_hand in 1..=60 {
                clerk.set_stock("mug", on_hand).await;
                acknowledged.store(on_hand, Ordering::SeqCst);
            }
            is_over.store(true, Ordering::SeqCst);
        };
        let reading = (0..4).map(|_| async {
            let anyone = app.stranger();
            while !is_over.load(Ordering::SeqCst) {
                let before = acknowledged.load(Ordering::SeqCst);
                let (alone, page) = (shown(&anyone, "mug").await.unwrap(), listed(&anyone, "").await);
                assert!(alone.2 >= before, "{} after {before}", alone.2);
                assert!(page[0].2 >= before, "{} after {before}", page[0].2);
            }
        });
        futures::join!(writing, join_all(reading));
        assert_eq!(shown(&app.stranger(), "mug").await, Some(mug(1000, 60)));
    }

    async fn no_more_is_kept_than_may_be(fixture: &Fixture) {
        let app = builder(fixture).set("catalog.cached_products", "8").start().await;
        let (clerk, anyone) = (app.staff(), app.stranger());
        for number in 0..12 {
            clerk.create_simple("Mug", &format!("mug-{number}")).await;
        }
        assert_eq!(find(&anyone, "").await.len(), 12, "a page may be larger than what is kept");
        assert_eq!(count(&app, "stoa_cache_entries{cache=\"products\"}"), 8);
        for number in 0..20 {
            anyone.get(&format!("/products?min_price={number}")).await.expect(200);
        }
        assert!(count(&app, "stoa_cache_entries{cache=\"product_pages\"}") <= 8);
        // In bytes: three quarters of this are too little for two of these.
        let app = builder(fixture).set("catalog.cached_bytes", "8KiB").set("catalog.cached_products", "64").start().await;
        let clerk = app.staff();
        for name in ["Cup", "Pot"] {
            let mut large = product(name, name, 1000);
            large["description"] = json!("x".repeat(4_000));
            clerk.create(&large).await;
        }
        for _ in 0..3 {
            for slug in ["cup", "pot"] {
                assert!(shown(&app.stranger(), slug).await.is_some());
            }
        }
        assert_eq!(count(&app, "stoa_cache_entries{cache=\"products\"}"), 1);
    }

    async fn staff_see_the_database_and_so_does_everybody_where_nothing_is_kept(fixture: &Fixture) {
        let (keeping, not) = (start(fixture).await, builder(fixture).set("catalog.cached_products", "0").start().await);
        keeping.staff().create_simple("Mug", "mug").await;
        until_it_keeps(&keeping, "mug").await;
        listed(&keeping.stranger(), "").await;
        // Behind everybody's back, so that nobody tells of it.
        not.execute("UPDATE products SET name = 'Cup'").await;
        for client in [&keeping.staff().client, &not.stranger()] {
            assert_eq!(shown(client, "mug").await, Some(("Cup".to_owned(), 1000, 0)));
            assert_eq!(find(client, "").await, ["Cup"]);
        }
        assert_eq!(shown(&keeping.stranger(), "mug").await, Some(mug(1000, 0)));
        // What nobody told of ends by itself.
        keeping.process.time.advance(MINUTE);
        assert_eq!(shown(&keeping.stranger(), "mug").await, Some(("Cup".to_owned(), 1000, 0)));
        assert_eq!(find(&keeping.stranger(), "").await, ["Cup"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_began_before_a_change_does_not_bring_back_what_was() {
    Fixture::run(TestTarget::postgres().await, async |fixture: &Fixture| {
        let app = start(fixture).await;
        let (clerk, anyone) = (app.staff(), app.stranger());
        let id = crate::app::text(&clerk.create_simple("Mug", "mug").await["id"]);
        until_it_keeps(&app, &id).await;
        app.process.time.advance(MINUTE);
        let pictures = HeldPictures::hold(&app).await;
        let reading = shown(&anyone, &id);
        let changing = async {
            eventually("the rest of it is read", async || {
                (waiting(&app).await == 1).then_some(())
            })
            .await;
            clerk.set_stock("mug", 1).await;
            pictures.release().await;
        };
        let (before, ()) = futures::join!(reading, changing);
        assert_eq!(before, Some(mug(1000, 0)), "it asked before the change");
        assert_eq!(shown(&anyone, &id).await, Some(mug(1000, 1)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_who_look_at_a_product_ask_the_database_once() {
    Fixture::run(TestTarget::postgres().await, async |fixture: &Fixture| {
        let app = start(fixture).await;
        let id = crate::app::text(&app.staff().create_simple("Mug", "mug").await["id"]);
        until_it_keeps(&app, &id).await;
        let joined = || {
            count(
                &app,
                "stoa_cache_lookups_total{cache=\"products\",outcome=\"joined\"}",
            )
        };
        let loads = || count(&app, "stoa_cache_load_seconds_count{cache=\"products\"}");
        app.process.time.advance(MINUTE);
        let (joined_before, loads_before) = (joined(), loads());
        let pictures = HeldPictures::hold(&app).await;
        let anyone = app.stranger();
        let reading = join_all((0..50).map(|_| shown(&anyone, &id)));
        let releasing = async {
            eventually("they wait for one", async || {
                (joined() - joined_before == 49).then_some(())
            })
            .await;
            pictures.release().await;
        };
        let (seen, ()) = futures::join!(reading, releasing);
        assert_eq!(seen, vec![Some(mug(1000, 0)); 50]);
        assert_eq!(loads() - loads_before, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_what_they_read_and_do_without_redis_when_it_is_away() {
    Fixture::run(TestTarget::sqlite(), async |fixture: &Fixture| {
        let mut redis = PrivateRedis::start().await;
        let mut settings = RedisSettings::new(Secret::new(redis.url()));
        settings.prefix = format!("test-{}", Ids::system().uuid().simple());
        settings.limit = MINUTE;
        settings.first_pause = Duration::from_millis(20);
        let with_redis = async || {
            // Copies have an age, and the fixture's time stands still.
            let builder = builder(fixture).redis(settings.clone()).clock(Clock::system());
            builder.start().await
        };
        let (one, other) = (with_redis().await, with_redis().await);
        let clerk = one.staff();
        let path = path_of("products", &clerk.create_simple("Mug", "mug").await);
        for app in [&one, &other] {
            until_it_keeps(app, "mug").await;
        }
        let used = || {
            count(
                &other,
                "stoa_cache_copies_total{cache=\"products\",outcome=\"used\"}",
            )
        };
        let mut price = 1000;
        eventually("one uses what the other has read", async || {
            price += 1;
            change(
                &clerk,
                &path,
                json!({ "variants": [{ "sku": "mug", "price": dollars(price) }] }),
            )
            .await;
            assert_eq!(shown(&one.stranger(), "mug").await, Some(mug(price, 0)));
            eventually("the other has heard of it", async || {
                (shown(&other.stranger(), "mug").await == Some(mug(price, 0))).then_some(())
            })
            .await;
            (used() > 0).then_some(())
        })
        .await;
        redis.kill().await;
        for on_hand in 1..=5 {
            clerk.set_stock("mug", on_hand).await;
            assert_eq!(shown(&one.stranger(), "mug").await, Some(mug(price, on_hand)));
            eventually("the other has heard of it", async || {
                (shown(&other.stranger(), "mug").await == Some(mug(price, on_hand))).then_some(())
            })
            .await;
        }
    })
    .await;
}
