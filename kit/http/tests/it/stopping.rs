//! A process that ends: what is under way is finished, nothing new begins.

use std::time::Duration;

use kit_runtime::{Shutdown, ShutdownLimits};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::service::TestService;

const LIMITS: ShutdownLimits = ShutdownLimits {
    lame_duck: Duration::ZERO,
    hard_stop: Duration::from_mins(1),
};

/// A first signal when it is given, and no second.
fn signal(given: oneshot::Receiver<()>) -> impl AsyncFnMut() {
    let mut given = Some(given);
    async move || match given.take() {
        Some(given) => {
            let _ = given.await;
        }
        None => std::future::pending().await,
    }
}

#[tokio::test]
async fn requests_under_way_are_finished_and_idle_connections_closed() {
    let mut service = TestService::start().await;
    let mut idle = service.wire().await;
    assert_eq!(idle.ask("GET /", "").await.header("connection"), "");
    let mut fresh = service.wire().await;
    let mut busy = service.wire().await;
    busy.send("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n").await;
    assert_eq!(service.events.recv().await, Some("came"));

    let (send, given) = oneshot::channel();
    let readiness = service.process.readiness.clone();
    let (address, gate) = (service.address, service.gate.clone());
    let running = service.process.lifecycle.run(&readiness, LIMITS, signal(given));
    let story = async {
        send.send(()).unwrap();
        assert!(idle.closed().await.is_empty());
        assert!(fresh.closed().await.is_empty());
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(readiness.report().await.draining);
        gate.add_permits(1);
        let answer = busy.answer().await;
        assert_eq!((answer.status, &*answer.body), (200, &b"waited"[..]));
        assert_eq!(answer.header("connection"), "close");
        assert!(busy.closed().await.is_empty());
    };
    let (ended, ()) = tokio::join!(running, story);
    assert_eq!(ended, Shutdown::Clean);
}

#[tokio::test]
async fn a_body_under_way_is_still_read_when_the_process_stops() {
    let service = TestService::start().await;
    let mut busy = service.wire().await;
    busy.send(
        "POST /notes HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\
         Expect: 100-continue\r\n\r\n",
    )
    .await;
    assert_eq!(
        busy.head().await.status,
        100,
        "the server has begun to read the body"
    );
    busy.send("{\"te").await;
    let mut other = service.wire().await;
    assert_eq!(other.ask("GET /", "").await.status, 200);
    let (send, given) = oneshot::channel();
    let readiness = service.process.readiness.clone();
    let running = service.process.lifecycle.run(&readiness, LIMITS, signal(given));
    let story = async {
        send.send(()).unwrap();
        other.closed().await;
        busy.send("xt\":\"x\"}").await;
        let answer = busy.answer().await;
        assert_eq!((answer.status, answer.json()["text"].as_str()), (200, Some("x")));
    };
    let (ended, ()) = tokio::join!(running, story);
    assert_eq!(ended, Shutdown::Clean);
}

#[tokio::test]
async fn a_hard_stop_cuts_off_what_does_not_end() {
    let mut service = TestService::start().await;
    let mut stuck = service.wire().await;
    stuck.send("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n").await;
    assert_eq!(service.events.recv().await, Some("came"));
    let (send, given) = oneshot::channel();
    send.send(()).unwrap();
    let limits = ShutdownLimits {
        hard_stop: Duration::from_millis(50),
        ..LIMITS
    };
    let readiness = service.process.readiness.clone();
    let ended = service
        .process
        .lifecycle
        .run(&readiness, limits, signal(given))
        .await;
    assert_eq!(ended, Shutdown::Forced);
    assert!(stuck.closed().await.is_empty());
    assert_eq!(service.events.recv().await, Some("left"));
}
