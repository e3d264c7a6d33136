//! `stoa demo`: a shop worth looking at, made once however often it is made.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use e2e::person::{ADMIN, PASSWORD, sign_in};
use e2e::waiting::within;
use e2e::{Client, Finished, Setup, eventually};
use serde_json::{Value, json};

const DEMO: [&str; 4] = ["demo", "--data", "data", "--json"];

const STATES: [&str; 7] = [
    "cancelled",
    "confirmed",
    "delivered",
    "paid",
    "refunded",
    "rejected",
    "shipped",
];

/// How long the demo may take on a busy machine.
const LIMIT: Duration = Duration::from_mins(10);

/// A shop that was made without a break.
struct Whole {
    setup: Setup,
    /// What was answered.
    made: Value,
    bought: BTreeMap<String, Value>,
}

static WHOLE: LazyLock<Whole> = LazyLock::new(|| {
    let setup = Setup::up();
    let made = done(&run(&setup.operate(&DEMO)));
    let shop = setup.start();
    let staff = shop.face().with_token(&token(&shop.face(), &made, "nora"));
    let bought = bought(&staff);
    Whole { setup, made, bought }
});

#[test]
fn a_demo_shop_has_goods_orders_and_a_month_and_making_it_again_changes_nothing() {
    let Whole { setup, made, .. } = &*WHOLE;
    let mode = fs::metadata(setup.data().join("demo.json"))
        .expect("the notes")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut node = setup.start();
    let shop = node.face();
    let staff = shop.with_token(&token(&shop, made, "nora"));
    looks_whole(&shop, &staff, made);
    reaches_back_a_month(&staff);
    assert!(made["products"].as_u64() >= Some(40), "{made}");
    let verified = setup.operate(&["verify"]).finish();
    assert_eq!(
        (verified.code, verified.stdout.as_str()),
        (Some(0), ""),
        "{verified:?}"
    );

    let admin = shop.with_token(&token(&shop, made, "admin"));
    let before = everything(&staff, &admin);
    // Beside the shop that runs, and without it.
    assert_eq!(done(&run(&setup.operate(&DEMO))), *made);
    node.terminate();
    assert_eq!(done(&run(&setup.operate(&DEMO))), *made);
    node.start_again();
    let shop = node.face();
    let staff = shop.with_token(&token(&shop, made, "nora"));
    let admin = shop.with_token(&token(&shop, made, "admin"));
    assert_eq!(everything(&staff, &admin), before);
}

#[test]
fn a_demo_that_is_killed_is_finished_by_the_next_and_is_the_same_shop() {
    let setup = Setup::up();
    // In the middle of the pictures, while people buy, and when nearly everything is done.
    for steps in [2, 150, 420] {
        let mut making = setup.operate(&DEMO).launch();
        let is_so_far = within(LIMIT, || {
            assert!(making.is_alive(), "it ended: {}", making.log());
            (steps_done(&setup.data()) >= steps).then_some(())
        });
        assert!(is_so_far.is_some(), "it is slow: {}", making.log());
        if steps == 2 {
            eventually("a picture is there", || {
                fs::read_dir(setup.data().join("images")).ok()?.next().map(|_| ())
            });
        }
        making.kill();
    }
    let made = done(&run(&setup.operate(&DEMO)));
    let whole = &WHOLE.made;
    assert_eq!(made["orders"], whole["orders"]);
    assert_eq!(
        (&made["products"], &made["pictures"]),
        (&whole["products"], &whole["pictures"])
    );
    let node = setup.start();
    let shop = node.face();
    let staff = shop.with_token(&token(&shop, &made, "nora"));
    looks_whole(&shop, &staff, &made);
    reaches_back_a_month(&staff);
    assert_eq!(bought(&staff), WHOLE.bought, "order by order");
    let verified = setup.operate(&["verify"]).finish();
    assert_eq!(
        (verified.code, verified.stdout.as_str()),
        (Some(0), ""),
        "{verified:?}"
    );
}

#[test]
fn a_shop_that_runs_is_filled_over_http_once() {
    let setup = Setup::up()
        .with_admin()
        .file("password", &format!("{PASSWORD}\n"));
    let node = setup.start();
    let shop = node.face();
    let gateway = format!("http://{}", shop.address());
    let filling = |name: &str| {
        let staff = ["--username", name, "--password-file", "password"];
        let line = [&["demo", "--json", "--gateway", &gateway][..], &staff].concat();
        run(&setup.operate(&line))
    };
    let wrong = filling("nobody");
    assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(1), ""), "{wrong:?}");
    assert!(
        wrong.stderr.contains("`nobody` cannot sign in"),
        "{}",
        wrong.stderr
    );

    let made = done(&filling(ADMIN));
    let staff = shop.with_token(&sign_in(&shop, ADMIN));
    looks_whole(&shop, &staff, &made);
    let verified = setup.operate(&["verify"]).finish();
    assert_eq!(
        (verified.code, verified.stdout.as_str()),
        (Some(0), ""),
        "{verified:?}"
    );
    let before = everything(&staff, &staff);
    assert_eq!(done(&filling(ADMIN)), made);
    assert_eq!(everything(&staff, &staff), before);

    // Without its notes it is anybody's shop.
    for entry in fs::read_dir(setup.data()).expect("the data folder").flatten() {
        if entry.file_name().to_string_lossy().starts_with("demo-") {
            fs::remove_file(entry.path()).expect("a file");
        }
    }
    is_refused(
        &filling(ADMIN),
        "there is something in this shop that is not the demo's",
    );
    assert_eq!(everything(&staff, &staff), before);
}

#[test]
fn a_demo_touches_nobody_elses_shop() {
    let setup = Setup::up().with_admin();
    setup.start().terminate();
    is_refused(
        &setup.operate(&DEMO).finish(),
        "in `data` is a shop that is not the demo's",
    );
    assert!(!setup.data().join("demo.json").exists());

    for (setup, key) in [
        (
            Setup::command(&DEMO).env("DATABASE_URL", "postgres://stoa@127.0.0.1:1/stoa"),
            "database.url",
        ),
        (
            Setup::command(&DEMO).set("redis.url", "redis://127.0.0.1:1"),
            "redis.url",
        ),
        (
            Setup::command(&DEMO).set("notifications.smtp.url", "smtp://127.0.0.1:1"),
            "notifications.smtp.url",
        ),
    ] {
        is_refused(&setup.finish(), &format!("`{key}` is set"));
        assert!(!setup.data().join("demo.json").exists());
    }
    let half = Setup::command(&["demo", "--gateway", "http://127.0.0.1:1"]).finish();
    assert_eq!(half.code, Some(2), "{half:?}");
}

/// Runs a command to its end, which may take longer than others do.
fn run(setup: &Setup) -> Finished {
    let mut node = setup.launch();
    let ended = within(LIMIT, || (!node.is_alive()).then_some(()));
    assert!(ended.is_some(), "it does not end: {}", node.log());
    let code = node.wait().code();
    Finished {
        code,
        stdout: node.stdout(),
        stderr: node.log(),
    }
}

/// What a run answered that succeeded.
#[track_caller]
fn done(ended: &Finished) -> Value {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).expect("JSON")
}

#[track_caller]
fn is_refused(ended: &Finished, why: &str) {
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    assert!(ended.stderr.contains(why), "{}", ended.stderr);
}

/// How many steps an interrupted run has noted.
fn steps_done(data: &Path) -> u64 {
    let notes = fs::read(data.join("demo.json")).unwrap_or_default();
    let notes: Value = serde_json::from_slice(&notes).unwrap_or_default();
    notes["done"].as_u64().unwrap_or_default()
}

/// Signs somebody in with the password that was made for them.
fn token(shop: &Client, made: &Value, username: &str) -> String {
    let accounts = made["accounts"].as_array().expect("accounts");
    let account = accounts.iter().find(|account| account["username"] == username);
    let password = &account.expect("the account")["password"];
    let session = shop.post(
        "/api/login",
        &json!({ "username": username, "password": password }),
    );
    session.expect(200)["token"].as_str().expect("a token").to_owned()
}

/// Every page of a listing.
fn all(client: &Client, listing: &str) -> Vec<Value> {
    let (mut items, mut path) = (Vec::new(), format!("{listing}?limit=100"));
    loop {
        let page = client.get(&path).expect(200);
        items.extend(page["items"].as_array().expect("a page").iter().cloned());
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("{listing}?limit=100&cursor={cursor}"),
            None => return items,
        }
    }
}

/// Everything that another run could do again.
fn everything(staff: &Client, admin: &Client) -> Vec<Value> {
    let mut found = all(staff, "/api/products");
    for listing in [
        "/api/admin/orders",
        "/api/admin/payments",
        "/api/stock",
        "/api/categories",
    ] {
        found.extend(all(staff, listing));
    }
    let mut accounts = all(admin, "/api/admin/accounts");
    for account in &mut accounts {
        // Those who look have signed in.
        account["sessions"] = Value::Null;
    }
    found.extend(accounts);
    for path in ["/api/stats", "/api/stats/orders", "/api/stats/funnel"] {
        let mut stats = staff.get(path).expect(200);
        for end in ["from", "to"] {
            if let Some(stats) = stats.as_object_mut() {
                stats.remove(end);
            }
        }
        found.push(stats);
    }
    found
}

/// Goods with pictures, orders in every state, refunds whole and by line, and customers.
fn looks_whole(shop: &Client, staff: &Client, made: &Value) {
    let products = all(shop, "/api/products");
    assert!(products.len() >= 40, "{}", products.len());
    assert_eq!(json!(products.len()), made["products"]);
    for product in &products {
        let image = product["images"][0]["url"].as_str();
        let image = shop.get(image.unwrap_or_else(|| panic!("no picture: {product}")));
        assert_eq!(image.status.as_u16(), 200);
        assert!(image.body.starts_with(b"\xff\xd8\xff"), "a JPEG");
        assert!(product["category_id"].is_string(), "{product}");
    }
    let orders = all(staff, "/api/admin/orders");
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    for order in &orders {
        *counted
            .entry(order["status"].as_str().expect("a status"))
            .or_default() += 1;
    }
    assert_eq!(json!(counted), made["orders"]);
    for state in STATES {
        assert!(counted.contains_key(state), "no order is {state}: {counted:?}");
    }
    let is_partly = |order: &&Value| {
        let (refunded, total) = (
            &order["refunded"]["amount_minor"],
            &order["total"]["amount_minor"],
        );
        refunded.as_i64() > Some(0) && refunded.as_i64() < total.as_i64()
    };
    assert!(orders.iter().any(|order| is_partly(&order)), "refunded in part");
    let by_line = |order: &Value| {
        let items = order["items"].as_array().expect("items");
        items.iter().any(|item| item["refunded_quantity"] == 1) && is_partly(&order)
    };
    assert!(orders.iter().any(by_line), "refunded by line");
    let customers: BTreeSet<_> = orders.iter().map(|order| order["user_id"].to_string()).collect();
    assert!(customers.len() > 5, "{customers:?}");
}

/// What the charts are made of.
fn reaches_back_a_month(staff: &Client) {
    for (metric, days) in [
        ("orders", 29),
        ("orders_paid", 27),
        ("revenue", 27),
        ("transactions", 10),
    ] {
        let series = staff
            .get(&format!("/api/stats/timeseries?metric={metric}"))
            .expect(200);
        let points = series["points"].as_array().expect("points");
        let busy = points.iter().filter(|point| point["value"].as_f64() != Some(0.0));
        assert!(busy.count() >= days, "{metric}: {series}");
    }
    let funnel = staff.get("/api/stats/funnel").expect(200);
    let steps = funnel["steps"].as_array().expect("steps");
    let visitors: Vec<_> = steps
        .iter()
        .filter_map(|step| step["visitors"].as_u64())
        .collect();
    assert!(visitors.is_sorted_by(|more, fewer| more > fewer), "{funnel}");
    let top = staff.get("/api/stats/top-products?by=revenue").expect(200);
    assert_eq!(top["items"].as_array().map(Vec::len), Some(10), "{top}");
}

/// Who bought what, and what became of it, by the orders' numbers.
fn bought(staff: &Client) -> BTreeMap<String, Value> {
    let orders = all(staff, "/api/admin/orders").into_iter().map(|order| {
        let facts = [
            "status",
            "items",
            "total",
            "refunded",
            "shipping_address",
            "tracking",
            "note",
        ];
        let facts: Value = facts.iter().map(|fact| order[*fact].clone()).collect();
        (order["number"].to_string(), facts)
    });
    orders.collect()
}
