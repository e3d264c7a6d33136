//! Requests that are wrong: each gets a 4xx of the one shape, whatever is wrong with it.

use bytes::Bytes;
use http::Method;
use kit_testing::db::TestTarget;
use kit_testing::{Fixture, Reply};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app::{AuthApp, members};

const JSON: &str = "application/json";
const GOOD: &str = r#"{"username":"ada","password":"correct-horse-battery-9"}"#;

async fn with_app(story: impl AsyncFnOnce(&AuthApp)) {
    Fixture::run(TestTarget::sqlite(), async |fixture: &Fixture| {
        story(&AuthApp::start(fixture, &[]).await).await;
    })
    .await;
}

async fn log_in(app: &AuthApp, content_type: Option<&str>, body: impl Into<Bytes>) -> Reply {
    app.client()
        .send_raw(Method::POST, "/login", content_type, body.into())
        .await
}

/// Asserts the one shape; the body.
#[track_caller]
fn shaped(reply: &Reply, status: u16) -> Value {
    let body = reply.expect(status);
    let names = members(&body);
    let most = ["status", "message", "code", "request_id", "errors"];
    assert!(names == most[..4] || names == most, "{body}");
    reply.expect_error(status, body["message"].as_str().unwrap());
    assert_eq!(reply.header("content-type"), JSON);
    body
}

/// Sends bytes as they are, and reads all there is to read.
async fn exchange(app: &AuthApp, request: &[u8]) -> (u16, Value) {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    (status, serde_json::from_str(body).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_json_and_says_so() {
    with_app(async |app: &AuthApp| {
        for content_type in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("json"),
            Some(""),
        ] {
            let body = shaped(&log_in(app, content_type, GOOD).await, 415);
            assert_eq!(body["message"], "the content type must be `application/json`");
        }
        for content_type in [JSON, "Application/JSON; charset=utf-8"] {
            log_in(app, Some(content_type), GOOD).await.expect(401);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_json_is_told_by_line_and_column() {
    with_app(async |app: &AuthApp| {
        for (text, position) in [
            ("", "line 1 column 0"),
            ("{", "line 1 column 1"),
            ("{\n  \"username\": nope\n}", "line 2 column 1"),
            ("{\"username\":\"ada\"", "line 1 column 17"),
            ("{\"username\":\"ada\",}", "line 1 column 19"),
            ("{'username':'ada'}", "line 1 column 2"),
            ("{\"username\":\"\t\"}", "line 1 column 14"),
            ("\u{feff}{}", "line 1 column 1"),
        ] {
            let body = shaped(&log_in(app, Some(JSON), text.to_owned()).await, 400);
            assert_eq!(body["code"], "malformed_json", "{text}: {body}");
            assert!(
                body["message"].as_str().unwrap().contains(position),
                "{text}: {body}"
            );
        }
        let trailing = format!("{GOOD}{GOOD}");
        shaped(&log_in(app, Some(JSON), trailing).await, 400);
        let deep = "[".repeat(60_000);
        shaped(&log_in(app, Some(JSON), deep).await, 400);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_member_is_known_single_and_of_its_type() {
    with_app(async |app: &AuthApp| {
        for (text, pointer) in [
            (r#"{"username":"ada","password":"x","role":"admin"}"#, "/role"),
            (
                r#"{"username":"ada","username":"eve","password":"x"}"#,
                "/username",
            ),
            (r#"{"username":"ada"}"#, "/password"),
            (r#"{"username":null,"password":"x"}"#, "/username"),
            (r#"{"username":["ada"],"password":"x"}"#, "/username"),
            (r#"{"username":"ada","password":12345678}"#, "/password"),
            (r#"{"username":"ada","password":"x","a/b~c":1}"#, "/a~1b~0c"),
        ] {
            let body = shaped(&log_in(app, Some(JSON), text).await, 400);
            assert_eq!(body["errors"][0]["pointer"], pointer, "{text}: {body}");
        }
        for text in ["null", "[]", "true", "12", "\"ada\""] {
            shaped(&log_in(app, Some(JSON), text).await, 400);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_is_utf_8() {
    with_app(async |app: &AuthApp| {
        for bytes in [
            &b"{\"username\":\"\xff\",\"password\":\"x\"}"[..],
            b"{\"username\":\"ada\",\"password\":\"\xc3\"}",
            b"{\"username\":\"ada\",\"password\":\"\xed\xa0\x80\"}",
            b"{\"username\":\"ada\",\"password\":\"\\ud800\"}",
            b"\xff\xfe{\x00",
        ] {
            shaped(&log_in(app, Some(JSON), Bytes::copy_from_slice(bytes)).await, 400);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_has_a_limit_however_it_is_sent() {
    with_app(async |app: &AuthApp| {
        let limit = 64 * 1024;
        let padded = |length: usize| format!("{GOOD}{}", " ".repeat(length - GOOD.len()));
        log_in(app, Some(JSON), padded(limit)).await.expect(401);
        let body = shaped(&log_in(app, Some(JSON), padded(limit + 1)).await, 413);
        assert_eq!(body["message"], "the body is larger than 65536 bytes");

        for (path, content_type) in [("/login", JSON), ("/setup", "application/x-www-form-urlencoded")] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nConnection: close\r\n"
            );
            let announced = format!("{head}Content-Length: {}\r\n\r\n", limit + 1);
            let sent = [announced.as_bytes(), &vec![b' '; limit + 1]].concat();
            let (status, body) = exchange(app, &sent).await;
            assert_eq!((status, &body["code"]), (413, &json!("body_too_large")), "{path}");

            let mut chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
            for _ in 0..9 {
                chunked.extend_from_slice(b"2000\r\n");
                chunked.extend_from_slice(&[b' '; 0x2000]);
                chunked.extend_from_slice(b"\r\n");
            }
            chunked.extend_from_slice(b"0\r\n\r\n");
            let (status, body) = exchange(app, &chunked).await;
            assert_eq!((status, &body["code"]), (413, &json!("body_too_large")), "{path}");
            assert_eq!(body["message"], "the body is larger than 65536 bytes");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_in_pieces_is_read_like_one() {
    with_app(async |app: &AuthApp| {
        app.register("ada").await;
        let (one, two) = GOOD.split_at(20);
        let request = format!(
            "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nConnection: close\r\n\
             Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
            one.len(),
            two.len()
        );
        let (status, body) = exchange(app, request.as_bytes()).await;
        assert_eq!(status, 200, "{body}");
        // One that is not sent whole is not read at all.
        let cut = format!(
            "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nConnection: close\r\n\
             Transfer-Encoding: chunked\r\n\r\nzz\r\n{GOOD}\r\n0\r\n\r\n"
        );
        let (status, _) = exchange(app, cut.as_bytes()).await;
        assert_eq!(status, 400);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_paths_and_methods_are_known_ones() {
    with_app(async |app: &AuthApp| {
        for query in ["", "?", "?tokken=x", "?token=x&more=1", "?token=x&token=y"] {
            let body = shaped(&app.client().get(&format!("/setup{query}")).await, 400);
            assert_eq!(body["code"], "invalid_query", "{query}");
        }
        for path in [
            "/nothing",
            "/login/",
            "/Login",
            "//login",
            "/me/x",
            "/.well-known/none",
        ] {
            let body = shaped(&app.client().get(path).await, 404);
            assert_eq!(body["message"], "there is nothing at this path", "{path}");
        }
        for (method, path, allowed) in [
            (Method::GET, "/login", "POST"),
            (Method::DELETE, "/register", "POST"),
            (Method::POST, "/me", "GET"),
            (Method::PATCH, "/setup", "POST"),
        ] {
            let reply = app.client().send(method, path, None).await;
            let body = shaped(&reply, 405);
            assert_eq!(body["code"], "method_not_allowed");
            let allow = reply.header("allow");
            assert!(
                allow.split(',').any(|method| method.trim() == allowed),
                "{path}: {allow:?}"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_have_limits() {
    with_app(async |app: &AuthApp| {
        let big = "x".repeat(40 * 1024);
        shaped(&app.client().with("x-big", &big).get("/me").await, 431);
        let long = format!("/me?{}", "x".repeat(10 * 1024));
        shaped(&app.client().get(&long).await, 414);
        app.client()
            .with("x-big", &"x".repeat(1024))
            .get("/")
            .await
            .expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_for_problem_details_gets_them() {
    with_app(async |app: &AuthApp| {
        let client = app.client().with("accept", "application/problem+json");
        let wrong =
            json!({ "username": "a b", "email": "a@example.com", "password": "correct-horse-battery-9" });
        let reply = client.post("/register", &wrong).await;
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert_eq!(
            reply.expect(400),
            json!({
                "type": "about:blank", "title": "Bad Request", "status": 400,
                "detail": "/username: must be 3 to 32 of `A-Z a-z 0-9 _ . -`",
                "code": "validation_failed", "request_id": reply.header("x-request-id"),
                "errors": [{ "pointer": "/username", "message": "must be 3 to 32 of `A-Z a-z 0-9 _ . -`" }],
            })
        );
        let reply = client.get("/me").await;
        assert_eq!(reply.expect(401)["detail"], "Missing authorization header");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
        // A good answer stays what it is.
        assert_eq!(client.get("/").await.header("content-type"), JSON);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_names_its_request() {
    with_app(async |app: &AuthApp| {
        let longest = "r".repeat(128);
        for id in ["req_1", "A.b-c_9", longest.as_str()] {
            let client = app.client().with("x-request-id", id);
            assert_eq!(client.get("/").await.header("x-request-id"), id);
            let refused = client.get("/me").await;
            assert_eq!(refused.header("x-request-id"), id);
            assert_eq!(refused.json()["request_id"], id);
        }
        let too_long = "r".repeat(129);
        for id in ["", "two words", "<script>", "a\"b", too_long.as_str()] {
            let reply = app.client().with("x-request-id", id).get("/me").await;
            let made = reply.header("x-request-id");
            assert!(made.starts_with("req_") && made.len() == 36, "{made}");
            reply.expect_error(401, "Missing authorization header");
        }
        let (one, two) = (app.client().get("/").await, app.client().get("/").await);
        assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
    })
    .await;
}
