//! Products from a table: all of its rows, or none.

use bytes::Bytes;
use futures::future::join_all;
use http::Method;
use kit_testing::{App, Person, Reply, on_both_databases};
use serde_json::{Value, json};

use crate::app::{Clerk as _, MOVEMENTS, PRODUCTS, dollars, start, text};
use crate::books;

const MUGS: &str = "slug,name,description,category,sku,option.size,price,currency,on_hand\n\
    red-mug,Red mug,\"Stoneware, 300 ml\",mugs,RED-S,S,12.50,USD,5\n\
    cup,Cup,,,CUP,,3,EUR,\n\
    red-mug,,,,RED-L,L,14.50,USD,3\n";

async fn send(person: &Person, path: &str, table: &str) -> Reply {
    let table = Bytes::from(table.to_owned());
    person
        .client
        .send_raw(Method::POST, path, Some("text/csv; charset=utf-8"), table)
        .await
}

async fn import(person: &Person, table: &str) -> Reply {
    send(person, "/products/import", table).await
}

/// Created, updated, unchanged, and of how many SKUs the stock changed.
fn counts(view: &Value) -> [u64; 4] {
    let members = [
        "products_created",
        "products_updated",
        "products_unchanged",
        "stock_changed",
    ];
    members.map(|member| view[member].as_u64().unwrap_or(u64::MAX))
}

/// A table of these rows, each of a slug, a name, a SKU, a price and how many there are.
fn table(rows: &[&str]) -> String {
    format!("slug,name,sku,price,currency,on_hand\n{}\n", rows.join("\n"))
}

fn errors(refused: &Value) -> Vec<(String, String)> {
    let errors = refused["errors"].as_array().into_iter().flatten();
    errors
        .map(|error| (text(&error["pointer"]), text(&error["message"])))
        .collect()
}

async fn wrong(app: &App, table: &str) -> Vec<String> {
    let refused = import(&app.staff(), table).await.expect(400);
    assert_eq!(refused["code"], "validation_failed", "{table}");
    errors(&refused).into_iter().map(|(pointer, _)| pointer).collect()
}

on_both_databases! {
    async fn a_table_makes_products_with_variants_and_stock(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let mugs = clerk.create_category("Mugs", None).await;
        let view = import(&clerk, MUGS).await.expect(200);
        assert_eq!(view["rows"], 3);
        assert_eq!(view["dry_run"], false);
        assert_eq!(counts(&view), [2, 0, 0, 2]);
        let product = clerk.client.get("/products/red-mug").await.expect(200);
        assert_eq!((&product["name"], &product["category_id"]), (&json!("Red mug"), &json!(mugs)));
        assert_eq!(product["description"], "Stoneware, 300 ml");
        assert_eq!(product["variants"], json!([
            { "sku": "RED-S", "options": { "size": "S" }, "price": dollars(1250), "available": 5 },
            { "sku": "RED-L", "options": { "size": "L" }, "price": dollars(1450), "available": 3 },
        ]));
        let cup = clerk.client.get("/products/cup").await.expect(200);
        assert_eq!(cup["variants"][0]["options"], json!({}));
        assert_eq!(cup["variants"][0]["price"], json!({ "amount_minor": 300, "currency": "EUR" }));
        assert_eq!(crate::app::find(&clerk.client, "q=stoneware").await, ["Red mug"]);
        let movement = clerk.client.get("/stock/RED-S/movements").await.expect(200)["items"][0].clone();
        assert_eq!((&movement["kind"], &movement["on_hand"]), (&json!("set"), &json!(5)));
        books::are_in_order(&app).await;
    }

    async fn the_same_table_again_changes_nothing_and_another_what_it_says(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_category("Mugs", None).await;
        import(&clerk, MUGS).await.expect(200);
        let before = clerk.client.get("/products/red-mug").await;
        assert_eq!(counts(&import(&clerk, MUGS).await.expect(200)), [0, 0, 2, 0]);
        let after = clerk.client.get("/products/red-mug").await;
        assert_eq!((before.header("etag"), before.json()), (after.header("etag"), after.json()));
        let changed = MUGS.replace("12.50", "11.50").replace("CUP,,3,EUR,", "CUP,,3,EUR,9");
        assert_eq!(counts(&import(&clerk, &changed).await.expect(200)), [0, 1, 1, 1]);
        let product = clerk.client.get("/products/red-mug").await.expect(200);
        assert_eq!(product["variants"][0]["price"], dollars(1150));
        assert_eq!((&product["id"], &product["created_at"]), (&before.json()["id"], &before.json()["created_at"]));
        assert_eq!(clerk.counts("CUP").await, (9, 0, 9));
        assert_eq!(app.count(PRODUCTS).await, 2);
        books::are_in_order(&app).await;
    }

    async fn a_dry_run_says_the_same_and_writes_nothing(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_category("Mugs", None).await;
        let view = send(&clerk, "/products/import?dry_run=true", MUGS).await.expect(200);
        assert_eq!((&view["dry_run"], counts(&view)), (&json!(true), [2, 0, 0, 2]));
        assert_eq!((app.count(PRODUCTS).await, app.count(MOVEMENTS).await), (0, 0));
        assert_eq!(crate::app::find(&clerk.client, "q=stoneware").await, [""; 0]);
        let bad = MUGS.replace("mugs", "nowhere");
        let refused = send(&clerk, "/products/import?dry_run=true", &bad).await.expect(400);
        assert_eq!(errors(&refused), [("/2/category".to_owned(), "there is no such category".to_owned())]);
        // What was tried is no answer that is kept.
        let keyed = clerk.keyed("key");
        send(&keyed, "/products/import?dry_run=true", MUGS).await.expect(200);
        assert_eq!(import(&keyed, MUGS).await.expect(200)["dry_run"], false);
        assert_eq!(app.count(PRODUCTS).await, 2);
        send(&clerk, "/products/import?dry_run=perhaps", MUGS).await.expect(400);
    }

    async fn one_row_that_is_wrong_refuses_all_of_them(fixture: &Fixture) {
        let app = start(fixture).await;
        for (rows, wrong_at) in [
            (&["mug,Mug,MUG,12.505,USD,"][..], &["/2/price"][..]),
            (&["mug,Mug,MUG,1 000,USD,"], &["/2/price"]),
            (&["mug,Mug,MUG,0,USD,"], &["/2/price"]),
            (&["mug,Mug,MUG,-1,USD,"], &["/2/price"]),
            (&["mug,Mug,MUG,99999999999999999999,USD,"], &["/2/price"]),
            (&["mug,Mug,MUG,1,dollars,"], &["/2/currency"]),
            (&["mug,Mug,A B,1,USD,"], &["/2/sku"]),
            (&["No Slug,Mug,MUG,1,USD,"], &["/2/slug"]),
            (&["mug,,MUG,1,USD,"], &["/2/name"]),
            (&["mug,Mug,MUG,1,USD,-1"], &["/2/on_hand"]),
            (&["mug,Mug,MUG,1,USD,many"], &["/2/on_hand"]),
            (&["mug,Mug,MUG,1,USD"], &["/2"]),
            (&["mug,Mug,MUG,1,USD,,"], &["/2"]),
            (&["mug,Mug,,,,"], &["/2/sku", "/2/price", "/2/currency"]),
            (&["mug,Mug,MUG,1,USD,", "mug,Cup,MUG-2,1,USD,"], &["/3/name"]),
            (&["mug,Mug,MUG,1,USD,", "mug,,mug,1,USD,"], &["/3/sku"]),
            (&["mug,Mug,MUG,1,USD,", "cup,Cup,mug,1,USD,"], &["/3/sku"]),
            (&["mug,Mug,MUG,1,USD,", "mug,,MUG-2,1,EUR,"], &["/3/currency"]),
            (&["good,Good,GOOD,1,USD,5", "mug,Mug,MUG,x,USD,", "cup,Cup,CUP,1,USD,x"], &["/3/price", "/4/on_hand"]),
            (&["mug,\"Mug\nof two lines\",MUG,1,USD,", "cup,Cup,CUP,x,USD,"], &["/4/price"]),
        ] {
            assert_eq!(wrong(&app, &table(rows)).await, wrong_at, "{rows:?}");
        }
        assert_eq!((app.count(PRODUCTS).await, app.count(MOVEMENTS).await), (0, 0));
    }

    async fn a_table_of_something_else_is_refused(fixture: &Fixture) {
        let app = start(fixture).await;
        let header = "slug,name,sku,price,currency";
        for (table, wrong_at) in [
            ("", &["/1", "/1", "/1", "/1", "/1"][..]),
            (header, &[""]),
            ("slug,name,sku,price\na,A,A,1\n", &["/1"]),
            (&format!("{header},colour\na,A,A,1,USD,red\n"), &["/1"]),
            (&format!("{header},option.\na,A,A,1,USD,red\n"), &["/1"]),
            (&format!("{header},name\na,A,A,1,USD,A\n"), &["/1"]),
        ] {
            assert_eq!(wrong(&app, table).await, wrong_at, "{table}");
        }
        let clerk = app.staff();
        let many: Vec<String> = (0..1_001).map(|n| format!("s{n},S,s{n},1,USD,")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(wrong(&app, &table(&many)).await, [""]);
        let raw = async |content_type, body: Bytes| {
            clerk.client.send_raw(Method::POST, "/products/import", content_type, body).await
        };
        raw(Some("application/json"), "{}".into()).await.expect_error(415, "the content type must be `text/csv`");
        raw(None, MUGS.into()).await.expect(415);
        let refused = raw(Some("text/csv"), Bytes::from_static(b"slug,\xff")).await.expect(400);
        assert_eq!((&refused["code"], &refused["message"]), (&json!("invalid_text"), &json!("byte 5 of the body is not UTF-8")));
        raw(Some("text/csv"), "x".repeat(2_097_153).into()).await.expect(413);
        let marked = format!("\u{feff}{}", table(&["mug,Mug,MUG,1,USD,1"]));
        assert_eq!(counts(&import(&clerk, &marked).await.expect(200)), [1, 0, 0, 1], "as a spreadsheet writes it");
    }

    async fn what_only_the_database_knows_is_said_by_row_too(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_simple("Mug", "taken").await;
        import(&clerk, &table(&["pot,Pot,POT-1,1,USD,5", "pot,,POT-2,1,USD,"])).await.expect(200);
        let rows = ["good,Good,GOOD,1,USD,7", "cup,Cup,CUP,1,USD,", "cup,,TAKEN,1,USD,", "pot,Pot,POT-2,1,USD,"];
        let refused = import(&clerk, &table(&rows)).await.expect(400);
        assert_eq!(errors(&refused), [
            ("/4/sku".to_owned(), "the SKU `taken` belongs to another product".to_owned()),
            ("/5/sku".to_owned(), "the SKU `POT-1` has stock and cannot be removed".to_owned()),
        ]);
        clerk.client.get("/products/good").await.expect(404);
        assert_eq!(clerk.counts("POT-1").await, (5, 0, 5));
    }

    async fn a_table_of_a_thousand_rows_comes_whole(fixture: &Fixture) {
        let app = start(fixture).await;
        let rows: Vec<String> = (0..1_000).map(|n| format!("s{},S,s-{n},1,USD,3", n / 4)).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let first = table(&rows).replace(",S,", ",Same,");
        assert_eq!(counts(&import(&app.staff(), &first).await.expect(200)), [250, 0, 0, 1000]);
        assert_eq!(app.count(PRODUCTS).await, 250);
        books::are_in_order(&app).await;
    }

    async fn a_table_sent_at_once_or_again_makes_its_products_once(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        clerk.create_category("Mugs", None).await;
        let keyed = clerk.keyed("key");
        let replies = join_all((0..10).map(|_| import(&keyed, MUGS))).await;
        for reply in &replies {
            assert_eq!(counts(&reply.expect(200)), [2, 0, 0, 2]);
        }
        import(&keyed, &MUGS.replace("Red", "Green")).await.expect(422);
        // Without a key, whoever comes second finds what the first has made.
        let backwards = table(&["c,C,C,1,USD,1", "b,B,B,1,USD,1", "a,A,A,1,USD,1"]);
        let forwards = table(&["a,A,A,1,USD,1", "b,B,B,1,USD,1", "c,C,C,1,USD,1"]);
        let tables = (0..10).map(|n| if n % 2 == 0 { &forwards } else { &backwards });
        let replies = join_all(tables.map(|table| import(&clerk, table))).await;
        let created: u64 = replies.iter().map(|reply| counts(&reply.expect(200))[0]).sum();
        assert_eq!(created, 3);
        assert_eq!((app.count(PRODUCTS).await, app.count(MOVEMENTS).await), (5, 5));
        books::are_in_order(&app).await;
    }
}
