//! Every flawed token gets the one fixed refusal, at the gateway and on the services' own ports. All but those
//! about signatures are signed with the instance's own key, and the control beside them is let in.

use e2e::{Client, Person, Stoa};
use kit_runtime::Clock;
use serde_json::{Value, json};

use crate::forge::{Forge, Parts, encode};

type Attacks = Vec<(&'static str, String)>;

/// The longest that a token may have lived, and more than clocks may differ.
const DAY: i64 = 24 * 3600;
const SLACK: i64 = 120;

fn signatures(forge: &Forge, base: &Parts, real: &str) -> Attacks {
    let (signed, signature) = real.rsplit_once('.').expect("three parts");
    let mut flipped = signature.to_owned();
    flipped.replace_range(..1, if flipped.starts_with('A') { "B" } else { "A" });
    let other_user = base.claim("sub", "0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c");
    let none = base.header("alg", "none");
    let mut attacks = vec![
        ("alg none, no signature", format!("{}.", none.signed_part())),
        ("alg none, a signature", forge.sign(&none)),
        (
            "alg None",
            format!("{}.", base.header("alg", "None").signed_part()),
        ),
        ("no alg", forge.sign(&base.without_header("alg"))),
        ("no signature", format!("{signed}.")),
        ("a flipped bit", format!("{signed}.{flipped}")),
        (
            "half a signature",
            format!("{signed}.{}", &signature[..signature.len() / 2]),
        ),
        (
            "a payload of another",
            format!("{}.{signature}", other_user.signed_part()),
        ),
        ("a key of nobody's", Forge::stranger().sign(base)),
        (
            "alg of another hash",
            forge.sign_rs384(&base.header("alg", "RS384")),
        ),
        (
            "alg of another padding",
            forge.sign_ps256(&base.header("alg", "PS256")),
        ),
        ("alg that is not its signature's", forge.sign_rs384(base)),
        (
            "a name that is not its alg",
            forge.sign(&base.header("alg", "ES256")),
        ),
    ];
    for secret in forge.public_forms() {
        let signed = base.header("alg", "HS256").sign_hs256(&secret);
        attacks.push(("the public key as a shared secret", signed));
        attacks.push((
            "the public key as a secret, alg as it was",
            base.sign_hs256(&secret),
        ));
    }
    attacks.push(("an empty secret", base.header("alg", "HS256").sign_hs256(b"")));
    attacks
}

fn headers(forge: &Forge, base: &Parts) -> Attacks {
    let jwk = json!({ "kty": "oct", "k": "AAAA" });
    let set = |name, value: Value| forge.sign(&base.header(name, value));
    let text = base.header.to_string();
    let doubled = text.replacen('{', r#"{"typ":"at+jwt","#, 1);
    vec![
        ("no typ", forge.sign(&base.without_header("typ"))),
        ("typ of an id token", set("typ", json!("JWT"))),
        ("typ in capitals", set("typ", json!("AT+JWT"))),
        ("typ as a media type", set("typ", json!("application/at+jwt"))),
        ("typ null", set("typ", Value::Null)),
        ("crit", set("crit", json!(["exp"]))),
        ("crit, empty", set("crit", json!([]))),
        (
            "crit of its own",
            forge.sign(&base.header("crit", json!(["x"])).header("x", 1)),
        ),
        ("b64", set("b64", json!(true))),
        ("zip", set("zip", json!("DEF"))),
        ("jwk", set("jwk", jwk)),
        ("jku", set("jku", json!("http://127.0.0.1/keys"))),
        ("x5u", set("x5u", json!("http://127.0.0.1/cert"))),
        ("x5c", set("x5c", json!(["AAAA"]))),
        ("x5t", set("x5t", json!("AAAA"))),
        ("a member of nobody's", set("x", json!(1))),
        ("kid unknown", set("kid", json!("no-such-key"))),
        ("kid empty", set("kid", json!(""))),
        ("kid a path", set("kid", json!("../../../../dev/null"))),
        ("kid a number", set("kid", json!(7))),
        ("no kid", forge.sign(&base.without_header("kid"))),
        (
            "a doubled member",
            forge.sign_text(&doubled, &base.claims.to_string()),
        ),
        (
            "a header that is a list",
            forge.sign_text("[]", &base.claims.to_string()),
        ),
        (
            "a header and more",
            forge.sign_text(&format!("{text}{text}"), &base.claims.to_string()),
        ),
    ]
}

fn times(forge: &Forge, base: &Parts) -> Attacks {
    let now = Clock::system().now().as_seconds();
    let lived = |from: i64, until: i64| forge.sign(&base.claim("iat", from).claim("exp", until));
    let set = |name, value: Value| forge.sign(&base.claim(name, value));
    vec![
        ("expired", lived(now - DAY, now - SLACK)),
        ("from the future", lived(now + SLACK, now + DAY)),
        ("not good yet", set("nbf", json!(now + SLACK))),
        ("too long a life", lived(now, now + DAY + SLACK)),
        ("ended before it began", lived(now + 10, now + 5)),
        ("no exp", forge.sign(&base.without_claim("exp"))),
        ("no iat", forge.sign(&base.without_claim("iat"))),
        ("exp as text", set("exp", json!((now + 60).to_string()))),
        ("exp with a fraction", set("exp", json!(60.5))),
        ("exp null", set("exp", Value::Null)),
        ("exp below zero", set("exp", json!(-1))),
        ("exp beyond counting", set("exp", json!(u64::MAX))),
        ("nbf as text", set("nbf", json!("0"))),
        ("nbf null", set("nbf", Value::Null)),
    ]
}

fn claims(forge: &Forge, base: &Parts) -> Attacks {
    let set = |name, value: Value| forge.sign(&base.claim(name, value));
    let (iss, aud) = (&base.claims["iss"], &base.claims["aud"]);
    let text = base.claims.to_string();
    let header = base.header.to_string();
    let doubled = |member: &str| forge.sign_text(&header, &text.replacen('{', &format!("{{{member},"), 1));
    vec![
        ("iss of another", set("iss", json!("http://127.0.0.1:1"))),
        (
            "iss with a slash more",
            set("iss", json!(format!("{}/", iss.as_str().unwrap_or_default()))),
        ),
        ("iss as a list", set("iss", json!([iss]))),
        ("no iss", forge.sign(&base.without_claim("iss"))),
        ("aud of another", set("aud", json!("another"))),
        ("aud as a list", set("aud", json!([aud, "another"]))),
        (
            "aud in capitals",
            set("aud", json!(aud.as_str().unwrap_or_default().to_uppercase())),
        ),
        ("no aud", forge.sign(&base.without_claim("aud"))),
        ("sub no UUID", set("sub", json!("root"))),
        ("sub a number", set("sub", json!(1))),
        ("no sub", forge.sign(&base.without_claim("sub"))),
        ("no sid", forge.sign(&base.without_claim("sid"))),
        ("no jti", forge.sign(&base.without_claim("jti"))),
        ("roles as text", set("roles", json!("admin"))),
        ("an unknown role", set("roles", json!(["customer", "god"]))),
        ("a doubled role", set("roles", json!(["customer", "customer"]))),
        ("no roles", forge.sign(&base.without_claim("roles"))),
        ("epoch as text", set("epoch", json!("0"))),
        ("a claim of nobody's", set("cnf", json!({ "jkt": "x" }))),
        (
            "a doubled sub",
            doubled(r#""sub":"0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c""#),
        ),
        ("a doubled exp", doubled(r#""exp":1"#)),
        ("claims that are a list", forge.sign_text(&header, "[]")),
        ("claims that are no JSON", forge.sign_text(&header, "exp")),
        (
            "claims and more",
            forge.sign_text(&header, &format!("{text} {text}")),
        ),
        ("longer than any", set("username", json!("x".repeat(4096)))),
    ]
}

fn forms(real: &str) -> Attacks {
    let parts: Vec<&str> = real.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("three parts");
    };
    let json = json!({ "protected": header, "payload": payload, "signature": signature });
    vec![
        ("two parts", format!("{header}.{payload}")),
        ("four parts", format!("{real}.{signature}")),
        ("five parts", format!("{real}.{payload}.{signature}")),
        ("padded", format!("{header}=.{payload}.{signature}")),
        ("padded at its end", format!("{real}==")),
        (
            "the other alphabet",
            real.replace('-', "+").replace('_', "/") + "+",
        ),
        ("as JSON", json.to_string()),
        ("encoded once more", encode(real.as_bytes())),
    ]
}

#[track_caller]
fn refused_everywhere(places: &[(Client, &str)], what: &str, token: &str) {
    for (client, path) in places {
        let reply = client.with_token(token).get(path);
        assert_eq!(reply.status.as_u16(), 401, "{what} at {path}: {reply:?}");
        reply.expect_error(401, "Invalid or expired token");
        assert_eq!(
            reply.json()["code"],
            "invalid_token",
            "{what} at {path}: {reply:?}"
        );
    }
}

every_topology! {
    fn every_flawed_token_gets_the_one_refusal(stoa: &mut Stoa) {
        let ada = Person::join(&stoa.gateway(), "ada");
        ada.make_profile(&stoa.gateway(), "Countess");
        let places = [
            (stoa.gateway(), "/api/profile"),
            (stoa.gateway(), "/api/me"),
            (stoa.users(), "/profile"),
            (stoa.auth(), "/me"),
        ];
        let (forge, base) = (Forge::of(stoa.node("auth")), Parts::of(&ada.token));
        // The control: a token made here is as good as one of auth's, and so is one with another harmless time.
        let now = Clock::system().now().as_seconds();
        let older = base.claim("iat", now - SLACK).claim("exp", now + SLACK);
        for good in [base.clone(), older, base.claim("nbf", now - SLACK)] {
            for (client, path) in &places {
                client.with_token(&forge.sign(&good)).get(path).expect(200);
            }
        }
        let attacks = [
            signatures(&forge, &base, &ada.token),
            headers(&forge, &base),
            times(&forge, &base),
            claims(&forge, &base),
            forms(&ada.token),
        ];
        for (what, token) in attacks.iter().flatten() {
            refused_everywhere(&places, what, token);
            let told = stoa.gateway().post("/api/validate", &json!({ "token": token }));
            assert_eq!(told.status.as_u16(), 401, "{what}: {told:?}");
        }
        // None of that spoiled the real one.
        ada.at(&stoa.gateway()).get("/api/me").expect(200);
    }

    fn a_header_that_is_not_bearer_and_one_word_is_told_as_such(stoa: &mut Stoa) {
        let ada = Person::join(&stoa.gateway(), "ada");
        for (client, path) in [(stoa.gateway(), "/api/me"), (stoa.auth(), "/me")] {
            client.get(path).expect_error(401, "Missing authorization header");
            for value in ["Bearer", "Basic YTpi", &ada.token, &format!("Bearer {0} {0}", ada.token), ""] {
                let reply = client.with("Authorization", value).get(path);
                reply.expect_error(401, "Invalid authorization header format");
            }
            // Not a choice between two.
            let twice = ada.at(&client).with_token(&ada.token).get(path);
            assert_eq!(twice.status.as_u16(), 401, "{twice:?}");
        }
    }
}
