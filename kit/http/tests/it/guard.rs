//! What stands before a handler, and a router that agrees with its table.

use axum::http::Method;
use kit_http::server::Stack;
use kit_http::{Access, Guard, Handlers, HandlersError, Route, RouteTable};
use kit_runtime::{FakeClock, Ids};
use kit_testing::{AUDIENCE, ISSUER, Identity, TestProcess};
use kit_token::{GuestToken, Role, Verifier, VerifierRules};

use crate::service::{TestService, serve};
use crate::wire::Wire;

#[tokio::test]
async fn each_way_of_not_signing_in_has_its_message() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    let token = service.process.sign_in(&Identity::customer("ada"));
    let format = "Invalid authorization header format";
    for (lines, message) in [
        (String::new(), "Missing authorization header"),
        (
            "X-Authorization: Bearer x\r\n".to_owned(),
            "Missing authorization header",
        ),
        ("Authorization: Basic abc\r\n".to_owned(), format),
        ("Authorization: \r\n".to_owned(), format),
        ("Authorization: Bearer\r\n".to_owned(), format),
        ("Authorization: Bearer \r\n".to_owned(), format),
        (format!("Authorization: {token}\r\n"), format),
        (format!("Authorization: Bearer {token} x\r\n"), format),
        (format!("Authorization: Bearer  {token}\r\n"), format),
        (
            format!("Authorization: Bearer {token}\r\nAuthorization: Bearer {token}\r\n"),
            format,
        ),
        (
            format!("Authorization: Bearer {token}\r\nauthorization: Basic abc\r\n"),
            format,
        ),
        (
            "Authorization: Bearer a.b.c\r\n".to_owned(),
            "Invalid or expired token",
        ),
        (
            format!("Authorization: Bearer {token}x\r\n"),
            "Invalid or expired token",
        ),
        (
            format!("Authorization: Bearer {}\r\n", "x".repeat(5000)),
            "Invalid or expired token",
        ),
    ] {
        let answer = wire.ask("GET /user", &lines).await;
        assert_eq!(answer.refusal(401), message, "{lines}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let answer = wire
            .ask("GET /user", &format!("Authorization: {scheme} {token}\r\n"))
            .await;
        assert_eq!(answer.body, b"ada");
    }
    service.end().await;
}

#[tokio::test]
async fn a_token_ends_with_its_time() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    let bearer = service.bearer(Role::Customer);
    assert_eq!(wire.ask("GET /user", &bearer).await.status, 200);
    service
        .process
        .time
        .advance(std::time::Duration::from_secs(3600 + 31));
    assert_eq!(
        wire.ask("GET /user", &bearer).await.refusal(401),
        "Invalid or expired token"
    );
    service.end().await;
}

#[tokio::test]
async fn each_role_includes_the_one_before() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    for (role, staff, admin) in [
        (Role::Customer, 403, 403),
        (Role::Staff, 200, 403),
        (Role::Admin, 200, 200),
    ] {
        let bearer = service.bearer(role);
        for (path, status) in [
            ("/user", 200),
            ("/own", 200),
            ("/staff", staff),
            ("/admin", admin),
        ] {
            let answer = wire.ask(&format!("GET {path}"), &bearer).await;
            assert_eq!(answer.status, status, "{role:?} at {path}");
            if status == 403 {
                answer.refusal(403);
            }
        }
    }
    service.end().await;
}

#[tokio::test]
async fn a_public_route_does_not_look_at_tokens() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    for lines in ["", "Authorization: Bearer a.b.c\r\n", "Authorization: ?\r\n"] {
        assert_eq!(wire.ask("GET /", lines).await.status, 200);
    }
    service.end().await;
}

#[tokio::test]
async fn a_guest_needs_no_token_but_a_bad_one_is_refused() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    assert_eq!(wire.ask("GET /guest", "").await.body, b"nobody");
    let known = wire.ask("GET /guest", &service.bearer(Role::Customer)).await;
    assert_eq!(known.body, b"ada");
    for (lines, message) in [
        ("Authorization: Bearer a.b.c\r\n", "Invalid or expired token"),
        ("Authorization: ?\r\n", "Invalid authorization header format"),
    ] {
        assert_eq!(wire.ask("GET /guest", lines).await.refusal(401), message);
    }
    service.end().await;
}

#[tokio::test]
async fn nobody_can_be_verified_before_there_are_keys() {
    let process = TestProcess::new();
    let rules = VerifierRules {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        max_lifetime: std::time::Duration::from_hours(24),
        leeway: std::time::Duration::from_secs(30),
    };
    let clock = FakeClock::at(process.clock().now()).clock();
    let guard = Guard::new(Verifier::new(rules, clock).unwrap());
    let table = RouteTable::new("test", vec![Route::new(Method::GET, "/", "greet", Access::User)]);
    let router = Handlers::new(table, guard)
        .on("greet", || async { "hello" })
        .finish(())
        .unwrap();
    let stack = Stack::new(Ids::system(), &process.metrics);
    let address = serve(&process, stack, router).await;
    let mut wire = Wire::open(address).await;
    let token = process.sign_in(&Identity::customer("ada"));
    let answer = wire
        .ask("GET /", &format!("Authorization: Bearer {token}\r\n"))
        .await;
    assert_eq!(answer.refusal(503), "Auth service unavailable");
    assert!(!answer.header("retry-after").is_empty());
    assert_eq!(
        wire.ask("GET /", "").await.refusal(401),
        "Missing authorization header"
    );
    process.lifecycle.end().await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let service = TestService::start().await;
    let answer = service.wire().await.ask("GET /late", "").await;
    assert_eq!(answer.refusal(503), "the request took too long");
    assert!(!answer.header("retry-after").is_empty());
    service.end().await;
}

#[tokio::test]
async fn a_known_path_names_the_methods_it_knows() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    for (line, allowed) in [
        ("DELETE /notes", ["GET", "HEAD", "POST"]),
        ("PATCH /notes/1", ["GET", "HEAD", "PUT"]),
    ] {
        let answer = wire.ask(line, "").await;
        assert_eq!(answer.refusal(405), "this path does not know the method");
        let mut allow: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
        allow.sort_unstable();
        assert_eq!(allow, allowed, "{line}");
    }
    for method in ["OPTIONS", "TRACE", "BREW"] {
        wire.ask(&format!("{method} /notes"), "").await.refusal(405);
    }
    service.end().await;
}

fn table() -> RouteTable {
    let route = |pattern, operation| Route::new(Method::GET, pattern, operation, Access::Public);
    RouteTable::new("test", vec![route("/a", "first"), route("/b", "second")])
}

fn handlers() -> Handlers<()> {
    Handlers::new(table(), Guard::new(TestProcess::new().verifier))
}

async fn hello() -> &'static str {
    "hello"
}

#[test]
fn a_declared_route_without_a_handler_is_an_error() {
    let ended = handlers().on("first", hello).finish(());
    let error = ended.err().unwrap();
    assert_eq!(
        error,
        HandlersError::Missing {
            service: "test",
            operation: "second"
        }
    );
    assert_eq!(
        error.to_string(),
        "`test` declares `second` but serves no handler for it"
    );
}

#[test]
fn a_handler_for_an_undeclared_route_is_an_error() {
    let ended = handlers()
        .on("first", hello)
        .on("third", hello)
        .on("second", hello)
        .finish(());
    let error = ended.err().unwrap();
    assert_eq!(
        error,
        HandlersError::Undeclared {
            service: "test",
            operation: "third"
        }
    );
    assert_eq!(error.to_string(), "`test` has a handler too many for `third`");
}

#[test]
fn a_second_handler_for_a_route_is_an_error() {
    let ended = handlers()
        .on("first", hello)
        .on("second", hello)
        .on("first", hello)
        .finish(());
    assert_eq!(
        ended.err(),
        Some(HandlersError::Undeclared {
            service: "test",
            operation: "first"
        })
    );
}

#[test]
fn a_method_that_cannot_be_routed_is_an_error() {
    let brew = Method::from_bytes(b"BREW").unwrap();
    let table = RouteTable::new("test", vec![Route::new(brew, "/a", "brew", Access::Public)]);
    let guard = Guard::new(TestProcess::new().verifier);
    let ended = Handlers::new(table, guard).on("brew", hello).finish(());
    assert_eq!(ended.err(), Some(HandlersError::Method { operation: "brew" }));
}

#[tokio::test]
async fn a_guests_token_passes_where_it_may_open_something_and_nowhere_else() {
    let service = TestService::start().await;
    let mut wire = service.wire().await;
    let token = GuestToken::derive(b"secret", b"salt");
    let guest = format!("Authorization: Bearer {}\r\n", token.expose());
    let passed = wire.ask("GET /held", &guest).await;
    assert_eq!(passed.body, format!("guest {}", token.hash()).into_bytes());
    let known = wire.ask("GET /held", &service.bearer(Role::Customer)).await;
    assert_eq!(known.body, b"ada");
    for path in ["/user", "/own", "/guest", "/staff", "/admin"] {
        let refused = wire.ask(&format!("GET {path}"), &guest).await;
        assert_eq!(refused.refusal(401), "Invalid or expired token", "{path}");
    }
    let twice = format!("{guest}{guest}");
    for (lines, message) in [
        ("", "Missing authorization header"),
        ("Authorization: Bearer gat_x\r\n", "Invalid or expired token"),
        ("Authorization: Bearer a.b.c\r\n", "Invalid or expired token"),
        (&twice, "Invalid authorization header format"),
    ] {
        assert_eq!(
            wire.ask("GET /held", lines).await.refusal(401),
            message,
            "{lines}"
        );
    }
    service.end().await;
}
