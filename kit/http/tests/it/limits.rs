//! Requests that are too much.

use std::fmt::Write as _;

use crate::service::{NOTE_LIMIT, TestService};
use crate::wire::Wire;

const MEGABYTE: usize = 1024 * 1024;

/// The head of a request with a JSON body of this length.
fn announced(line: &str, length: usize) -> String {
    format!(
        "{line} HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
}

async fn is_alive(wire: &mut Wire) -> bool {
    wire.ask("GET /", "").await.body == b"hello"
}

#[tokio::test]
async fn many_headers_are_refused() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    let lines = |count| {
        (0..count).fold(String::new(), |mut lines, number| {
            let _ = write!(lines, "X-{number}: x\r\n");
            lines
        })
    };
    // `Host` is one too.
    assert_eq!(wire.ask("GET /", &lines(99)).await.status, 200);
    let refused = wire.ask("GET /", &lines(100)).await;
    assert_eq!(refused.refusal(431), "the headers are too many or too large");
    assert!(is_alive(&mut wire).await);
    service.end().await;
}

#[tokio::test]
async fn large_headers_are_refused() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    let line = |length| format!("X-Large: {}\r\n", "x".repeat(length));
    assert_eq!(wire.ask("GET /", &line(32_000)).await.status, 200);
    wire.ask("GET /", &line(33_000)).await.refusal(431);
    wire.ask("GET /", &(line(20_000) + &line(20_000)))
        .await
        .refusal(431);
    assert!(is_alive(&mut wire).await);
    service.end().await;
}

#[tokio::test]
async fn headers_beyond_any_measure_end_the_connection() {
    let service = TestService::start().await;
    for head in [
        format!(
            "GET / HTTP/1.1\r\nHost: test\r\nX: {}\r\n\r\n",
            "x".repeat(300_000)
        ),
        format!("GET / HTTP/1.1\r\nHost: test\r\n{}\r\n", "X: x\r\n".repeat(300)),
        format!("GET /{} HTTP/1.1\r\nHost: test\r\n\r\n", "x".repeat(300_000)),
    ] {
        let mut wire = service.wire().await;
        // It may hang up before everything is sent.
        let _ = wire.try_send(head).await;
        let said = wire.closed().await;
        let said = String::from_utf8_lossy(&said);
        let refused = ["HTTP/1.1 431 ", "HTTP/1.1 414 "]
            .iter()
            .any(|line| said.starts_with(line));
        assert!(refused || said.is_empty(), "{said}");
    }
    assert!(is_alive(&mut service.wire().await).await);
    service.end().await;
}

#[tokio::test]
async fn a_long_address_is_refused() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    let at = |length: usize| format!("GET /?{}", "x".repeat(length - 2));
    assert_eq!(wire.ask(&at(8 * 1024), "").await.status, 200);
    assert_eq!(
        wire.ask(&at(8 * 1024 + 1), "").await.refusal(414),
        "the address is too long"
    );
    assert!(is_alive(&mut wire).await);
    service.end().await;
}

#[tokio::test]
async fn a_body_may_be_as_long_as_its_route_says() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    let limit = usize::try_from(NOTE_LIMIT).unwrap();
    let note = |length: usize| format!(r#"{{"text":"{}"}}"#, "x".repeat(length - 11));
    assert_eq!(note(limit).len(), limit);
    assert_eq!(wire.send_body("POST /notes", "", &note(limit)).await.status, 200);
    let refused = wire.send_body("POST /notes", "", &note(limit + 1)).await;
    assert_eq!(refused.refusal(413), "the body is larger than 1024 bytes");
    assert_eq!(refused.json()["code"], "body_too_large");
    assert!(is_alive(&mut wire).await);
    service.end().await;
}

#[tokio::test]
async fn a_body_without_an_announced_length_is_measured_while_it_comes() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    let head = "POST /notes HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    let spaces = " ".repeat(usize::try_from(NOTE_LIMIT).unwrap());
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let note = r#"{"text":"in two"}"#;
    wire.send(format!(
        "{head}{}{}0\r\n\r\n",
        chunk(&note[..5]),
        chunk(&note[5..])
    ))
    .await;
    assert_eq!(wire.answer().await.json()["text"], "in two");
    wire.send(format!("{head}{}{}0\r\n\r\n", chunk(&spaces), chunk(note)))
        .await;
    assert_eq!(
        wire.answer().await.refusal(413),
        "the body is larger than 1024 bytes"
    );
    assert!(is_alive(&mut wire).await, "what is left of it was read");
    service.end().await;
}

#[tokio::test]
async fn who_sends_far_too_much_still_reads_why_it_was_refused() {
    let service = TestService::start().await;
    for (line, status) in [
        ("POST /notes", 413),
        ("POST /refuse", 409),
        ("POST /nowhere", 404),
    ] {
        let mut wire = service.wire().await;
        // Everything is written before anything is read, as simple clients do.
        wire.send(announced(line, 3 * MEGABYTE)).await;
        wire.send(vec![b'x'; 3 * MEGABYTE]).await;
        wire.answer().await.refusal(status);
        assert!(is_alive(&mut wire).await, "{line}");
    }
    service.end().await;
}

#[tokio::test]
async fn a_body_without_end_is_not_read_for_ever() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    wire.send(announced("POST /notes", 1024 * MEGABYTE)).await;
    let megabyte = vec![b'x'; MEGABYTE];
    let mut sent = 0;
    while sent < 1024 && wire.try_send(&megabyte).await.is_ok() {
        sent += 1;
    }
    assert!(sent < 64, "{sent} MB were taken");
    service.end().await;
}

#[tokio::test(start_paused = true)]
async fn who_stops_in_the_middle_of_a_refused_body_is_answered_and_hung_up_on() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    wire.send(announced("POST /refuse", MEGABYTE)).await;
    wire.send("{").await;
    let answer = wire.answer().await;
    assert_eq!(answer.refusal(409), "not now");
    assert_eq!(answer.header("connection"), "close");
    assert!(wire.closed().await.is_empty());
    service.end().await;
}

#[tokio::test]
async fn who_waits_for_100_continue_is_refused_without_reading() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    let expecting = |length: usize| {
        announced("POST /notes", length).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n")
    };
    wire.send(expecting(3 * MEGABYTE)).await;
    let answer = wire.answer().await;
    answer.refusal(413);
    assert_eq!(answer.header("connection"), "close", "the body will not come");
    assert!(wire.closed().await.is_empty());

    let mut wire = service.wire().await;
    wire.send(expecting(12)).await;
    assert_eq!(
        wire.head().await.status,
        100,
        "a body that is wanted is asked for"
    );
    wire.send(r#"{"text":"x"}"#).await;
    assert_eq!(wire.answer().await.status, 200);
    assert!(is_alive(&mut wire).await);
    service.end().await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_nobodys_error_but_the_clients() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    wire.send(
        "POST /notes HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n5\r\n{\"tex\r\nzz\r\n",
    )
    .await;
    let said = wire.closed().await;
    let said = String::from_utf8_lossy(&said);
    assert!(said.starts_with("HTTP/1.1 400 "), "{said}");
    assert!(said.contains("the body did not arrive whole"), "{said}");
    service.end().await;
}
