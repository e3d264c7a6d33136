//! Connections: when they are used again, when not, and what is known when one breaks.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper_util::rt::TokioIo;
use kit_config::BaseUrl;
use kit_rpc::pool::{Exchange, Pool, PoolSettings, SendError, Upstream};
use kit_runtime::{Lifecycle, Readiness, Shutdown, ShutdownLimits};
use kit_testing::pass_time;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use crate::raw::{RawServer, address_of, closed, nowhere, ok, read_head, write};

type Plain = Upstream<Empty<Bytes>>;

pub(crate) const LONG: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(40);

fn upstream(lifecycle: &Lifecycle, address: &BaseUrl, settings: PoolSettings) -> Plain {
    Pool::new(settings, lifecycle.tasks()).upstream(address).unwrap()
}

pub(crate) fn get() -> Request<Empty<Bytes>> {
    Request::get("/").body(Empty::new()).unwrap()
}

pub(crate) fn bounds(span: Duration) -> Exchange {
    Exchange {
        deadline: Instant::now() + span,
        most_bytes: 1000,
    }
}

pub(crate) async fn text(upstream: &Plain) -> Result<String, SendError> {
    let response = upstream.exchange(get(), bounds(LONG)).await?;
    Ok(String::from_utf8(response.into_body().into()).unwrap())
}

/// Answers one request on a new connection and hands the connection over.
async fn answer_one(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    read_head(&mut stream).await.unwrap();
    write(&mut stream, &ok("hello")).await;
    stream
}

/// Sends a request that [`answer_one`] answers; fails at once when it fails.
async fn answered(upstream: &Plain, listener: &TcpListener) -> TcpStream {
    let answer = async { Ok(answer_one(listener).await) };
    let (said, stream) = tokio::try_join!(text(upstream), answer).unwrap();
    assert_eq!(said, "hello");
    stream
}

#[tokio::test]
async fn requests_one_after_the_other_share_a_connection() {
    let lifecycle = Lifecycle::new();
    let server = RawServer::numbering(&lifecycle.tasks()).await;
    let upstream = upstream(&lifecycle, &server.address, PoolSettings::default());
    for _ in 0..10 {
        assert_eq!(text(&upstream).await.unwrap(), "1");
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_streamed_answer_read_to_its_end_frees_its_connection() {
    let lifecycle = Lifecycle::new();
    let server = RawServer::numbering(&lifecycle.tasks()).await;
    let upstream = upstream(&lifecycle, &server.address, PoolSettings::default());
    for _ in 0..10 {
        let response = upstream.send(get()).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "1");
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn upstreams_of_one_address_share_their_connections() {
    let lifecycle = Lifecycle::new();
    let server = RawServer::numbering(&lifecycle.tasks()).await;
    let pool = Pool::new(PoolSettings::default(), lifecycle.tasks());
    let prefixed: BaseUrl = format!("{}/prefix", server.address).parse().unwrap();
    text(&pool.upstream(&server.address).unwrap()).await.unwrap();
    let (one, other) = (
        pool.upstream(&server.address).unwrap(),
        pool.upstream(&prefixed).unwrap(),
    );
    text(&one).await.unwrap();
    text(&other).await.unwrap();
    text(&one).await.unwrap();
    // One for the upstream that was dropped at once, its connections with it.
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn the_connection_used_last_is_used_next() {
    let lifecycle = Lifecycle::new();
    let server = RawServer::numbering(&lifecycle.tasks()).await;
    let upstream = upstream(&lifecycle, &server.address, PoolSettings::default());
    let (one, other) = tokio::join!(text(&upstream), text(&upstream));
    assert_ne!(one.unwrap(), other.unwrap());
    let next = text(&upstream).await.unwrap();
    for _ in 0..4 {
        assert_eq!(text(&upstream).await.unwrap(), next);
    }
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn a_connection_whose_answer_was_not_read_is_never_used_again() {
    let lifecycle = Lifecycle::new();
    let first_closed = Arc::new(Notify::new());
    let seen = first_closed.clone();
    let server = RawServer::start(&lifecycle.tasks(), move |number, mut stream| {
        let seen = seen.clone();
        async move {
            read_head(&mut stream).await.unwrap();
            if number == 1 {
                write(
                    &mut stream,
                    "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nsome",
                )
                .await;
                closed(&mut stream).await;
                seen.notify_one();
            } else {
                write(&mut stream, &ok("whole")).await;
            }
        }
    })
    .await;
    let upstream = upstream(&lifecycle, &server.address, PoolSettings::default());
    let unread = upstream.send(get()).await.unwrap();
    assert_eq!(
        text(&upstream).await.unwrap(),
        "whole",
        "while the first answer is still open"
    );
    drop(unread);
    first_closed.notified().await;
    assert_eq!(
        text(&upstream).await.unwrap(),
        "whole",
        "after the first answer was dropped"
    );
}

#[tokio::test]
async fn a_connection_still_busy_is_passed_over_and_used_later() {
    let lifecycle = Lifecycle::new();
    let rest = Arc::new(Notify::new());
    let notify = rest.clone();
    let server = RawServer::start(&lifecycle.tasks(), move |number, mut stream| {
        let notify = notify.clone();
        async move {
            if number == 1 {
                read_head(&mut stream).await.unwrap();
                write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nhalf").await;
                notify.notified().await;
                write(&mut stream, "half").await;
            }
            while read_head(&mut stream).await.is_some() {
                write(&mut stream, &ok("whole")).await;
            }
        }
    })
    .await;
    let upstream = upstream(&lifecycle, &server.address, PoolSettings::default());
    let busy = upstream.send(get()).await.unwrap();
    assert_eq!(text(&upstream).await.unwrap(), "whole");
    rest.notify_one();
    assert_eq!(busy.into_body().collect().await.unwrap().to_bytes(), "halfhalf");
    tokio::try_join!(text(&upstream), text(&upstream)).unwrap();
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_replaced() {
    let lifecycle = Lifecycle::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = upstream(&lifecycle, &address_of(&listener), PoolSettings::default());
    drop(answered(&upstream, &listener).await);
    // Lets the runtime learn of it, but not yet the connection's own task.
    tokio::task::yield_now().await;
    answered(&upstream, &listener).await;
}

#[tokio::test]
async fn idle_connections_are_closed_in_time() {
    let lifecycle = Lifecycle::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = PoolSettings {
        idle_timeout: SHORT,
        ..PoolSettings::default()
    };
    let upstream = upstream(&lifecycle, &address_of(&listener), settings);
    let mut stream = answered(&upstream, &listener).await;
    tokio::time::timeout(LONG, closed(&mut stream)).await.unwrap();
    answered(&upstream, &listener).await;
}

#[tokio::test]
async fn a_full_shelf_drops_the_connection_unused_longest() {
    let lifecycle = Lifecycle::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = PoolSettings {
        idle_timeout: Duration::from_hours(1),
        max_idle_per_host: 1,
        ..PoolSettings::default()
    };
    let upstream = upstream(&lifecycle, &address_of(&listener), settings);
    let serve = async {
        let (mut slow, _) = listener.accept().await.unwrap();
        let (quick, dropped) = tokio::join!(text(&upstream), answer_one(&listener));
        read_head(&mut slow).await.unwrap();
        write(&mut slow, &ok("last")).await;
        (quick, dropped, slow)
    };
    let (last, (quick, mut dropped, _kept)) = tokio::join!(text(&upstream), serve);
    assert_eq!(
        (quick.unwrap().as_str(), last.unwrap().as_str()),
        ("hello", "last")
    );
    tokio::time::timeout(LONG, closed(&mut dropped)).await.unwrap();
}

#[tokio::test]
async fn a_stop_closes_idle_connections_at_once() {
    let lifecycle = Lifecycle::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = upstream(&lifecycle, &address_of(&listener), PoolSettings::default());
    let _stream = answered(&upstream, &listener).await;
    let limits = ShutdownLimits {
        lame_duck: Duration::ZERO,
        hard_stop: LONG,
    };
    let mut signals = 0;
    let first_signal_only = || {
        signals += 1;
        let ready = signals == 1;
        async move {
            if !ready {
                pending::<()>().await;
            }
        }
    };
    let ended = lifecycle.run(&Readiness::new(), limits, first_signal_only).await;
    assert_eq!(ended, Shutdown::Clean);
}

#[tokio::test]
async fn a_refused_connection_means_not_sent() {
    let lifecycle = Lifecycle::new();
    let upstream = upstream(&lifecycle, &nowhere().await, PoolSettings::default());
    let error = text(&upstream).await.unwrap_err();
    assert!(error.is_surely_not_sent(), "{error:?}");
}

#[tokio::test]
async fn a_connection_cut_after_the_request_means_unknown() {
    let lifecycle = Lifecycle::new();
    for answer in [
        "",
        "HTTP/1.1 20",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        "nonsense\r\n\r\n",
    ] {
        let server = RawServer::saying(&lifecycle.tasks(), answer).await;
        let upstream = upstream(&lifecycle, &server.address, PoolSettings::default());
        let error = text(&upstream).await.unwrap_err();
        assert!(matches!(error, SendError::Unknown(_)), "{answer:?}: {error:?}");
        assert_eq!(server.accepted(), 1, "{answer:?} was sent again");
    }
}

#[tokio::test]
async fn a_silent_upstream_is_given_up_at_the_deadline() {
    let lifecycle = Lifecycle::new();
    let (asked, mut asks) = mpsc::unbounded_channel();
    let server = RawServer::start(&lifecycle.tasks(), move |_, mut stream| {
        let asked = asked.clone();
        async move {
            read_head(&mut stream).await.unwrap();
            asked.send(()).unwrap();
            pending::<()>().await;
        }
    })
    .await;
    let mut passes = async || {
        asks.recv().await.unwrap();
        pass_time(LONG).await;
    };
    let upstream = upstream(&lifecycle, &server.address, PoolSettings::default());
    let (whole, ()) = tokio::join!(upstream.exchange(get(), bounds(LONG)), passes());
    assert!(matches!(whole, Err(SendError::TimedOut)), "{whole:?}");
    let (head, ()) = tokio::join!(upstream.send_before(get(), Instant::now() + LONG), passes());
    assert!(matches!(head, Err(SendError::TimedOut)), "{head:?}");
}

#[tokio::test]
async fn an_answer_larger_than_wanted_is_refused() {
    let lifecycle = Lifecycle::new();
    let server = RawServer::saying(&lifecycle.tasks(), ok(&"x".repeat(1001))).await;
    let upstream = upstream(&lifecycle, &server.address, PoolSettings::default());
    let error = text(&upstream).await.unwrap_err();
    assert!(matches!(error, SendError::AnswerTooLarge), "{error:?}");
}

#[tokio::test]
async fn a_request_whose_own_body_fails_is_told_apart() {
    let lifecycle = Lifecycle::new();
    let server = RawServer::start(&lifecycle.tasks(), |_, mut stream| async move {
        closed(&mut stream).await;
    })
    .await;
    let frames = [
        Ok(Frame::data(Bytes::from_static(b"half"))),
        Err("the client hung up"),
    ];
    let body = StreamBody::new(futures::stream::iter(frames));
    let pool = Pool::new(PoolSettings::default(), lifecycle.tasks());
    let upstream = pool.upstream(&server.address).unwrap();
    let error = upstream
        .send(Request::post("/").body(body).unwrap())
        .await
        .unwrap_err();
    assert!(matches!(error, SendError::RequestBody(_)), "{error:?}");
}

#[tokio::test]
async fn the_address_is_the_host_unless_the_request_names_one() {
    let lifecycle = Lifecycle::new();
    let server = RawServer::start(&lifecycle.tasks(), |_, mut stream| async move {
        while let Some(head) = read_head(&mut stream).await {
            write(&mut stream, &ok(&head)).await;
        }
    })
    .await;
    let upstream = upstream(&lifecycle, &server.address, PoolSettings::default());
    let expected = format!("GET / HTTP/1.1\r\nhost: {}\r\n\r\n", server.address.authority());
    assert_eq!(text(&upstream).await.unwrap(), expected);
    let mut named = get();
    named
        .headers_mut()
        .insert("host", "shop.example".parse().unwrap());
    let response = upstream.exchange(named, bounds(LONG)).await.unwrap();
    assert_eq!(response.body(), "GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n");
}

#[tokio::test]
async fn a_switched_protocol_becomes_a_stream_of_bytes() {
    let lifecycle = Lifecycle::new();
    let server = RawServer::start(&lifecycle.tasks(), |_, mut stream| async move {
        read_head(&mut stream).await.unwrap();
        let switch = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
        write(&mut stream, switch).await;
        let (mut from, mut to) = stream.split();
        tokio::io::copy(&mut from, &mut to).await.unwrap();
    })
    .await;
    let upstream = upstream(&lifecycle, &server.address, PoolSettings::default());
    let request = Request::get("/")
        .header("connection", "upgrade")
        .header("upgrade", "echo");
    let response: Response<_> = upstream.send(request.body(Empty::new()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    let mut tunnel = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    tunnel.write_all(b"ping").await.unwrap();
    let mut echo = [0; 4];
    tunnel.read_exact(&mut echo).await.unwrap();
    assert_eq!(&echo, b"ping");
}

/// The gateway's bodies are streams that may not be copied; the pool must take any of them.
#[test]
fn a_pool_takes_any_body() {
    fn takes<B>()
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        Upstream<B>: Clone + Send + Sync,
    {
    }
    takes::<kit_http::RequestBody>();
    takes::<hyper::body::Incoming>();
    takes::<http_body_util::combinators::BoxBody<Bytes, Infallible>>();
}
