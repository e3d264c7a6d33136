//! What services serve each other is on their own ports, behind the internal key, and nowhere else.

use e2e::{Client, Person, Reply, Stoa};
use serde_json::{Value, json};

const KEY: &str = "X-Internal-Key";
const CALL: &str = "/internal/rpc/auth/get_identity";

fn call(user_id: &str) -> Value {
    json!({
        "context": {
            "actor": { "service": "users" }, "remaining_ms": 2000,
            "traceparent": null, "request_id": null, "idempotency_key": null
        },
        "request": { "user_id": user_id }
    })
}

fn ask(client: &Client, path: &str, user_id: &str) -> Reply {
    client.post(path, &call(user_id))
}

/// Every way to write the path that somebody might read as the path.
fn spellings(prefix: &str) -> Vec<String> {
    let path = format!("{prefix}{CALL}");
    let mut spelled = vec![
        path.clone(),
        path.to_uppercase(),
        path.replacen("/internal", "//internal", 1),
        path.replacen("/internal", "/./internal", 1),
        path.replacen("/internal", "/x/../internal", 1),
        path.replacen("/internal", "/%2e/internal", 1),
        path.replacen("/internal", "/x/%2e%2e/internal", 1),
        path.replacen("/internal", "/x/.%2E/internal", 1),
        path.replacen("/internal", "/..;/internal", 1),
        path.replacen("/internal", "%2finternal", 1),
        path.replacen("/internal", "%2Finternal", 1),
        path.replacen("/internal", "/%252finternal", 1),
        path.replacen("/internal", "\\internal", 1),
        path.replacen("/internal", "/%5cinternal", 1),
        path.replacen("/internal", "/internal;x=1", 1),
        path.replacen("/internal", "/%69nternal", 1),
        path.replacen("/internal", "/in%74ernal", 1),
        path.replacen("/rpc", "//rpc", 1),
        path.replacen("/rpc", "/./rpc", 1),
        path.replacen("/rpc", "%2frpc", 1),
        path.replacen("/rpc", "/x/../rpc", 1),
        path.replacen("/get_identity", "%2fget_identity", 1),
        format!("{path}/"),
        format!("{path}?x=1"),
        format!("/{path}"),
        format!("{path}%00"),
    ];
    // Through a route that takes anything in its last segment.
    for open in ["/api/users/", "/api/users/..", "/docs/", "/docs/.."] {
        spelled.push(format!("{open}{CALL}"));
        spelled.push(format!("{open}{}", CALL.replace('/', "%2f")));
    }
    spelled
}

every_topology! {
    fn no_spelling_leads_through_the_gateway(stoa: &mut Stoa) {
        let ada = Person::join(&stoa.gateway(), "ada");
        let with_key = ada.at(&stoa.gateway()).with(KEY, stoa.internal_key());
        let answer = ask(&stoa.auth().with(KEY, stoa.internal_key()), CALL, &ada.id).expect(200);
        // The control: on the own port there is something to reach.
        assert!(answer.to_string().contains(&ada.name), "{answer}");

        for prefix in ["", "/api", "/auth", "/api/auth", "/api/admin"] {
            for path in spellings(prefix) {
                let reply = ask(&with_key, &path, &ada.id);
                let told = String::from_utf8_lossy(&reply.body).into_owned();
                assert!([400, 404, 405].contains(&reply.status.as_u16()), "{path}: {told}");
                assert!(!told.contains(&ada.name), "{path}: {told}");
            }
        }
        // An absolute target says the same as a path.
        let absolute = format!("http://{}/api{CALL}", stoa.gateway().address());
        assert!(ask(&with_key, &absolute, &ada.id).status.is_client_error());
    }

    fn on_the_own_port_the_key_decides(stoa: &mut Stoa) {
        let ada = Person::join(&stoa.gateway(), "ada");
        let key = stoa.internal_key();
        let auth = stoa.auth();
        ask(&auth.with(KEY, key), CALL, &ada.id).expect(200);

        let longer = format!("{key}x");
        let attempts = [
            auth.clone(),
            auth.with(KEY, ""),
            auth.with(KEY, &key[1..]),
            auth.with(KEY, &longer),
            auth.with(KEY, &key.to_uppercase()),
            auth.with(KEY, key).with(KEY, key),
            auth.with("X_Internal_Key", key),
            auth.with("Authorization", &format!("Bearer {key}")),
            ada.at(&auth),
            auth.with_token(&stoa.admin_token()),
        ];
        for (number, client) in attempts.iter().enumerate() {
            let reply = ask(client, CALL, &ada.id);
            assert_eq!(reply.status.as_u16(), 401, "attempt {number}: {reply:?}");
            assert!(!String::from_utf8_lossy(&reply.body).contains(&ada.name), "{reply:?}");
        }
        // It opens the contract, and no route of a user.
        auth.with(KEY, key).get("/me").expect_error(401, "Missing authorization header");
    }

    fn nothing_of_a_single_port_is_at_the_gateway(stoa: &mut Stoa) {
        let admin = stoa.gateway().with_token(&stoa.admin_token());
        for path in ["/metrics", "/api/metrics", "/api/livez", "/api/readyz", "/api/docs", "/api/"] {
            let reply = admin.get(path);
            assert_eq!(reply.status.as_u16(), 404, "{path}: {reply:?}");
        }
    }
}
