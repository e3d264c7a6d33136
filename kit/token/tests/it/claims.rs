//! From the claims to the lifetime.

use std::time::Duration;

use kit_runtime::Timestamp;
use kit_token::{Refusal, Verifier};
use serde_json::{Value, json};

use crate::forge::{FORGES, encode};
use crate::story::{
    MAX_LIFETIME, NOW, accepts, claims, clock, payload, refusals, refuses, rules, verifier_of,
};

/// The good claims with one of them changed.
fn with(name: &str, value: impl Into<Value>) -> String {
    let mut claims: Value = serde_json::from_str(&payload()).unwrap();
    claims[name] = value.into();
    encode(claims.to_string())
}

/// The good claims with more text at their end.
fn with_text(text: &str) -> String {
    let good = payload();
    encode(format!("{},{text}}}", good.strip_suffix('}').unwrap()))
}

#[track_caller]
fn refuses_claims(words: &str, payload: impl Fn() -> String) {
    for refusal in refusals(|_, draft| draft.payload = payload()) {
        let Refusal::Claims { problem } = &refusal else {
            panic!("{refusal:?}");
        };
        assert!(problem.contains(words), "{problem}");
    }
}

#[test]
fn a_good_token_gives_the_principal_it_speaks_for() {
    for forge in FORGES.iter() {
        let principal = verifier_of(forge).verify(&forge.key().sign(&claims())).unwrap();
        let claims = claims();
        assert_eq!(principal.user_id, claims.sub);
        assert_eq!(principal.username, "ada");
        assert_eq!(principal.roles, claims.roles);
        assert_eq!(principal.session_id, claims.sid);
        assert_eq!(principal.epoch, 3);
        assert_eq!(principal.token_id, claims.jti);
        assert_eq!(principal.issued_at, claims.iat);
        assert_eq!(principal.expires_at, claims.exp);
    }
}

#[test]
fn a_claim_of_another_json_type_is_refused() {
    for (name, values) in [
        ("iss", [json!(["https://stoa.test"]), json!(null), json!(1)]),
        ("aud", [json!(["stoa"]), json!(null), json!({"stoa": true})]),
        ("sub", [json!(1), json!(null), json!(["x"])]),
        ("jti", [json!(1), json!(null), json!(["x"])]),
        ("sid", [json!(1), json!(null), json!(["x"])]),
        ("iat", [json!("1800000000"), json!(null), json!(1_799_999_940.5)]),
        ("exp", [json!("1800003540"), json!(null), json!(1_800_003_540.0)]),
        ("nbf", [json!("1800000000"), json!(null), json!(1_799_999_940.0)]),
        (
            "roles",
            [json!("customer"), json!(null), json!({"customer": true})],
        ),
        (
            "roles",
            [json!([["customer"]]), json!([{"customer": null}]), json!([0])],
        ),
        ("username", [json!(1), json!(null), json!(["ada"])]),
        ("epoch", [json!("3"), json!(null), json!(3.0)]),
    ] {
        for value in values {
            refuses_claims("invalid type", || with(name, value.clone()));
        }
    }
    refuses_claims("invalid value", || with("exp", u64::MAX));
    refuses_claims("number out of range", || with_text(r#""nbf":1e999"#));
}

#[test]
fn an_identifier_of_another_form_is_refused() {
    for (name, value) in [
        ("sub", "usr_0190a1b2-0000-7000-8000-000000000001"),
        ("sub", "0190A1B2-0000-7000-8000-000000000001"),
        ("sub", ""),
        ("jti", "0190a1b2-0000-7000-8000-000000000002"),
        ("sid", "tok_0190a1b2-0000-7000-8000-000000000003"),
    ] {
        refuses_claims("not an identifier", || with(name, value));
    }
}

#[test]
fn a_doubled_claim_is_refused() {
    for text in [
        r#""iss":"https://stoa.test""#,
        r#""aud":"stoa""#,
        r#""sub":"0190a1b2-0000-7000-8000-000000000009""#,
        r#""jti":"x""#,
        r#""sid":"x""#,
        r#""iat":1"#,
        r#""exp":9999999999"#,
        r#""roles":["admin"]"#,
        r#""rol\u0065s":["admin"]"#,
        r#""username":"root""#,
        r#""epoch":4"#,
        r#""nbf":1,"nbf":1"#,
    ] {
        refuses_claims("duplicate field", || with_text(text));
    }
}

#[test]
fn a_doubled_or_unknown_role_is_refused() {
    refuses_claims("doubled role", || with("roles", json!(["customer", "customer"])));
    refuses_claims("must be one of `customer`", || {
        with("roles", json!(["customer", "root"]))
    });
    refuses_claims("must be one of `customer`", || with("roles", json!(["Admin"])));
    accepts(|_, draft| draft.payload = with("roles", json!(["admin", "customer"])));
}

#[test]
fn an_unknown_or_missing_claim_is_refused() {
    refuses_claims("unknown field", || with("cnf", json!({"jkt": "x"})));
    refuses_claims("unknown field", || with("admin", json!(true)));
    for name in [
        "iss", "aud", "sub", "jti", "sid", "iat", "exp", "roles", "username", "epoch",
    ] {
        refuses_claims("missing field", || {
            let mut claims: Value = serde_json::from_str(&payload()).unwrap();
            claims.as_object_mut().unwrap().remove(name).unwrap();
            encode(claims.to_string())
        });
    }
}

#[test]
fn claims_of_another_shape_are_refused() {
    for json in ["", "[]", "null", "\"\"", "true"] {
        refuses_claims("not a JSON object", || encode(json));
    }
    // The values in the order of the members: a derived reader would take it.
    refuses_claims("not a JSON object", || {
        let claims: Value = serde_json::from_str(&payload()).unwrap();
        let values = claims.as_object().unwrap().values().cloned();
        encode(values.collect::<Value>().to_string())
    });
    refuses_claims("trailing characters", || encode(payload() + "{}"));
    refuses_claims("", || encode(payload().replace("ada", "\u{0}")));
    refuses_claims("", || {
        let mut bytes = payload().replace("ada", "a-a").into_bytes();
        let at = bytes.windows(3).position(|three| three == b"a-a").unwrap();
        bytes[at + 1] = 0xFF;
        encode(bytes)
    });
    refuses_claims("", || encode(payload().replace("ada", "\\ud800")));
}

#[test]
fn another_issuer_or_audience_is_refused() {
    for value in [
        "",
        "https://stoa.test/",
        "https://STOA.test",
        "https://stoa.test.evil",
    ] {
        refuses(&Refusal::Issuer, |_, draft| draft.payload = with("iss", value));
    }
    for value in ["", "Stoa", "stoa,other", " stoa"] {
        refuses(&Refusal::Audience, |_, draft| draft.payload = with("aud", value));
    }
}

#[test]
fn a_token_has_expired_the_moment_exp_comes() {
    accepts(|_, draft| draft.payload = with("exp", NOW + 1));
    for exp in [NOW, NOW - 1, 0, i64::MIN] {
        refuses(&Refusal::Expired, |_, draft| draft.payload = with("exp", exp));
    }
}

#[test]
fn a_token_is_not_valid_before_nbf() {
    accepts(|_, draft| draft.payload = with("nbf", NOW));
    for nbf in [NOW + 1, i64::MAX] {
        refuses(&Refusal::NotYetValid, |_, draft| draft.payload = with("nbf", nbf));
    }
}

#[test]
fn a_token_issued_in_the_future_is_refused() {
    accepts(|_, draft| draft.payload = with("iat", NOW));
    refuses(&Refusal::IssuedInFuture, |_, draft| {
        draft.payload = with("iat", NOW + 1);
    });
}

#[test]
fn a_token_that_lives_too_long_is_refused() {
    let whole = i64::try_from(MAX_LIFETIME.as_secs()).unwrap();
    accepts(|_, draft| draft.payload = with("exp", NOW - 60 + whole));
    for exp in [NOW - 60 + whole + 1, i64::MAX] {
        refuses(&Refusal::Lifetime, |_, draft| draft.payload = with("exp", exp));
    }
    refuses(&Refusal::Lifetime, |_, draft| {
        draft.payload = with("iat", i64::MIN);
    });
}

#[test]
fn leeway_counts_for_each_of_the_times_and_no_further() {
    let leeway = Duration::from_secs(30);
    let verifier = Verifier::new(kit_token::VerifierRules { leeway, ..rules() }, clock().clock()).unwrap();
    let forge = &FORGES[2];
    verifier.replace_keys(forge.ring.key_set());
    let verify = |name: &str, value: i64| {
        let token = forge.sign(&encode(forge.header()), &with(name, value));
        verifier.verify(&token).map(drop)
    };
    for (name, good, bad, refusal) in [
        ("exp", NOW - 29, NOW - 30, Refusal::Expired),
        ("nbf", NOW + 30, NOW + 31, Refusal::NotYetValid),
        ("iat", NOW + 30, NOW + 31, Refusal::IssuedInFuture),
    ] {
        assert_eq!(verify(name, good), Ok(()), "{name}");
        assert_eq!(verify(name, bad), Err(refusal), "{name}");
    }
    // Within the leeway of both ends, but with no life between them.
    let mut none = claims();
    none.iat = Timestamp::from_seconds(NOW);
    none.exp = Timestamp::from_seconds(NOW);
    assert_eq!(verifier.verify(&forge.key().sign(&none)), Err(Refusal::Lifetime));
}

#[test]
fn the_first_flaw_of_the_claims_is_the_one_that_is_told() {
    let mut flawed = claims();
    flawed.iat = Timestamp::from_seconds(NOW + 10);
    flawed.exp = Timestamp::from_seconds(NOW - 10);
    flawed.nbf = Some(Timestamp::from_seconds(NOW + 10));
    flawed.aud = "other".to_owned();
    flawed.iss = "other".to_owned();
    let forge = &FORGES[2];
    let verifier = verifier_of(forge);
    verifier.revocations().revoke_session(flawed.sid);
    let mut refusal_after = |repair: fn(&mut kit_token::Claims)| {
        let refusal = verifier.verify(&forge.key().sign(&flawed)).unwrap_err();
        repair(&mut flawed);
        refusal
    };
    assert_eq!(
        refusal_after(|claims| claims.iss = rules().issuer),
        Refusal::Issuer
    );
    assert_eq!(
        refusal_after(|claims| claims.aud = rules().audience),
        Refusal::Audience
    );
    assert_eq!(
        refusal_after(|claims| claims.exp = Timestamp::from_seconds(NOW + 10)),
        Refusal::Expired
    );
    assert_eq!(refusal_after(|claims| claims.nbf = None), Refusal::NotYetValid);
    assert_eq!(
        refusal_after(|claims| claims.iat = Timestamp::from_seconds(NOW).minus(MAX_LIFETIME)),
        Refusal::IssuedInFuture
    );
    assert_eq!(
        refusal_after(|claims| claims.iat = Timestamp::from_seconds(NOW)),
        Refusal::Lifetime
    );
    assert_eq!(refusal_after(|_| ()), Refusal::SessionRevoked);
}
