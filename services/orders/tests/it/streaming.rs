//! Following an order as it goes on.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::net::SocketAddr;
use std::time::Duration;

use kit_testing::{Fixture, eventually, on_both_databases};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::app::{Buyer, LineState, Shop, orders_builder, text};

/// Whoever waits for a line longer waits for ever.
const PATIENCE: Duration = Duration::from_mins(1);

/// A client that reads as it comes.
pub(crate) struct Follower(BufReader<TcpStream>);

impl Follower {
    async fn open(address: SocketAddr, buyer: &Buyer, id: &str, last: Option<&str>) -> Self {
        Self::open_by(address, &buyer.orders.token, id, last).await
    }

    /// By whatever token.
    pub(crate) async fn open_by(address: SocketAddr, token: &str, id: &str, last: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let last = last.map(|last| format!("Last-Event-ID: {last}\r\n"));
        let request = format!(
            "GET /orders/{id}/events HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{}Authorization: Bearer {token}\r\n\r\n",
            last.unwrap_or_default()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        Self(BufReader::new(stream))
    }

    /// The next line that begins so; nothing once the stream has ended.
    async fn line(&mut self, start: &str) -> Option<String> {
        let reading = async {
            loop {
                let mut line = String::new();
                if self.0.read_line(&mut line).await.unwrap_or(0) == 0 {
                    return None;
                }
                if let Some(rest) = line.trim_end().strip_prefix(start) {
                    return Some(rest.to_owned());
                }
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.unwrap()
    }

    /// Version and status of the next event; nothing once the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<(i64, String)> {
        let data: Value = serde_json::from_str(&self.line("data: ").await?).unwrap();
        Some((data["version"].as_i64().unwrap(), text(&data["status"])))
    }

    pub(crate) async fn expect(&mut self, events: &[(i64, &str)]) {
        for (version, status) in events {
            assert_eq!(self.next().await, Some((*version, (*status).to_owned())));
        }
    }
}

on_both_databases! {
    async fn a_stream_tells_what_happened_and_then_what_happens(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.confirm(&[("mug", 1)]).await;
        let address = shop.orders.address;
        let mut follower = Follower::open(address, &ada, &id, None).await;
        assert_eq!(follower.line("HTTP/1.1 ").await.as_deref(), Some("200 OK"));
        assert_eq!(follower.line("content-type: ").await.as_deref(), Some("text/event-stream"));
        follower.expect(&[(1, "pending"), (2, "confirmed")]).await;
        ada.pay(&id).await.expect(200);
        follower.expect(&[(3, "paid")]).await;
        let tracking = json!({ "carrier": "DHL", "tracking_number": "TRK-1" });
        shop.act(&id, "ship", Some(&tracking)).await.expect(200);
        assert_eq!(follower.line("id: ").await.as_deref(), Some("4"));
        assert_eq!(follower.line("event: ").await.as_deref(), Some("shipped"));
        let data: Value = serde_json::from_str(&follower.line("data: ").await.unwrap()).unwrap();
        assert_eq!(data["tracking_number"], "TRK-1");
        // It goes on where a client was.
        let mut again = Follower::open(address, &ada, &id, Some("2")).await;
        again.expect(&[(3, "paid"), (4, "shipped")]).await;
        shop.act(&id, "deliver", None).await.expect(200);
        for follower in [&mut follower, &mut again] {
            follower.expect(&[(5, "delivered")]).await;
            assert_eq!(follower.next().await, None, "it is over");
        }
        // And who has seen all of it need not come again.
        let mut late = Follower::open(address, &ada, &id, Some("5")).await;
        assert_eq!(late.line("HTTP/1.1 ").await.as_deref(), Some("204 No Content"));
        let mut odd = Follower::open(address, &ada, &id, Some("nonsense")).await;
        odd.expect(&[(1, "pending")]).await;
    }

    async fn a_stream_goes_on_as_long_as_money_is_on_its_way_back(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let (given_up, kept) = (ada.buy(&[("mug", 1)]).await, ada.buy(&[("mug", 1)]).await);
        ada.cancel(&given_up).await.expect(200);
        let mut follower = Follower::open(shop.orders.address, &ada, &given_up, Some("3")).await;
        follower.expect(&[(4, "cancelled"), (5, "cancelled")]).await;
        assert_eq!(follower.next().await, None, "all of it is paid back");
        let tracking = json!({ "carrier": "DHL", "tracking_number": "TRK-1" });
        shop.act(&kept, "ship", Some(&tracking)).await.expect(200);
        shop.line.set(LineState::Cut);
        shop.act(&kept, "refund", None).await.expect(200);
        shop.act(&kept, "deliver", None).await.expect(200);
        let mut follower = Follower::open(shop.orders.address, &ada, &kept, Some("4")).await;
        follower.expect(&[(5, "delivered")]).await;
        shop.line.set(LineState::Works);
        fixture.advance(Duration::from_mins(2));
        follower.expect(&[(6, "refunded")]).await;
        assert_eq!(follower.next().await, None);
        let mut late = Follower::open(shop.orders.address, &ada, &kept, Some("6")).await;
        assert_eq!(late.line("HTTP/1.1 ").await.as_deref(), Some("204 No Content"));
    }

    async fn a_stream_ends_with_its_token_and_with_its_process(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let ada = shop.buyer("ada");
        let id = ada.buy(&[("mug", 1)]).await;
        shop.counts_become("mug", (4, 0)).await;
        let mut follower = Follower::open(shop.orders.address, &ada, &id, Some("2")).await;
        follower.expect(&[(3, "paid")]).await;
        fixture.advance(Duration::from_secs(3_600 + 31));
        assert_eq!(follower.next().await, None);
        let ada = shop.buyer_of(ada.orders.identity);
        let mut follower = Follower::open(shop.orders.address, &ada, &id, Some("2")).await;
        follower.expect(&[(3, "paid")]).await;
        shop.orders.process.lifecycle.end().await;
        assert_eq!(follower.next().await, None);
    }

    async fn a_buyer_has_only_so_many_streams(fixture: &Fixture) {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let peers = shop.peers();
        shop.orders.stop().await;
        let orders = orders_builder(fixture, peers).await;
        let orders = orders.set("orders.streams", "3").set("orders.streams_per_user", "2").start().await;
        let shop = Shop { clerk: orders.staff(), orders, ..shop };
        let (ada, eve) = (shop.buyer("ada"), shop.buyer("eve"));
        let (own, other) = (ada.confirm(&[("mug", 1)]).await, eve.confirm(&[("mug", 1)]).await);
        let address = shop.orders.address;
        let open = async |buyer: &Buyer, id: &str| {
            let mut follower = Follower::open(address, buyer, id, None).await;
            let status = follower.line("HTTP/1.1 ").await.unwrap();
            (follower, status)
        };
        let (first, _second) = (open(&ada, &own).await, open(&ada, &own).await);
        assert_eq!(open(&ada, &own).await.1, "503 Service Unavailable");
        let third = open(&eve, &other).await;
        assert_eq!(third.1, "200 OK");
        assert_eq!(open(&eve, &other).await.1, "503 Service Unavailable", "as many as the process may have");
        drop(first);
        eventually("there is room again", async || (open(&ada, &own).await.1 == "200 OK").then_some(())).await;
    }
}

/// On SQLite a file has one process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_does_is_seen_too() {
    let target = kit_testing::db::TestTarget::postgres().await;
    Fixture::run(target, async |fixture: &Fixture| {
        let shop = Shop::open(fixture).await;
        shop.sell("mug", 100, 5).await;
        let other = orders_builder(fixture, shop.peers()).await.start().await;
        let ada = shop.buyer("ada");
        let id = ada.buy(&[("mug", 1)]).await;
        let mut follower = Follower::open(other.address, &ada, &id, None).await;
        follower
            .expect(&[(1, "pending"), (2, "confirmed"), (3, "paid")])
            .await;
        ada.cancel(&id).await.expect(200);
        follower.expect(&[(4, "cancelled")]).await;
    })
    .await;
}
