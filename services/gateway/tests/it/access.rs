//! Who may call what.

use crate::harness::Harness;

#[tokio::test]
async fn a_route_is_for_those_with_its_role() {
    let harness = Harness::start().await;
    for base in ["/api/users", "/api/auth", "/auth/auth"] {
        for (path, user, staff, admin) in [
            ("/mine", 200, 200, 200),
            ("/own/7", 200, 200, 200),
            ("/staff", 403, 200, 200),
            ("/admin", 403, 403, 200),
        ] {
            let line = format!("GET {base}{path}");
            for (person, expected) in [
                (&harness.user, user),
                (&harness.staff, staff),
                (&harness.admin, admin),
            ] {
                let answer = harness.ask(&line, &[&person.authorization]).await;
                assert_eq!(answer.status(), expected, "{line}");
            }
            assert_eq!(harness.ask(&line, &[]).await.status(), 401, "{line}");
        }
    }
    harness.end().await;
}

#[tokio::test]
async fn a_route_that_is_free_on_its_own_port_is_not_here() {
    let harness = Harness::start().await;
    for base in ["/api/users", "/api/auth", "/auth/auth"] {
        let line = format!("GET {base}/counts");
        assert_eq!(harness.ask(&line, &[]).await.status(), 401, "{line}");
        for (person, status) in [(&harness.user, 403), (&harness.staff, 200), (&harness.admin, 200)] {
            let answer = harness.ask(&line, &[&person.authorization]).await;
            assert_eq!(answer.status(), status, "{line}");
        }
    }
    let listed = harness
        .routes
        .iter()
        .find(|line| line.path == "/api/users/counts");
    assert_eq!(listed.map(|line| line.access), Some("staff"));
    harness.end().await;
}

#[tokio::test]
async fn a_guest_is_let_in_and_who_sends_a_token_is_known() {
    let harness = Harness::start().await;
    for base in ["/api/users", "/api/auth"] {
        let line = format!("GET {base}/visit");
        assert_eq!(harness.ask(&line, &[]).await.status(), 200, "{line}");
        let broken = format!("{}x", harness.user.authorization);
        assert_eq!(harness.ask(&line, &[&broken]).await.status(), 401, "{line}");
    }
    let known = harness
        .ask("GET /api/users/visit", &[&harness.user.authorization])
        .await;
    assert_eq!(known.json()["verified"], harness.user.id);
    harness.end().await;
}

#[tokio::test]
async fn a_refused_token_has_one_of_three_messages() {
    let harness = Harness::start().await;
    let doubled = [
        harness.user.authorization.as_str(),
        harness.user.authorization.as_str(),
    ];
    let broken = format!("{}x", harness.user.authorization);
    let cases: [(&[&str], &str); 5] = [
        (&[], "Missing authorization header"),
        (
            &["Authorization: Basic abc"],
            "Invalid authorization header format",
        ),
        (&doubled, "Invalid authorization header format"),
        (&["Authorization: Bearer a.b.c"], "Invalid or expired token"),
        (&[&broken], "Invalid or expired token"),
    ];
    for path in ["/api/users/mine", "/api/auth/mine", "/exact/7"] {
        for (headers, message) in cases {
            let answer = harness.ask(&format!("GET {path}"), headers).await;
            assert_eq!(answer.error(), (401, message.to_owned()), "{path}");
            assert_eq!(answer.head.header("www-authenticate"), Some("Bearer"), "{path}");
        }
    }
    harness.end().await;
}

#[tokio::test]
async fn a_service_in_the_process_gets_the_verified_principal() {
    let harness = Harness::start().await;
    let answer = harness
        .ask("GET /api/users/mine", &[&harness.user.authorization])
        .await;
    assert_eq!(answer.json()["verified"], harness.user.id);
    let answer = harness
        .ask("GET /api/users/echo", &[&harness.user.authorization])
        .await;
    assert_eq!(answer.json()["verified"], serde_json::Value::Null);
    harness.end().await;
}

#[tokio::test]
async fn a_head_request_passes_the_same_rule_as_a_get() {
    let harness = Harness::start().await;
    for path in ["/api/users/mine", "/api/auth/admin"] {
        assert_eq!(
            harness
                .ask(&format!("HEAD {path}"), &["Connection: close"])
                .await
                .status(),
            401,
            "{path}"
        );
    }
    harness.end().await;
}
