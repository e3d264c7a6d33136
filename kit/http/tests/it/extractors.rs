//! Bad input: each extractor refuses it with a 4xx of the one shape, and says what is wrong.

use serde_json::json;

use crate::service::TestService;

#[tokio::test]
async fn json_that_is_not_what_was_asked_for_is_refused_by_name() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    for (body, message) in [
        ("", "malformed JSON at line 1 column 0: EOF while parsing a value"),
        ("{nope", "malformed JSON at line 1 column 2: key must be a string"),
        (
            "{\n \"text\": \"a\",\n}",
            "malformed JSON at line 3 column 1: trailing comma",
        ),
        (
            r#"{"text":"a"} {}"#,
            "malformed JSON at line 1 column 14: trailing characters",
        ),
        ("{}", "/text: missing field `text`"),
        (
            r#"{"text":"a","admin":true}"#,
            "/admin: unknown field `admin`, expected `text` or `tags`",
        ),
        (r#"{"text":"a","text":"b"}"#, "/text: duplicate field `text`"),
        (r#"{"text":null}"#, "/text: invalid type: null, expected a string"),
        (
            r#"{"text":"a","tags":[1,256]}"#,
            "/tags/1: invalid value: integer `256`, expected u8",
        ),
        ("[]", ": invalid type: sequence, expected an object"),
        ("null", ": invalid type: null, expected an object"),
    ] {
        let answer = wire.send_body("POST /notes", "", body).await;
        assert_eq!(answer.refusal(400), message, "{body}");
        let code = if message.starts_with("malformed") {
            "malformed_json"
        } else {
            "validation_failed"
        };
        assert_eq!(answer.json()["code"], code, "{body}");
    }
    let many = wire
        .send_body("POST /notes", "", r#"{"text":"a","tags":"x"}"#)
        .await;
    assert_eq!(
        many.json()["errors"],
        json!([{ "pointer": "/tags", "message": "invalid type: string \"x\", expected a sequence" }])
    );
    service.end().await;
}

#[tokio::test]
async fn json_that_is_deep_or_not_text_is_refused() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    let deep = "[".repeat(1000);
    wire.send_body("POST /notes", "", &deep).await.refusal(400);
    wire.send_body("POST /notes", "", r#"{"text":"\ud800"}"#)
        .await
        .refusal(400);
    let mut request = b"POST /notes HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n\
                        Content-Length: 12\r\n\r\n"
        .to_vec();
    request.extend_from_slice(b"{\"text\":\"\xff\"}");
    wire.send(request).await;
    wire.answer().await.refusal(400);
    service.end().await;
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    let body = r#"{"text":"x"}"#;
    for (line, status) in [
        ("Content-Type: application/json\r\n", 200),
        ("content-type: Application/JSON;charset=UTF-8\r\n", 200),
        ("Content-Type: text/plain\r\n", 415),
        ("Content-Type: application/x-www-form-urlencoded\r\n", 415),
        ("Content-Type: application/jsonx\r\n", 415),
        ("Content-Type: \r\n", 415),
        ("", 415),
    ] {
        wire.send(format!(
            "POST /notes HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n{line}\r\n{body}",
            body.len()
        ))
        .await;
        let answer = wire.answer().await;
        assert_eq!(answer.status, status, "{line}");
        if status == 415 {
            assert_eq!(answer.refusal(415), "the content type must be `application/json`");
        }
    }
    service.end().await;
}

#[tokio::test]
async fn a_path_that_does_not_fit_is_refused() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    assert_eq!(wire.ask("GET /notes/%31", "").await.json()["id"], 1);
    for id in ["x", "-1", "1.5", "4294967296", "%00", "%ff", "%2e%2e", "1%20"] {
        let answer = wire.ask(&format!("GET /notes/{id}"), "").await;
        answer.refusal(400);
        assert_eq!(answer.json()["code"], "invalid_path", "{id}");
    }
    for path in [
        "/notes/",
        "/notes/1/",
        "//notes",
        "/Notes",
        "/notes/1/2",
        "/%6eotes/1x",
    ] {
        let status = wire.ask(&format!("GET {path}"), "").await.status;
        assert!(status == 404 || status == 400, "{path}: {status}");
    }
    service.end().await;
}

#[tokio::test]
async fn bytes_that_are_no_utf_8_break_nothing() {
    let service = TestService::start().await;
    for request in [
        &b"GET /\xff\xfe HTTP/1.1\r\nHost: test\r\n\r\n"[..],
        b"GET /search?q=\xff HTTP/1.1\r\nHost: test\r\n\r\n",
        b"GET /search?q=%ff HTTP/1.1\r\nHost: test\r\n\r\n",
        b"GET /notes/\xc3\x28 HTTP/1.1\r\nHost: test\r\n\r\n",
        b"GET /user HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer \xff\xff\r\n\r\n",
        b"PUT /notes/1 HTTP/1.1\r\nHost: test\r\nIf-Match: \"\xff\"\r\n\r\n",
        b"GET /nowhere HTTP/1.1\r\nHost: \xff\r\nX-Request-Id: \xff\r\nTraceparent: \xff\r\nAccept: \xff\r\n\r\n",
    ] {
        let shown = String::from_utf8_lossy(request).into_owned();
        let mut wire = service.wire().await;
        wire.send(request).await;
        let status = wire.answer().await.status;
        assert!((200..500).contains(&status), "{shown}: {status}");
        if !shown.contains("search") {
            assert!(status >= 400, "{shown}: {status}");
        }
    }
    let mut wire = service.wire().await;
    wire.send("GET /user HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer caf\u{e9}\r\n\r\n")
        .await;
    assert_eq!(
        wire.answer().await.refusal(401),
        "Invalid authorization header format"
    );
    service.end().await;
}

#[tokio::test]
async fn a_query_takes_its_own_parameters_only() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    let found = wire.ask("GET /search?q=a%20b%C3%A9&most=3", "").await;
    assert_eq!(found.json(), json!({ "q": "a b\u{e9}", "most": 3 }));
    for query in [
        "",
        "?",
        "?most=3",
        "?q=a&Q=b",
        "?q=a&other=1",
        "?q=a&q=b",
        "?q=a&most=x",
        "?q=a&most=256",
    ] {
        let answer = wire.ask(&format!("GET /search{query}"), "").await;
        answer.refusal(400);
        assert_eq!(answer.json()["code"], "invalid_query", "{query}");
    }
    service.end().await;
}

#[tokio::test]
async fn a_list_is_walked_a_page_at_a_time() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    let mut query = "?limit=2".to_owned();
    let mut pages = Vec::new();
    loop {
        let answer = wire.ask(&format!("GET /notes{query}"), "").await;
        assert_eq!(answer.status, 200);
        pages.push(answer.json());
        let link = answer.header("link");
        if link.is_empty() {
            break;
        }
        let next = link
            .strip_prefix('<')
            .unwrap()
            .strip_suffix(">; rel=\"next\"")
            .unwrap();
        assert!(next.starts_with("?limit=2&cursor="), "{next}");
        next.clone_into(&mut query);
    }
    assert_eq!(json!(pages), json!([["a", "b"], ["c", "d"], ["e"]]));
    assert_eq!(
        wire.ask("GET /notes", "").await.json().as_array().unwrap().len(),
        5
    );
    for query in [
        "?limit=0",
        "?limit=101",
        "?limit=-1",
        "?limit=",
        "?limit=ten",
        "?limit=1&limit=2",
        "?cursor=!",
        "?cursor=_w",
        "?cursor=AA",
        "?cursor=YQBi",
        "?offset=2",
        "?limit=4294967296",
    ] {
        let answer = wire.ask(&format!("GET /notes{query}"), "").await;
        answer.refusal(400);
        assert_eq!(answer.json()["code"], "invalid_query", "{query}");
    }
    service.end().await;
}

#[tokio::test]
async fn a_change_is_refused_to_who_has_seen_another_version() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    assert_eq!(wire.ask("GET /notes/1", "").await.header("etag"), "\"7\"");
    for (lines, status) in [
        ("", 204),
        ("If-Match: *\r\n", 204),
        ("If-Match: \"7\"\r\n", 204),
        ("if-match: \"6\" , \"7\"\r\n", 204),
        ("If-Match: \"6\"\r\nIf-Match: \"7\"\r\n", 204),
        ("If-Match: \"a,b\", \"7\"\r\n", 204),
        ("If-Match: \"6\"\r\n", 412),
        ("If-Match: W/\"7\"\r\n", 412),
        ("If-Match: \"+7\"\r\n", 412),
        ("If-Match: \"07\"\r\n", 412),
        ("If-Match: \"a,7\"\r\n", 412),
        ("If-Match: \"\"\r\n", 412),
        ("If-Match: 7\r\n", 400),
        ("If-Match: \"7\r\n", 400),
        ("If-Match: \"7\" \"7\"\r\n", 400),
        ("If-Match: w/\"7\"\r\n", 400),
        ("If-Match: *, \"7\"\r\n", 400),
        ("If-Match: *\r\nIf-Match: \"7\"\r\n", 400),
        ("If-Match: \r\n", 400),
    ] {
        let answer = wire.ask("PUT /notes/1", lines).await;
        assert_eq!(answer.status, status, "{lines}");
        match status {
            412 => assert_eq!(answer.refusal(412), "the resource has changed since"),
            400 => assert_eq!(answer.json()["code"], "invalid_if_match"),
            _ => assert!(answer.body.is_empty()),
        }
    }
    service.end().await;
}
