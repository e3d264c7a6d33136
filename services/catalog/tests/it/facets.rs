//! What a search can be narrowed by, and how much that leaves.

use kit_testing::{Client, on_both_databases};
use serde_json::{Value, json};

use crate::app::{Clerk as _, product, start, text, variant};

/// The categories with their counts, and the range of prices.
async fn facets(client: &Client, query: &str) -> (Vec<(String, u64)>, Value) {
    let facets = client.get(&format!("/products?{query}")).await.expect(200)["facets"].clone();
    let categories = facets["category"].as_array().cloned().unwrap_or_default();
    let counts = categories
        .iter()
        .map(|one| (text(&one["value"]), one["count"].as_u64().unwrap_or_default()));
    (counts.collect(), facets["price"].clone())
}

fn counts(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected
        .iter()
        .map(|(slug, count)| ((*slug).to_owned(), *count))
        .collect()
}

on_both_databases! {
    async fn facets_count_what_each_choice_would_leave(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, anyone) = (app.staff(), app.stranger());
        assert_eq!(facets(&anyone, "").await, (Vec::new(), json!({ "min": null, "max": null })));
        let kitchen = clerk.create_category("Kitchen", None).await;
        let mugs = clerk.create_category("Mugs", Some(&kitchen)).await;
        let garden = clerk.create_category("Garden", None).await;
        clerk.create_category("Empty", None).await;
        for (name, price, category) in [
            ("pot", 900, Some(&kitchen)), ("red mug", 300, Some(&mugs)), ("blue mug", 500, Some(&mugs)),
            ("rake", 2000, Some(&garden)), ("loose mug", 100, None),
        ] {
            let mut body = product(name, &name.replace(' ', "-"), price);
            body["category_id"] = json!(category);
            clerk.create(&body).await;
        }
        let all = counts(&[("kitchen", 3), ("mugs", 2), ("garden", 1)]);
        assert_eq!(facets(&anyone, "").await, (all.clone(), json!({ "min": 100, "max": 2000 })));
        assert_eq!(facets(&anyone, "limit=1").await.0, all, "of all pages");
        // Its own filter does not count: one can still change one's mind.
        assert_eq!(facets(&anyone, "category=mugs").await, (all, json!({ "min": 300, "max": 500 })));
        let dear = facets(&anyone, "min_price=500").await;
        assert_eq!(dear, (counts(&[("kitchen", 2), ("garden", 1), ("mugs", 1)]), json!({ "min": 100, "max": 2000 })));
        let of_mugs = facets(&anyone, "q=mug").await;
        assert_eq!(of_mugs, (counts(&[("kitchen", 2), ("mugs", 2)]), json!({ "min": 100, "max": 500 })));
        assert_eq!(facets(&anyone, "q=nothing").await, (Vec::new(), json!({ "min": null, "max": null })));
    }

    async fn facets_look_at_variants_that_can_be_bought(fixture: &Fixture) {
        let app = start(fixture).await;
        let (clerk, anyone) = (app.staff(), app.stranger());
        let made = clerk.create(&json!({
            "name": "Mug", "variants": [variant("s", 100), variant("m", 200), variant("l", 900)],
        })).await;
        clerk.set_stock("m", 1).await;
        assert_eq!(facets(&anyone, "").await.1, json!({ "min": 100, "max": 900 }));
        assert_eq!(facets(&anyone, "in_stock=true").await.1, json!({ "min": 200, "max": 200 }));
        let fewer = json!({ "variants": [variant("s", 150), variant("m", 200)] });
        let path = crate::app::path_of("products", &made);
        clerk.client.send(http::Method::PATCH, &path, Some(&fewer)).await.expect(200);
        assert_eq!(facets(&anyone, "").await.1, json!({ "min": 150, "max": 200 }));
    }
}
