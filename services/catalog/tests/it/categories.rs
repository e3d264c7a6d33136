//! Categories, and the tree that they make.

use futures::future::join_all;
use kit_testing::on_both_databases;
use serde_json::{Value, json};

use crate::app::{Clerk as _, path_of, pointers, product, start, text};

const CYCLE: &str = "a category cannot stand below itself";
const IN_USE: &str = "there are products or categories in the category";

on_both_databases! {
    async fn everybody_sees_the_tree(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let kitchen = clerk.create_category("Kitchen", None).await;
        let mugs = clerk.create_category("Mugs & Cups", Some(&kitchen)).await;
        let listed = app.stranger().get("/categories").await.expect(200);
        assert_eq!(listed, json!({
            "items": [
                { "id": kitchen, "slug": "kitchen", "name": "Kitchen", "parent_id": null },
                { "id": mugs, "slug": "mugs-cups", "name": "Mugs & Cups", "parent_id": kitchen },
            ],
            "next_cursor": null,
        }));
        for path in [format!("/categories/{mugs}"), "/categories/mugs-cups".to_owned()] {
            assert_eq!(app.stranger().get(&path).await.expect(200), listed["items"][1]);
        }
        for unknown in ["/categories/nope", "/categories/cat_nope", "/categories/%00", "/categories/Mugs%20"] {
            app.stranger().get(unknown).await.expect_error(404, "Category not found");
        }
    }

    async fn pages_of_categories_go_on_by_slug(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        for name in ["c", "a", "e", "b", "d"] {
            clerk.create_category(name, None).await;
        }
        let (mut met, mut query) = (Vec::new(), "?limit=2".to_owned());
        loop {
            let page = app.stranger().get(&format!("/categories{query}")).await.expect(200);
            met.extend(page["items"].as_array().unwrap().iter().map(|one| text(&one["slug"])));
            let Value::String(cursor) = &page["next_cursor"] else { break };
            query = format!("?limit=2&cursor={cursor}");
        }
        assert_eq!(met, ["a", "b", "c", "d", "e"]);
        app.stranger().get("/categories?cursor=QQ").await.expect(400);
    }

    async fn a_slug_that_is_made_is_never_in_the_way(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let mut slugs = Vec::new();
        for name in ["Mugs", "mugs!", "MUGS", "茶碗", "---"] {
            let made = clerk.client.post("/categories", &json!({ "name": name })).await.expect(201);
            slugs.push(text(&made["slug"]));
        }
        assert_eq!((slugs[0].as_str(), slugs[3].as_str()), ("mugs", "category"));
        assert!(slugs[1].starts_with("mugs-") && slugs[2].starts_with("mugs-") && slugs[4].starts_with("category-"));
        let asked = clerk.client.post("/categories", &json!({ "name": "x", "slug": "mugs" })).await;
        asked.expect_error(409, "the slug `mugs` is taken");
        assert_eq!(asked.json()["code"], "slug_taken");
    }

    async fn a_category_moves_with_all_that_is_below_it_but_never_into_itself(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let top = clerk.create_category("top", None).await;
        let middle = clerk.create_category("middle", Some(&top)).await;
        let low = clerk.create_category("low", Some(&middle)).await;
        let moved = async |id: &str, parent: Option<&str>| {
            clerk.client.send(http::Method::PATCH, &format!("/categories/{id}"), Some(&json!({ "parent_id": parent }))).await
        };
        for parent in [&top, &middle, &low] {
            let refused = moved(&top, Some(parent)).await;
            refused.expect_error(409, CYCLE);
            assert_eq!(refused.json()["code"], "category_cycle");
        }
        assert_eq!(moved(&middle, None).await.expect(200)["parent_id"], Value::Null);
        assert_eq!(moved(&top, Some(&low)).await.expect(200)["parent_id"], json!(low));
        moved(&middle, Some(&top)).await.expect_error(409, CYCLE);
        let nobody = moved(&low, Some("cat_0190c2a4-7c1e-7b3e-9c53-000000000000")).await.expect(400);
        assert_eq!(pointers(&nobody), ["/parent_id"]);
    }

    async fn moves_at_once_never_make_a_cycle(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        // Each below what is below the other, so that neither move touches a row of the other's.
        let left = clerk.create_category("left", None).await;
        let left_low = clerk.create_category("left low", Some(&left)).await;
        let right = clerk.create_category("right", None).await;
        let right_low = clerk.create_category("right low", Some(&right)).await;
        for round in 0..20 {
            let moves = [(&left, &right_low), (&right, &left_low)].map(|(moved, parent)| {
                let (client, path) = (clerk.client.clone(), format!("/categories/{moved}"));
                let body = json!({ "parent_id": parent });
                async move { client.send(http::Method::PATCH, &path, Some(&body)).await }
            });
            let mut statuses: Vec<_> = join_all(moves).await.iter().map(|reply| reply.status.as_u16()).collect();
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 409], "round {round}");
            for id in [&left, &right] {
                let back = json!({ "parent_id": null });
                clerk.client.send(http::Method::PATCH, &format!("/categories/{id}"), Some(&back)).await.expect(200);
            }
        }
    }

    async fn a_category_is_archived_once_nothing_stands_in_it(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        let top = clerk.create_category("top", None).await;
        let low = clerk.create_category("low", Some(&top)).await;
        let mut mug = product("Mug", "mug", 5);
        mug["category_id"] = json!(low);
        let mug = clerk.create(&mug).await;
        let archive = async |id: &str| clerk.client.delete(&format!("/categories/{id}")).await;
        archive(&top).await.expect_error(409, IN_USE);
        archive(&low).await.expect_error(409, IN_USE);
        clerk.client.delete(&path_of("products", &mug)).await.expect(200);
        assert_eq!(archive(&low).await.expect(200)["slug"], "low");
        archive(&low).await.expect_error(404, "Category not found");
        archive(&top).await.expect(200);
        assert_eq!(app.stranger().get("/categories").await.expect(200)["items"], json!([]));
        // Its slug stays its own, and nothing new can stand in it.
        clerk.client.post("/categories", &json!({ "name": "x", "slug": "low" })).await.expect(409);
        let child = clerk.client.post("/categories", &json!({ "name": "x", "parent_id": low })).await.expect(400);
        assert_eq!(pointers(&child), ["/parent_id"]);
        // Nor can what stood in it come back into it.
        let back = json!({ "status": "active" });
        let refused = clerk.client.send(http::Method::PATCH, &path_of("products", &mug), Some(&back)).await.expect(400);
        assert_eq!(pointers(&refused), ["/category_id"]);
        let back = json!({ "status": "active", "category_id": null });
        clerk.client.send(http::Method::PATCH, &path_of("products", &mug), Some(&back)).await.expect(200);
    }

    async fn no_product_comes_into_a_category_that_is_being_archived(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        for round in 0..10 {
            let id = clerk.create_category("busy", None).await;
            let mut body = product("Mug", &format!("mug-{round}"), 5);
            body["category_id"] = json!(id);
            let path = format!("/categories/{id}");
            let (made, archived) = tokio::join!(clerk.client.post("/products", &body), clerk.client.delete(&path));
            match (made.status.as_u16(), archived.status.as_u16()) {
                (201, 409) => { app.stranger().get(&path).await.expect(200); }
                (400, 200) => { app.stranger().get(&path).await.expect(404); }
                other => panic!("{other:?}"),
            }
        }
    }
}
