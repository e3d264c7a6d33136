//! Streams of events (SSE): they arrive one by one, for as long as somebody reads them.

use kit_testing::pass_time;

use crate::live::{HEAD_LIMIT, Live, Seen};

const PATHS: [&str; 2] = ["/api/near/events", "/api/far/events"];

#[tokio::test]
async fn events_arrive_one_by_one_after_the_head() {
    let mut live = Live::start().await;
    for path in PATHS {
        let mut wire = live.wire().await;
        wire.request(&format!("GET {path}"), &["Accept: text/event-stream"])
            .await;
        let head = wire.head().await;
        assert_eq!(
            (
                head.status,
                head.header("content-type"),
                head.header("content-length")
            ),
            (200, Some("text/event-stream"), None),
            "{path}"
        );
        assert_eq!(wire.chunk().await, b"data: after none\n\n", "{path}");
        // Each is sent only when the one before has arrived, so that none can wait for another.
        for event in ["id: 1\ndata: one\n\n", "id: 2\ndata: two\n\n"] {
            live.watch(path).give(event);
            assert_eq!(wire.chunk().await, event.as_bytes(), "{path}");
        }
    }
    live.end().await;
}

#[tokio::test]
async fn a_stream_goes_on_where_the_client_left_it() {
    let live = Live::start().await;
    for path in PATHS {
        let mut wire = live.wire().await;
        wire.request(&format!("GET {path}"), &["Last-Event-ID: 7"]).await;
        wire.head().await;
        assert_eq!(wire.chunk().await, b"data: after 7\n\n", "{path}");
    }
    live.end().await;
}

#[tokio::test]
async fn the_time_limit_of_a_route_is_for_the_head_alone() {
    let mut live = Live::start().await;
    for path in PATHS {
        let mut wire = live.wire().await;
        wire.request(&format!("GET {path}"), &[]).await;
        wire.head().await;
        wire.chunk().await;
        let mut late = live.wire().await;
        late.request(&format!("GET {}", path.replace("events", "late")), &[])
            .await;
        assert_eq!(live.watch(path).sees().await, Seen::Waiting, "{path}");
        pass_time(HEAD_LIMIT).await;
        // A route of the same limit has met it, as its service says or, soon after, the gateway: as much time
        // has passed for the stream.
        assert!([503, 504].contains(&late.answer().await.status()), "{path}");
        live.watch(path).give("data: later\n\n");
        assert_eq!(wire.chunk().await, b"data: later\n\n", "{path}");
    }
    live.end().await;
}

#[tokio::test]
async fn a_client_that_goes_away_ends_the_stream_behind_the_gateway() {
    let mut live = Live::start().await;
    for path in PATHS {
        let mut wire = live.wire().await;
        wire.request(&format!("GET {path}"), &[]).await;
        wire.head().await;
        wire.chunk().await;
        drop(wire);
        // Nothing is sent that could fail: the silence of the client is enough.
        assert_eq!(live.watch(path).sees().await, Seen::StreamEnded, "{path}");
    }
    live.end().await;
}
