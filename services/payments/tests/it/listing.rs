//! One's own transactions, the newest first, a page at a time.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use kit_testing::{Client, Person, on_both_databases};
use serde_json::{Value, json};

use crate::app::{Transactions as _, start};

/// As many transactions; their identifiers, the newest first.
async fn make(person: &Person, count: usize) -> Vec<String> {
    let mut made = Vec::new();
    for _ in 0..count {
        made.push(person.create("0.01").await["id"].as_str().unwrap().to_owned());
    }
    made.reverse();
    made
}

fn ids(page: &Value) -> Vec<String> {
    let transactions = page.as_array().unwrap();
    transactions
        .iter()
        .map(|transaction| transaction["id"].as_str().unwrap().to_owned())
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
        let page = client.get(&format!("/transactions/list{query}")).await;
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
    async fn the_newest_is_first_even_of_those_made_at_the_same_moment(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, bob) = (app.sign_up("ada"), app.sign_up("bob"));
        let none = ada.client.get("/transactions/list").await;
        assert_eq!((none.expect(200), none.header("link")), (json!([]), ""));
        let made = make(&ada, 5).await;
        make(&bob, 2).await;
        for path in ["/transactions/list", "/transactions"] {
            assert_eq!(ids(&ada.client.get(path).await.expect(200)), made);
        }
    }

    async fn a_page_has_twenty_unless_another_limit_is_asked_for(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let made = make(&ada, 21).await;
        for path in ["/transactions/list", "/transactions"] {
            let page = async |query: &str| ada.client.get(&format!("{path}{query}")).await;
            assert_eq!(ids(&page("").await.expect(200)), made[..20]);
            assert_eq!(ids(&page("?limit=1").await.expect(200)), made[..1]);
            assert_eq!(ids(&page("?limit=100").await.expect(200)), made);
            assert_eq!(page("?limit=21").await.header("link"), "", "there is nothing after the last");
            let link = page("").await.header("link").to_owned();
            assert_eq!(ids(&page(&next(&link).unwrap()).await.expect(200)), made[20..]);
        }
    }

    async fn a_walk_meets_each_once_while_others_come(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let made = make(&ada, 23).await;
        for (limit, pages) in [(1, 23), (7, 4), (22, 2), (23, 1)] {
            let met = walk(&ada.client, &format!("?limit={limit}"), async || ()).await;
            assert_eq!(met.len(), pages, "{limit}");
            assert_eq!(met.concat(), made);
        }
        let met = walk(&ada.client, "?limit=4", async || {
            make(&ada, 2).await;
            ada.pay().await;
        });
        assert_eq!(met.await.concat(), made, "what is newer comes before the first page");
    }

    async fn a_page_that_cannot_be_is_refused(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, clerk) = (app.sign_up("ada"), app.staff());
        make(&ada, 2).await;
        // The cursors: nothing of ours, no text, an empty number, a word, a fraction, one that is too large.
        for query in [
            "limit=0", "limit=101", "limit=-1", "limit=1.5", "limit=ten", "limit=", "limit=1&limit=2",
            "cursor=%21", "cursor=_w", "cursor=", "cursor=YWJj", "cursor=MS41", "cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
            "page=2", "status=paid",
        ] {
            for path in ["/transactions/list", "/transactions"] {
                let refused = ada.client.get(&format!("{path}?{query}")).await;
                assert_eq!(refused.expect(400)["code"], "invalid_query", "{query}");
            }
            let refused = clerk.client.get(&format!("/admin/ledger?{query}")).await;
            assert_eq!(refused.expect(400)["code"], "invalid_query", "{query}");
        }
        ada.client.get("/transactions?limit=101").await.expect_error(400, "`limit` must be from 1 to 100");
        ada.client.get("/transactions?cursor=YWJj").await.expect_error(400, "`cursor` is not one of ours");
        // A cursor before everything (-1), and one of somebody else's list (5): still one's own rows only.
        assert_eq!(ada.client.get("/transactions?cursor=LTE").await.expect(200), json!([]));
        assert_eq!(ids(&ada.client.get("/transactions?cursor=NQ").await.expect(200)).len(), 2);
    }
}
