//! Looking for words: what is found, and that a search is words and nothing else.

use kit_testing::{App, on_both_databases};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use tokio::runtime::Handle;

use crate::app::{Clerk as _, encoded, find, product, start};

async fn stocked(fixture: &kit_testing::Fixture) -> App {
    let app = start(fixture).await;
    let clerk = app.staff();
    for (name, sku, description) in [
        (
            "Blue Mug",
            "MUG-BLUE-300",
            "Stoneware, 300 ml. Fits under every espresso machine.",
        ),
        ("Red Mug", "MUG-RED-300", "Stoneware, 300 ml."),
        ("Teapot", "POT.900", "Goes with the blue mug."),
        ("Crème brûlée bowl", "BOWL_12", "Ofenfest, groß"),
        ("茶碗", "CHAWAN-1", "Чашка для чая"),
    ] {
        let mut body = product(name, sku, 1000);
        body["description"] = json!(description);
        clerk.create(&body).await;
    }
    app
}

on_both_databases! {
    async fn words_are_found_in_name_description_and_sku(fixture: &Fixture) {
        let app = stocked(fixture).await;
        let anyone = app.stranger();
        for (q, found) in [
            ("teapot", &["Teapot"][..]),
            ("TEAPOT", &["Teapot"]),
            ("espresso", &["Blue Mug"]),
            ("MUG-RED-300", &["Red Mug"]),
            ("mug-red", &["Red Mug"]),
            ("pot.900", &["Teapot"]),
            ("bowl_12", &["Crème brûlée bowl"]),
            ("creme brulee", &["Crème brûlée bowl"]),
            ("CRÈME", &["Crème brûlée bowl"]),
            ("groß", &["Crème brûlée bowl"]),
            ("茶碗", &["茶碗"]),
            ("чашка ЧАЯ", &["茶碗"]),
            // Every word must be there, the last one as a beginning.
            ("red stoneware", &["Red Mug"]),
            ("stonew", &["Red Mug", "Blue Mug"]),
            ("stonew red", &[]),
            ("red teapot", &[]),
            ("oneware", &[]),
            ("", &["茶碗", "Crème brûlée bowl", "Teapot", "Red Mug", "Blue Mug"]),
            ("  ", &["茶碗", "Crème brûlée bowl", "Teapot", "Red Mug", "Blue Mug"]),
        ] {
            let mut names = find(&anyone, &format!("q={}", encoded(q))).await;
            let mut expected: Vec<_> = found.iter().map(|name| (*name).to_owned()).collect();
            if !q.trim().is_empty() {
                names.sort();
                expected.sort();
            }
            assert_eq!(names, expected, "{q}");
        }
    }

    async fn what_is_called_so_comes_before_what_only_mentions_it(fixture: &Fixture) {
        let app = stocked(fixture).await;
        assert_eq!(find(&app.stranger(), "q=blue").await, ["Blue Mug", "Teapot"]);
        assert_eq!(find(&app.stranger(), "q=blue&sort=newest").await, ["Teapot", "Blue Mug"]);
    }

    async fn no_sign_means_anything_to_the_database(fixture: &Fixture) {
        let app = stocked(fixture).await;
        let anyone = app.stranger();
        // FTS5's and tsquery's languages, SQL, patterns, and what is no letter at all.
        for nothing in [
            "\"", "\"\"", "*", "^", "()", "NEAR(", "'", "''", "\\", "%", "_", "!", "&", "|", ":", "<->", "-", "{}", "\0",
            "\u{feff}", "\u{202e}", "🦀", ";--", "/*", "$", "?", "\u{301}",
        ] {
            assert_eq!(find(&anyone, &format!("q={}", encoded(nothing))).await, [""; 0], "{nothing:?}");
        }
        for (teapot, found) in [
            ("\"teapot\"", true), ("teapot*", true), ("^teapot", true), ("(teapot)", true), ("name:teapot", false),
            ("teapot' OR '1'='1", false), ("teapot:*", true), ("!teapot", true), ("teapot & !mug", true),
            ("teapot AND blue", false), ("teapot OR mug", false), ("NOT teapot", false), ("teapot\0", true),
            ("teapot\\", true), ("{teapot}", true), ("-teapot", true), ("tea\u{301}pot", true), ("teapot:ABCD", false),
        ] {
            let names = find(&anyone, &format!("q={}", encoded(teapot))).await;
            assert_eq!(names == ["Teapot"], found, "{teapot:?}: {names:?}");
        }
        anyone.get(&format!("/products?q={}", "x".repeat(201))).await.expect_error(400, "`q` must have at most 200 characters");
        assert_eq!(find(&anyone, &format!("q={}", "x".repeat(200))).await, [""; 0]);
        assert_eq!(find(&anyone, &format!("q={}", "a+".repeat(100))).await, [""; 0]);
        // Bytes that are no text.
        let odd = anyone.get("/products?q=%FF%FE").await;
        assert!(odd.status.is_success() || odd.status == 400, "{}", odd.status);
    }

    async fn whatever_is_asked_is_answered(fixture: &Fixture) {
        let app = stocked(fixture).await;
        let (anyone, here) = (app.stranger(), Handle::current());
        let config = Config { failure_persistence: None, ..Config::with_cases(60) };
        let searches = prop_oneof!["\\PC{0,40}", "[\"'*^():&|!<>\\-+a-z ]{0,40}", any::<String>().prop_map(|text| text.chars().take(40).collect())];
        let sorts = prop::sample::select(vec!["relevance", "price", "-price", "newest"]);
        let ended = tokio::task::block_in_place(|| {
            TestRunner::new(config).run(&(searches, sorts, "\\PC{0,20}"), |(q, sort, category)| {
                let path = format!("/products?limit=2&q={}&sort={sort}&category={}", encoded(&q), encoded(&category));
                prop_assert_eq!(here.block_on(anyone.get(&path)).status.as_u16(), 200, "{}", path);
                let path = format!("/products?limit=2&q={}&sort={sort}", encoded(&q));
                prop_assert_eq!(here.block_on(anyone.get(&path)).status.as_u16(), 200, "{}", path);
                Ok(())
            })
        });
        ended.unwrap();
    }

    async fn odd_words_of_products_are_found_again(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        for (number, name) in ["1e5", "0x1F", "a.b@c.example", "http://x.example/y?z", "ﬃ", "٣٤", "i18n", "ⅷ", "x".repeat(150).as_str()].iter().enumerate() {
            clerk.create_simple(name, &format!("s{number}")).await;
            assert_eq!(find(&app.stranger(), &format!("q={}", encoded(name))).await, [*name], "{name}");
        }
    }
}
