//! Products in an order, page by page, and narrowed down.

use kit_testing::{App, Client, on_both_databases};
use serde_json::{Value, json};

use crate::app::{Clerk as _, encoded, find, names, product, start, variant};

/// Every page of a query, by the links from one to the next.
async fn walk(client: &Client, query: &str) -> Vec<Vec<String>> {
    let (mut query, mut pages) = (format!("?{query}"), Vec::new());
    loop {
        let page = client.get(&format!("/products{query}")).await;
        let body = page.expect(200);
        pages.push(names(&body));
        let link = page.header("link");
        assert_eq!(link.is_empty(), body["next_cursor"] == Value::Null);
        assert!(pages.len() < 100, "the walk ends");
        match link.strip_prefix('<').and_then(|link| link.split_once('>')) {
            Some((next, _)) => next.clone_into(&mut query),
            None => return pages,
        }
    }
}

async fn stocked(app: &App) {
    let clerk = app.staff();
    for (name, price, stock) in [
        ("c", 300, 0),
        ("a", 100, 5),
        ("e", 500, 1),
        ("b", 100, 0),
        ("d", 300, 2),
    ] {
        clerk.create(&product(&format!("Mug {name}"), name, price)).await;
        clerk.set_stock(name, stock).await;
    }
}

fn short(pages: &[Vec<String>]) -> String {
    pages
        .concat()
        .iter()
        .map(|name| name.trim_start_matches("Mug "))
        .collect()
}

on_both_databases! {
    async fn products_come_in_the_order_that_is_asked_for(fixture: &Fixture) {
        let app = start(fixture).await;
        stocked(&app).await;
        for (query, order) in [
            ("", "dbeac"), ("sort=newest", "dbeac"), ("sort=relevance", "dbeac"),
            ("sort=price", "abcde"), ("sort=-price", "edcba"), ("q=mug&sort=price", "abcde"), ("q=mug&sort=newest", "dbeac"),
        ] {
            for limit in [1, 2, 4, 5, 100] {
                let pages = walk(&app.stranger(), &format!("{query}&limit={limit}")).await;
                assert_eq!(short(&pages), order, "{query} {limit}");
                assert_eq!(pages.len(), 5_usize.div_ceil(limit), "{query} {limit}");
            }
        }
        let relevant = walk(&app.stranger(), "q=mug&limit=2").await;
        let mut all: Vec<_> = short(&relevant).chars().collect();
        all.sort_unstable();
        assert_eq!(all, ['a', 'b', 'c', 'd', 'e'], "each once, however well it fits");
    }

    async fn products_are_narrowed_by_stock_and_price(fixture: &Fixture) {
        let app = start(fixture).await;
        stocked(&app).await;
        let found = async |query: &str| short(&walk(&app.stranger(), &format!("sort=price&limit=2&{query}")).await);
        assert_eq!(found("in_stock=true").await, "ade");
        assert_eq!(found("in_stock=false").await, "abcde", "a box that is not ticked");
        assert_eq!(found("min_price=300").await, "cde");
        assert_eq!(found("max_price=299").await, "ab");
        assert_eq!(found("min_price=100&max_price=300&in_stock=true").await, "ad");
        assert_eq!(found("min_price=301&max_price=300").await, "");
        assert_eq!(found("min_price=-9223372036854775808&max_price=9223372036854775807").await, "abcde");
        assert_eq!(found("q=mug&in_stock=true&max_price=300").await, "ad");
        assert_eq!(found("currency=USD").await, "abcde");
        assert_eq!(found("currency=EUR").await, "");
    }

    async fn one_variant_must_be_all_that_is_asked_for(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create(&json!({ "name": "Mug", "variants": [variant("small", 100), variant("large", 900)] })).await;
        clerk.set_stock("large", 1).await;
        let anyone = app.stranger();
        assert_eq!(find(&anyone, "max_price=100").await, ["Mug"]);
        assert_eq!(find(&anyone, "in_stock=true").await, ["Mug"]);
        assert_eq!(find(&anyone, "in_stock=true&max_price=100").await, [""; 0], "the cheap one is sold out");
        assert_eq!(find(&anyone, "min_price=200&max_price=800").await, [""; 0], "none is in between");
        assert_eq!(find(&anyone, "in_stock=true&min_price=900").await, ["Mug"]);
    }

    async fn a_category_holds_what_is_below_it(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, anyone) = (app.staff(), app.stranger());
        let kitchen = clerk.create_category("Kitchen", None).await;
        let mugs = clerk.create_category("Mugs", Some(&kitchen)).await;
        let blue = clerk.create_category("Blue mugs", Some(&mugs)).await;
        let garden = clerk.create_category("Garden", None).await;
        for (name, category) in [("pot", &kitchen), ("mug", &mugs), ("blue", &blue), ("rake", &garden)] {
            let mut body = product(name, name, 5);
            body["category_id"] = json!(category);
            clerk.create(&body).await;
        }
        clerk.create_simple("loose", "loose").await;
        for (category, found) in [
            (kitchen.as_str(), &["blue", "mug", "pot"][..]), ("kitchen", &["blue", "mug", "pot"]), ("mugs", &["blue", "mug"]),
            (&blue, &["blue"]), ("garden", &["rake"]), ("nope", &[]), ("cat_0190c2a4-7c1e-7b3e-9c53-000000000000", &[]),
            ("", &[]), ("%00", &[]), ("Kitchen", &[]), ("'%20OR%201=1", &[]),
        ] {
            assert_eq!(find(&anyone, &format!("category={category}")).await, found, "{category}");
        }
        assert_eq!(find(&anyone, "category=kitchen&q=mug").await, ["mug"]);
    }

    async fn a_query_that_cannot_be_is_refused(fixture: &Fixture) {
        let app = start(fixture).await;
        stocked(&app).await;
        let price = app.stranger().get("/products?sort=price&limit=1").await.expect(200);
        let cursor = price["next_cursor"].as_str().unwrap_or_default();
        for query in [
            "limit=0", "limit=101", "sort=best", "sort=", "in_stock=maybe", "min_price=cheap", "min_price=1.5",
            "max_price=9223372036854775808", "currency=usd", "status=sold", "page=2", "q=a&q=b", "cursor=%21", "cursor=YWJj",
            "cursor=cHJpY2U6MQ",
        ] {
            let refused = app.stranger().get(&format!("/products?{query}")).await.expect(400);
            assert_eq!(refused["code"], "invalid_query", "{query}");
        }
        // A cursor of a list in another order.
        app.stranger().get(&format!("/products?sort=newest&cursor={cursor}")).await.expect_error(400, "`cursor` is not one of ours");
        app.stranger().get(&format!("/products?sort=price&cursor={cursor}")).await.expect(200);
    }

    async fn the_link_to_the_next_page_asks_for_the_same(fixture: &Fixture) {
        let app = start(fixture).await;
        stocked(&app).await;
        let q = encoded("mug");
        let page = app.stranger().get(&format!("/products?q={q}&sort=price&in_stock=true&limit=1")).await;
        let link = page.header("link");
        assert!(link.starts_with(&format!("<?q={q}&sort=price&in_stock=true&limit=1&cursor=")), "{link}");
        assert_eq!(short(&walk(&app.stranger(), &format!("q={q}&sort=price&in_stock=true&limit=1")).await), "ade");
    }
}
