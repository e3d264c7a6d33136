//! Who may call what.

use crate::harness::World;

#[tokio::test]
async fn a_route_is_for_those_with_its_role() {
    let world = World::start().await;
    for base in ["/api/users", "/api/auth", "/auth/auth"] {
        for (path, user, staff, admin) in [
            ("/mine", 200, 200, 200),
            ("/own/7", 200, 200, 200),
            ("/staff", 403, 200, 200),
            ("/admin", 403, 403, 200),
        ] {
            let line = format!("GET {base}{path}");
            for (person, expected) in [(&world.user, user), (&world.staff, staff), (&world.admin, admin)] {
                let answer = world.ask(&line, &[&person.authorization]).await;
                assert_eq!(answer.status(), expected, "{line}");
            }
            assert_eq!(world.ask(&line, &[]).await.status(), 401, "{line}");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_route_that_is_free_on_its_own_port_is_not_here() {
    let world = World::start().await;
    for base in ["/api/users", "/api/auth", "/auth/auth"] {
        let line = format!("GET {base}/counts");
        assert_eq!(world.ask(&line, &[]).await.status(), 401, "{line}");
        for (person, status) in [(&world.user, 403), (&world.staff, 200), (&world.admin, 200)] {
            let answer = world.ask(&line, &[&person.authorization]).await;
            assert_eq!(answer.status(), status, "{line}");
        }
    }
    let listed = world.routes.iter().find(|line| line.path == "/api/users/counts");
    assert_eq!(listed.map(|line| line.access), Some("staff"));
    world.end().await;
}

#[tokio::test]
async fn a_guest_is_let_in_and_who_sends_a_token_is_known() {
    let world = World::start().await;
    for base in ["/api/users", "/api/auth"] {
        let line = format!("GET {base}/visit");
        assert_eq!(world.ask(&line, &[]).await.status(), 200, "{line}");
        let broken = format!("{}x", world.user.authorization);
        assert_eq!(world.ask(&line, &[&broken]).await.status(), 401, "{line}");
    }
    let known = world
        .ask("GET /api/users/visit", &[&world.user.authorization])
        .await;
    assert_eq!(known.json()["verified"], world.user.id);
    world.end().await;
}

#[tokio::test]
async fn a_refused_token_has_one_of_three_messages() {
    let world = World::start().await;
    let doubled = [
        world.user.authorization.as_str(),
        world.user.authorization.as_str(),
    ];
    let broken = format!("{}x", world.user.authorization);
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
            let answer = world.ask(&format!("GET {path}"), headers).await;
            assert_eq!(answer.error(), (401, message.to_owned()), "{path}");
            assert_eq!(answer.head.header("www-authenticate"), Some("Bearer"), "{path}");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_service_in_the_process_gets_the_verified_principal() {
    let world = World::start().await;
    let answer = world
        .ask("GET /api/users/mine", &[&world.user.authorization])
        .await;
    assert_eq!(answer.json()["verified"], world.user.id);
    let answer = world
        .ask("GET /api/users/echo", &[&world.user.authorization])
        .await;
    assert_eq!(answer.json()["verified"], serde_json::Value::Null);
    world.end().await;
}

#[tokio::test]
async fn a_head_request_passes_the_same_rule_as_a_get() {
    let world = World::start().await;
    for path in ["/api/users/mine", "/api/auth/admin"] {
        assert_eq!(
            world
                .ask(&format!("HEAD {path}"), &["Connection: close"])
                .await
                .status(),
            401,
            "{path}"
        );
    }
    world.end().await;
}
