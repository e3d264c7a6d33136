//! The live stream.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::net::SocketAddr;
use std::time::Duration;

use kit_testing::{Identity, eventually, on_both_databases};
use kit_token::Role;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::app::{AnalyticsApp, NOON, stats_text, user};

/// Whoever waits for a line longer waits for ever.
const PATIENCE: Duration = Duration::from_mins(1);

/// A client that reads as it comes.
struct Watcher(BufReader<TcpStream>);

impl Watcher {
    async fn open(address: SocketAddr, token: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET /stats/stream HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        Self(BufReader::new(stream))
    }

    async fn staff(app: &AnalyticsApp) -> Self {
        let token = app.process.sign_in(&Identity::new("rosa", Role::Staff));
        Self::open(app.address, &token).await
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

    /// Waits for an event with these counts.
    async fn until(&mut self, expected: (u64, &str, u64, u64, u64)) {
        let expected_text = stats_text(expected);
        while let Some(data) = self.line("data: ").await {
            if data == expected_text {
                return;
            }
        }
        panic!("the stream has ended without {expected_text}");
    }
}

on_both_databases! {
    async fn a_stream_tells_how_it_is_and_then_what_changes(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let ada = user();
        app.payments.created(ada, "1.50", NOON).await;
        app.until_stats((1, "1.50", 0, 1, 1)).await;
        let mut watcher = Watcher::staff(&app).await;
        assert_eq!(watcher.line("HTTP/1.1 ").await.as_deref(), Some("200 OK"));
        assert_eq!(watcher.line("content-type: ").await.as_deref(), Some("text/event-stream"));
        assert_eq!(watcher.line("event: ").await.as_deref(), Some("stats"));
        assert_eq!(watcher.line("data: ").await, Some(stats_text((1, "1.50", 0, 1, 1))));
        app.payments.paid(ada, 1, NOON).await;
        watcher.until((1, "1.50", 1, 2, 1)).await;
        app.payments.created(user(), "0.50", NOON).await;
        watcher.until((2, "2.00", 1, 3, 2)).await;
    }

    async fn what_another_process_counts_is_seen_too(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let mut watcher = Watcher::staff(&app).await;
        watcher.until((0, "0.00", 0, 0, 0)).await;
        // As another process does: behind this one's back.
        app.execute("UPDATE generations SET events = 7, users = 3").await;
        watcher.until((0, "0.00", 0, 7, 3)).await;
    }

    async fn everybody_sees_the_same(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let mut watchers = Vec::new();
        for _ in 0..5 {
            watchers.push(Watcher::staff(&app).await);
        }
        app.payments.created(user(), "2", NOON).await;
        for watcher in &mut watchers {
            watcher.until((1, "2.00", 0, 1, 1)).await;
        }
    }

    async fn a_stream_ends_when_the_process_stops(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let mut watcher = Watcher::staff(&app).await;
        watcher.until((0, "0.00", 0, 0, 0)).await;
        app.process.lifecycle.end().await;
        assert_eq!(watcher.line("data: ").await, None);
    }

    async fn a_stream_ends_with_its_token(fixture: &Fixture) {
        let app = AnalyticsApp::start(fixture).await;
        let mut watcher = Watcher::staff(&app).await;
        watcher.until((0, "0.00", 0, 0, 0)).await;
        app.process.time.advance(Duration::from_secs(3_600 + 31));
        assert_eq!(watcher.line("data: ").await, None);
    }

    async fn there_are_only_so_many_seats(fixture: &Fixture) {
        let app = AnalyticsApp::start_with(fixture, &[("analytics.streams", "2")]).await;
        let (mut one, mut two) = (Watcher::staff(&app).await, Watcher::staff(&app).await);
        one.until((0, "0.00", 0, 0, 0)).await;
        two.until((0, "0.00", 0, 0, 0)).await;
        let refused = app.staff().get("/stats/stream").await;
        refused.expect_error(503, "too many streams are open");
        assert!(!refused.header("retry-after").is_empty());
        drop(one);
        eventually("a seat is free again", async || {
            let mut third = Watcher::staff(&app).await;
            (third.line("HTTP/1.1 ").await.as_deref() == Some("200 OK")).then_some(())
        })
        .await;
    }
}
