//! The stream of what is new.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::time::Duration;

use kit_testing::{Person, eventually, on_both_databases};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::app::{NotificationsApp, list, start, text};

/// Whoever waits for a line longer waits for ever.
const PATIENCE: Duration = Duration::from_mins(1);

/// A client that reads as it comes.
struct Follower(BufReader<TcpStream>);

impl Follower {
    /// Opens a stream, and waits for the head of its answer.
    async fn open(app: &NotificationsApp, person: &Person, last: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        let last = last.map_or_else(String::new, |last| format!("Last-Event-ID: {last}\r\n"));
        let request = format!(
            "GET /notifications/stream HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{last}Authorization: Bearer {}\r\n\r\n",
            app.address, person.token
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut follower = Self(BufReader::new(stream));
        assert_eq!(follower.line("HTTP/1.1 ").await.as_deref(), Some("200 OK"));
        assert_eq!(
            follower.line("content-type: ").await.as_deref(),
            Some("text/event-stream")
        );
        follower
    }

    /// The rest of the next line that begins so; nothing once the stream has ended.
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

    /// The next event: its identifier, and the title of its notification.
    async fn next(&mut self) -> Option<(String, String)> {
        let id = self.line("id: ").await?;
        assert_eq!(self.line("event: ").await.as_deref(), Some("notification"));
        let data: Value = serde_json::from_str(&self.line("data: ").await?).unwrap();
        Some((id, text(&data["title"])))
    }

    async fn expect(&mut self, id: &str, number: u32) {
        let expected = (id.to_owned(), format!("Order {number} is paid"));
        assert_eq!(self.next().await, Some(expected));
    }
}

on_both_databases! {
    async fn a_stream_tells_what_is_new_from_now_on(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, bob) = (app.sign_up("ada"), app.sign_up("bob"));
        app.pay_all(&ada, 1..=1).await;
        let mut stream = Follower::open(&app, &ada, None).await;
        app.pay(&bob, "2").await;
        app.pay(&ada, "3").await;
        assert_eq!(stream.line("id: ").await.as_deref(), Some("2"), "not what was before, and nobody else's");
        assert_eq!(stream.line("event: ").await.as_deref(), Some("notification"));
        let data: Value = serde_json::from_str(&stream.line("data: ").await.unwrap()).unwrap();
        assert_eq!(data, list(&ada).await["items"][0]);
        app.pay(&ada, "4").await;
        stream.expect("3", 4).await;
    }

    async fn whoever_comes_again_gets_what_was_missed(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        app.pay_all(&ada, 1..=70).await;
        let mut stream = Follower::open(&app, &ada, Some("4")).await;
        for number in 5..=70 {
            stream.expect(&number.to_string(), number).await;
        }
        app.pay(&ada, "71").await;
        stream.expect("71", 71).await;
        let mut from_the_beginning = Follower::open(&app, &ada, Some("0")).await;
        from_the_beginning.expect("1", 1).await;
    }

    async fn what_another_process_writes_is_followed_too(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let mut stream = Follower::open(&app, &ada, None).await;
        // It takes over the consumer, or shares it.
        let other = start(fixture).await;
        for number in 1..=20 {
            other.pay(&ada, &number.to_string()).await;
        }
        let mut seen = Vec::new();
        for id in 1..=20 {
            let (found, title) = stream.next().await.unwrap();
            assert_eq!(found, id.to_string(), "in order, without gaps");
            seen.push(title);
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 20);
    }

    async fn a_stream_ends_when_the_process_stops(fixture: &Fixture) {
        let app = start(fixture).await;
        let mut stream = Follower::open(&app, &app.sign_up("ada"), None).await;
        app.process.lifecycle.end().await;
        assert_eq!(stream.next().await, None);
    }

    async fn a_stream_ends_with_its_token_and_with_its_session(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, bob, eve) = (app.sign_up("ada"), app.sign_up("bob"), app.sign_up("eve"));
        let (mut of_ada, mut of_bob) = (Follower::open(&app, &ada, None).await, Follower::open(&app, &bob, None).await);
        let mut of_eve = Follower::open(&app, &eve, None).await;
        let revocations = app.process.verifier.revocations();
        revocations.raise_epoch(bob.identity.user_id, 1);
        assert_eq!(of_bob.next().await, None);
        app.pay(&ada, "1").await;
        of_ada.expect("1", 1).await;
        revocations.revoke_session(eve.identity.claims(app.now()).sid);
        assert_eq!(of_eve.next().await, None);
        app.process.time.advance(Duration::from_secs(3_600 + 31));
        assert_eq!(of_ada.next().await, None);
    }

    async fn there_are_only_so_many_streams(fixture: &Fixture) {
        let settings = [("notifications.streams", "3"), ("notifications.streams_per_user", "2")];
        let app = NotificationsApp::start_with(fixture, &settings).await;
        let (ada, bob, eve) = (app.sign_up("ada"), app.sign_up("bob"), app.sign_up("eve"));
        let (one, _two) = (Follower::open(&app, &ada, None).await, Follower::open(&app, &ada, None).await);
        let refused = ada.client.get("/notifications/stream").await;
        refused.expect_error(429, "you have too many streams open");
        assert!(!refused.header("retry-after").is_empty());
        let _of_bob = Follower::open(&app, &bob, None).await;
        let refused = eve.client.get("/notifications/stream").await;
        refused.expect_error(503, "too many streams are open");
        assert!(!refused.header("retry-after").is_empty());
        drop(one);
        eventually("a slot is free again", async || {
            let status = eve.client.status(http::Method::GET, "/notifications/stream", None).await;
            (status == 200).then_some(())
        })
        .await;
    }

    async fn what_no_stream_gave_out_is_no_event(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        for id in ["x", "-1", "1.5", "99999999999999999999"] {
            let refused = ada.client.with("last-event-id", id).get("/notifications/stream").await;
            assert_eq!(refused.expect(400)["code"], "invalid_query", "{id}");
        }
    }
}
