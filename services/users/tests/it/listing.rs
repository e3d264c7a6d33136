//! All profiles, a page at a time.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::collections::BTreeSet;

use kit_testing::{Client, Person, on_both_databases};
use serde_json::{Value, json};

use crate::app::{HasProfile as _, UsersApp};

/// People whose profiles are made in another order than that of their identifiers.
async fn settle(app: &UsersApp, names: std::ops::Range<u32>) -> Vec<Person> {
    let persons: Vec<_> = names
        .map(|number| app.sign_up(&format!("user{number}")))
        .collect();
    for person in persons.iter().rev() {
        person.client.post("/users", &person.profile()).await.expect(200);
    }
    persons
}

fn ids(page: &Value) -> Vec<String> {
    let profiles = page.as_array().unwrap();
    profiles
        .iter()
        .map(|profile| profile["user_id"].as_str().unwrap().to_owned())
        .collect()
}

/// The query of the next page, as the `Link` header gives it.
fn next(link: &str) -> Option<String> {
    let target = link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?;
    assert!(
        target.starts_with("?limit=") && target.contains("&cursor="),
        "{link}"
    );
    Some(target.to_owned())
}

/// Every page from this query on, and something that happens after each.
async fn walk(client: &Client, query: &str, mut between: impl AsyncFnMut()) -> Vec<Vec<String>> {
    let (mut query, mut pages) = (query.to_owned(), Vec::new());
    loop {
        let page = client.get(&format!("/users{query}")).await;
        pages.push(ids(&page.expect(200)));
        let Some(after) = next(page.header("link")) else {
            assert_eq!(page.header("link"), "");
            return pages;
        };
        assert!(pages.len() < 100, "the walk ends");
        query = after;
        between().await;
    }
}

on_both_databases! {
    async fn profiles_are_listed_as_an_array(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let reader = app.sign_up("reader");
        let empty = reader.client.get("/users").await;
        assert_eq!((empty.expect(200), empty.header("link")), (json!([]), ""));
        let ada = app.settle("ada").await;
        let listed = reader.client.get("/users").await;
        assert_eq!(listed.expect(200), json!([ada.seen().await]));
        assert_eq!(listed.header("link"), "");
    }

    async fn a_page_has_twenty_unless_another_limit_is_asked_for(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let persons = settle(&app, 0..21).await;
        let client = &persons[0].client;
        let count = async |query: &str| ids(&client.get(&format!("/users{query}")).await.expect(200)).len();
        assert_eq!(count("").await, 20);
        assert_eq!(count("?limit=1").await, 1);
        assert_eq!(count("?limit=100").await, 21);
        let exact = client.get("/users?limit=21").await;
        assert_eq!(exact.header("link"), "", "there is nothing after the last");
        assert!(client.get("/users").await.header("link").starts_with("<?limit=20&cursor="));
    }

    async fn a_walk_meets_everybody_once(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let persons = settle(&app, 0..23).await;
        let everybody: BTreeSet<_> = persons.iter().map(|person| person.id.clone()).collect();
        for (limit, pages) in [(1, 23), (7, 4), (22, 2), (23, 1)] {
            let met = walk(&persons[0].client, &format!("?limit={limit}"), async || ()).await;
            assert_eq!(met.len(), pages, "{limit}");
            let met = met.concat();
            assert_eq!(met, everybody.iter().cloned().collect::<Vec<_>>(), "in order, nobody twice");
        }
    }

    async fn a_walk_meets_everybody_once_while_others_come_and_go(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let persons = settle(&app, 0..20).await;
        let mut number = 100;
        let met = walk(&persons[0].client, "?limit=3", async || {
            // Somebody comes and somebody else leaves again, before and behind the cursor.
            settle(&app, number..number + 2).await;
            let guest = app.settle("guest").await;
            guest.client.delete(&guest.path()).await.expect(200);
            number += 2;
        })
        .await
        .concat();
        let distinct: BTreeSet<_> = met.iter().collect();
        assert_eq!(distinct.len(), met.len(), "nobody twice");
        for person in &persons {
            assert!(distinct.contains(&person.id), "{} was passed over", person.id);
        }
    }

    async fn a_cursor_survives_the_one_it_stands_at(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let persons = settle(&app, 0..5).await;
        let admin = app.admin();
        let first = admin.client.get("/users?limit=2").await;
        let last = ids(&first.expect(200))[1].clone();
        admin.client.delete(&format!("/users/{last}")).await.expect(200);
        let rest = walk(&admin.client, &next(first.header("link")).unwrap(), async || ()).await;
        assert_eq!(rest.concat().len(), persons.len() - 2);
    }

    async fn a_page_that_cannot_be_is_refused(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let ada = app.settle("ada").await;
        for query in [
            "limit=0", "limit=101", "limit=-1", "limit=1.5", "limit=ten", "limit=", "limit=99999999999",
            "limit=1&limit=2", "cursor=%21", "cursor=_w", "cursor=AA", "cursor=YQBi", "page=2", "offset=1",
            "Limit=1", "limit=1&sort=name",
        ] {
            let refused = ada.client.get(&format!("/users?{query}")).await;
            assert_eq!(refused.expect(400)["code"], "invalid_query", "{query}");
        }
        let limit = ada.client.get("/users?limit=101").await;
        limit.expect_error(400, "`limit` must be from 1 to 100");
        // Text that stands behind every identifier, and one that stands before.
        assert_eq!(ada.client.get("/users?cursor=en56eg").await.expect(200), json!([]));
        assert_eq!(ids(&ada.client.get("/users?cursor=IQ").await.expect(200)).len(), 1);
        assert_eq!(ids(&ada.client.get("/users?cursor=").await.expect(200)).len(), 1);
    }
}
