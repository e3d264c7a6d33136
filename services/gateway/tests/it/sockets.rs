//! WebSocket through the gateway, with a client that others wrote.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as expected"
)]

use std::time::Duration;

use futures::{FutureExt, SinkExt, StreamExt};
use kit_http::server::ServerSettings;
use kit_runtime::{Readiness, Shutdown, ShutdownLimits};
use kit_testing::pass_time;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::live::{Live, Seen};
use crate::wire::{PATIENCE, Wire};

const PATHS: [&str; 2] = ["/api/near/socket", "/api/far/socket"];

/// The lines of a handshake that a client writes by hand.
const HANDSHAKE: [&str; 4] = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

type Socket = WebSocketStream<TcpStream>;

/// Opens a socket as a signed-in user.
async fn open(live: &Live, path: &str) -> Result<Socket, Error> {
    let mut request = format!("ws://shop.example{path}").into_client_request().unwrap();
    let (_, token) = live.user.authorization.split_once(": ").unwrap();
    request
        .headers_mut()
        .insert("authorization", token.parse().unwrap());
    request
        .headers_mut()
        .insert("sec-websocket-protocol", "echo".parse().unwrap());
    let stream = TcpStream::connect(live.address).await.unwrap();
    let (socket, answer) = client_async(request, stream).await?;
    assert_eq!(answer.headers()["sec-websocket-protocol"], "echo");
    Ok(socket)
}

async fn say(socket: &mut Socket, message: impl Into<Message>) {
    socket.send(message.into()).await.unwrap();
}

/// The next message, or none at the end.
async fn receive(socket: &mut Socket) -> Option<Result<Message, Error>> {
    tokio::time::timeout(PATIENCE, socket.next()).await.unwrap()
}

async fn is_repeated(socket: &mut Socket, message: impl Into<Message>) -> bool {
    let message = message.into();
    say(socket, message.clone()).await;
    receive(socket).await.unwrap().unwrap() == message
}

/// Whether the other side is gone without a word.
async fn is_cut(socket: &mut Socket) -> bool {
    matches!(
        receive(socket).await,
        None | Some(Err(Error::Protocol(_) | Error::Io(_)))
    )
}

#[tokio::test]
async fn messages_pass_both_ways_until_the_client_closes() {
    let mut live = Live::start().await;
    for path in PATHS {
        let mut socket = open(&live, path).await.unwrap();
        assert_eq!(live.watch(path).sees().await, Seen::Opened, "{path}");
        assert!(is_repeated(&mut socket, "hello").await, "{path}");
        assert!(is_repeated(&mut socket, vec![7_u8; 3 << 20]).await, "{path}");
        say(&mut socket, Message::Ping("are you there".into())).await;
        let pong = receive(&mut socket).await.unwrap().unwrap();
        assert_eq!(pong, Message::Pong("are you there".into()), "{path}");
        socket.close(None).await.unwrap();
        assert!(
            matches!(receive(&mut socket).await, Some(Ok(Message::Close(_)))),
            "{path}"
        );
        assert!(receive(&mut socket).await.is_none(), "{path}");
        assert_eq!(live.watch(path).sees().await, Seen::Closed, "{path}");
    }
    live.end().await;
}

#[tokio::test]
async fn a_client_that_goes_away_ends_the_socket_of_the_service() {
    let mut live = Live::start().await;
    for path in PATHS {
        let mut socket = open(&live, path).await.unwrap();
        assert!(is_repeated(&mut socket, "hello").await, "{path}");
        drop(socket);
        assert_eq!(live.watch(path).sees().await, Seen::Opened, "{path}");
        assert_eq!(live.watch(path).sees().await, Seen::Closed, "{path}");
    }
    live.end().await;
}

#[tokio::test]
async fn without_a_token_nothing_is_opened_and_the_connection_speaks_http() {
    let mut live = Live::start().await;
    for path in PATHS {
        let mut wire = live.wire().await;
        wire.request(&format!("GET {path}"), &HANDSHAKE).await;
        let refused = wire.answer().await;
        assert_eq!(
            refused.error(),
            (401, "Missing authorization header".to_owned()),
            "{path}"
        );
        wire.request("GET /api/near/plain", &[]).await;
        assert_eq!(wire.answer().await.status(), 200, "{path}");
        // The first socket that is opened is the one of who may.
        let mut socket = open(&live, path).await.unwrap();
        assert!(is_repeated(&mut socket, "hello").await, "{path}");
        assert_eq!(live.watch(path).sees().await, Seen::Opened, "{path}");
        drop(socket);
        assert_eq!(live.watch(path).sees().await, Seen::Closed, "{path}");
    }
    live.end().await;
}

#[tokio::test]
async fn no_other_protocol_is_passed_on() {
    let live = Live::start().await;
    for upgrade in ["Upgrade: h2c", "Upgrade: websocket, h2c", "Upgrade: TLS/1.0"] {
        for path in ["/api/near/plain", "/api/far/plain"] {
            let mut wire = live.wire().await;
            let settings = ["HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA", upgrade];
            let headers = [&["Connection: Upgrade, HTTP2-Settings"], &settings[..]].concat();
            wire.request(&format!("GET {path}"), &headers).await;
            let answer = wire.answer().await;
            assert_eq!(
                (answer.status(), answer.head.header("upgrade")),
                (200, None),
                "{upgrade}"
            );
            assert_eq!(answer.json()["upgradable"], false, "{upgrade} {path}");
            let seen = answer.json()["headers"].to_string();
            for name in ["upgrade", "http2-settings", "connection"] {
                assert!(!seen.contains(&format!("\"{name}\"")), "{upgrade} {path}: {seen}");
            }
            // The preface of HTTP/2 meets a server of HTTP/1.1.
            wire.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
            assert!(wire.ends().await, "{upgrade}");
        }
    }
    live.end().await;
}

#[tokio::test]
async fn what_follows_a_handshake_that_failed_is_a_request_like_any_other() {
    let live = Live::start().await;
    for service in ["near", "far"] {
        let mut wire = live.wire().await;
        let lines = HANDSHAKE.join("\r\n");
        let head = |path: &str| format!("GET /api/{service}/{path} HTTP/1.1\r\nHost: shop.example\r\n");
        // Sent together: if the first became a tunnel, the second would reach the service unjudged.
        wire.send(format!("{}{lines}\r\n\r\n{}\r\n", head("plain"), head("mine")))
            .await;
        assert_eq!(wire.answer().await.status(), 200, "{service}");
        assert_eq!(wire.answer().await.error().0, 401, "{service}");
    }
    live.end().await;
}

#[tokio::test]
async fn a_service_that_refuses_the_handshake_is_heard() {
    let live = Live::start().await;
    let user = live.user.authorization.as_str();
    for path in PATHS {
        let mut wire = live.wire().await;
        let old = [
            user,
            HANDSHAKE[0],
            HANDSHAKE[1],
            "Sec-WebSocket-Version: 8",
            HANDSHAKE[3],
        ];
        wire.request(&format!("GET {path}"), &old).await;
        assert_eq!(wire.answer().await.status(), 400, "{path}");
        wire.request("GET /api/near/plain", &[]).await;
        assert_eq!(wire.answer().await.status(), 200, "{path}");
    }
    live.end().await;
}

#[tokio::test]
async fn an_answer_101_without_the_key_makes_no_tunnel() {
    let live = Live::start().await;
    for (path, status) in [("/api/near/rude", 500), ("/api/far/rude", 502)] {
        for headers in [&HANDSHAKE[..], &[]] {
            let mut wire = live.wire().await;
            wire.request(&format!("GET {path}"), headers).await;
            assert_eq!(wire.answer().await.error().0, status, "{path} {headers:?}");
            // hyper gives the connection to who waits for it when it ends, and here somebody does.
            wire.finish().await;
            assert!(wire.ends().await, "{path} {headers:?}");
        }
    }
    live.end().await;
}

#[tokio::test]
async fn a_malformed_handshake_is_refused() {
    let live = Live::start().await;
    for path in PATHS {
        let no_key = &HANDSHAKE[..3];
        let two_keys = [&HANDSHAKE[..], &["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]].concat();
        for (headers, message) in [
            (no_key, "a WebSocket handshake has one `Sec-WebSocket-Key`"),
            (&two_keys, "a WebSocket handshake has one `Sec-WebSocket-Key`"),
        ] {
            let answer = live.ask(&format!("GET {path}"), headers).await;
            assert_eq!(answer.error(), (400, message.to_owned()), "{path}");
        }
        let mut wire = live.wire().await;
        let headers = [&HANDSHAKE[..], &["Content-Length: 5"]].concat();
        wire.request(&format!("GET {path}"), &headers).await;
        wire.send("abcde").await;
        let message = "a WebSocket handshake has no body".to_owned();
        assert_eq!(wire.answer().await.error(), (400, message), "{path}");
        wire.request("GET /api/near/plain", &[]).await;
        assert_eq!(wire.answer().await.status(), 200, "{path}");
    }
    live.end().await;
}

#[tokio::test]
async fn a_peer_that_is_away_is_told_before_anything_is_opened() {
    let live = Live::start().await;
    live.far_lifecycle.end().await;
    let Err(Error::Http(answer)) = open(&live, "/api/far/socket").await else {
        panic!("a socket to nobody");
    };
    assert_eq!(answer.status(), 503);
    live.end().await;
}

/// Stops the gateway's process while `story` runs, and says how it ended.
async fn stopped(live: &mut Live, story: impl Future<Output = ()>) -> Shutdown {
    let limits = ShutdownLimits {
        lame_duck: Duration::ZERO,
        hard_stop: Duration::from_mins(1),
    };
    let lifecycle = std::mem::take(&mut live.lifecycle);
    let (readiness, mut signals) = (Readiness::new(), 0);
    let running = lifecycle.run(&readiness, limits, async || {
        signals += 1;
        if signals > 1 {
            std::future::pending::<()>().await;
        }
    });
    tokio::join!(running, story).0
}

#[tokio::test]
async fn a_process_that_stops_closes_its_tunnels() {
    for path in PATHS {
        let settings = ServerSettings {
            tunnel_goodbye: Duration::ZERO,
            ..ServerSettings::default()
        };
        let mut live = Live::start_with(&[], settings).await;
        let mut socket = open(&live, path).await.unwrap();
        assert!(is_repeated(&mut socket, "hello").await, "{path}");
        let ended = stopped(&mut live, async {
            assert!(is_cut(&mut socket).await, "{path}");
        });
        assert_eq!(ended.await, Shutdown::Clean, "{path}");
        assert_eq!(live.watch(path).sees().await, Seen::Opened, "{path}");
        assert_eq!(live.watch(path).sees().await, Seen::Closed, "{path}");
        live.end().await;
    }
}

#[tokio::test]
async fn a_service_that_hears_of_the_end_may_take_its_leave() {
    let settings = ServerSettings {
        tunnel_goodbye: PATIENCE,
        ..ServerSettings::default()
    };
    let mut live = Live::start_with(&[], settings).await;
    let mut socket = open(&live, "/api/near/socket").await.unwrap();
    assert!(is_repeated(&mut socket, "hello").await);
    say(&mut socket, "wait").await;
    let ended = stopped(&mut live, async {
        let Some(Ok(Message::Close(Some(frame)))) = receive(&mut socket).await else {
            panic!("no goodbye");
        };
        assert_eq!(frame.code, CloseCode::Away);
        assert!(receive(&mut socket).await.is_none());
    });
    assert_eq!(ended.await, Shutdown::Clean);
    live.end().await;
}

#[tokio::test]
async fn a_silent_tunnel_is_closed_and_one_in_use_is_not() {
    let idle = Duration::from_hours(1);
    let settings = ServerSettings {
        tunnel_idle: idle,
        ..ServerSettings::default()
    };
    let mut live = Live::start_with(&[], settings).await;
    for path in PATHS {
        let mut socket = open(&live, path).await.unwrap();
        for _ in 0..4 {
            assert!(is_repeated(&mut socket, "hello").await, "{path}");
            pass_time(idle).await;
        }
        assert!(is_repeated(&mut socket, "hello").await, "{path}");
        // It is looked at once an idle time, so two are enough, and more do no harm.
        for _ in 0..10 {
            pass_time(idle).await;
        }
        assert!(is_cut(&mut socket).await, "{path}");
        assert_eq!(live.watch(path).sees().await, Seen::Opened, "{path}");
        assert_eq!(live.watch(path).sees().await, Seen::Closed, "{path}");
    }
    live.end().await;
}

#[tokio::test]
async fn a_tunnel_counts_among_the_connections() {
    let settings = ServerSettings {
        connections: 1,
        ..ServerSettings::default()
    };
    let live = Live::start_with(&[], settings).await;
    for path in PATHS {
        let mut socket = open(&live, path).await.unwrap();
        let mut next = Wire::open(live.address).await;
        next.request("GET /api/near/plain", &["Connection: close"]).await;
        for _ in 0..20 {
            assert!(is_repeated(&mut socket, "hello").await, "{path}");
        }
        assert!(next.head().now_or_never().is_none(), "{path}");
        drop(socket);
        assert_eq!(next.answer().await.status(), 200, "{path}");
        drop(next);
    }
    live.end().await;
}

#[tokio::test]
async fn opening_sockets_is_limited_like_asking() {
    let keys = [("gateway.rate_limit.user", "1/m burst 2")];
    let live = Live::start_with(&keys, ServerSettings::default()).await;
    let first = open(&live, PATHS[0]).await.unwrap();
    let second = open(&live, PATHS[1]).await.unwrap();
    let Err(Error::Http(answer)) = open(&live, PATHS[0]).await else {
        panic!("a socket too many");
    };
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "60");
    drop((first, second));
    live.end().await;
}
