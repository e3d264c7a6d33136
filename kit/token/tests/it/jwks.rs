//! Published keys: what is written, what is believed.

use kit_token::{Jwk, Jwks, KeyError, KeySet};
use serde_json::{Value, json};

use crate::forge::{FORGES, encode};

/// A key of RFC 7515's and RFC 8037's examples, by kind.
fn key(kty: &str) -> Value {
    match kty {
        "EC" => json!({
            "kty": "EC", "crv": "P-256", "kid": "ec", "use": "sig", "alg": "ES256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }),
        "OKP" => json!({
            "kty": "OKP", "crv": "Ed25519", "kid": "okp", "use": "sig", "alg": "EdDSA",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        }),
        "oct" => json!({ "kty": "oct", "kid": "oct", "use": "sig", "alg": "HS256", "k": encode([7; 32]) }),
        _ => {
            let mut jwk = serde_json::to_value(FORGES[0].key().public_key()).unwrap();
            jwk["kid"] = json!("rsa");
            jwk
        }
    }
}

fn with(kty: &str, name: &str, value: Value) -> Value {
    let mut key = key(kty);
    key[name] = value;
    key
}

fn without(kty: &str, name: &str) -> Value {
    let mut key = key(kty);
    key.as_object_mut().unwrap().remove(name).unwrap();
    key
}

/// The names that are left of a set, or why it is not taken.
fn read(keys: &[Value]) -> Result<Vec<String>, KeyError> {
    let jwks: Jwks = serde_json::from_value(json!({ "keys": keys })).unwrap();
    let keys = KeySet::from_jwks(&jwks)?;
    Ok(keys.kids().map(str::to_owned).collect())
}

#[track_caller]
fn refuses(expected: KeyError, flawed: Value) {
    let kid = flawed["kid"].as_str().unwrap().to_owned();
    // Beside a good key: one bad key spoils the set.
    let good = with("OKP", "kid", json!("good"));
    let problem = Box::new(expected);
    assert_eq!(read(&[good, flawed]), Err(KeyError::InSet { kid, problem }));
}

#[test]
fn what_is_published_verifies_and_says_nothing_private() {
    for forge in &FORGES[..3] {
        let json = serde_json::to_value(forge.ring.public_keys()).unwrap();
        let key = json["keys"][0].as_object().unwrap();
        let names = key.keys().map(String::as_str).collect::<Vec<_>>();
        let own: &[&str] = match key["kty"].as_str().unwrap() {
            "RSA" => &["n", "e"],
            "EC" => &["crv", "x", "y"],
            _ => &["crv", "x"],
        };
        assert_eq!(names, [&["kty", "kid", "use", "alg"], own].concat());
        let jwks: Jwks = serde_json::from_value(json).unwrap();
        assert_eq!(KeySet::from_jwks(&jwks), Ok(forge.ring.key_set()));
    }
    let shared = serde_json::to_value(FORGES[3].ring.public_keys()).unwrap();
    assert_eq!(shared, json!({ "keys": [] }));
}

#[test]
fn private_members_are_neither_believed_nor_written() {
    for (kty, name) in [
        ("RSA", "d"),
        ("EC", "d"),
        ("OKP", "d"),
        ("RSA", "p"),
        ("RSA", "q"),
    ] {
        let private = with(kty, name, json!("c2VjcmV0"));
        let jwk: Jwk = serde_json::from_value(private.clone()).unwrap();
        assert_eq!(serde_json::to_value(&jwk).unwrap(), key(kty));
        refuses(KeyError::Private, private);
    }
    let secret = key("oct")["k"].as_str().unwrap().to_owned();
    let jwk: Jwk = serde_json::from_value(key("oct")).unwrap();
    assert_eq!(serde_json::to_value(&jwk).unwrap(), without("oct", "k"));
    assert!(!format!("{jwk:?}").contains(&secret));
    let schema = serde_json::to_value(schemars::schema_for!(Jwk)).unwrap();
    let described = schema["properties"].as_object().unwrap();
    assert!(
        ["k", "d", "p", "q"]
            .iter()
            .all(|name| !described.contains_key(*name))
    );
    assert_eq!(schema["required"], json!(["kty"]));
}

#[test]
fn keys_that_are_none_of_ours_are_left_out() {
    for foreign in [
        with("RSA", "use", json!("enc")),
        with("RSA", "alg", json!("PS256")),
        with("RSA", "alg", json!("RSA-OAEP")),
        with("EC", "alg", json!("ES512")),
        with("OKP", "alg", json!("Ed25519ph")),
        json!({ "kty": "AKP", "kid": "new", "alg": "ML-DSA-65", "pub": "AAAA" }),
        json!({ "kty": "OKP", "kid": "new", "crv": "X25519", "x": "AAAA" }),
        json!({ "kty": "EC", "kid": "new", "crv": "P-384", "x": "AAAA", "y": "AAAA" }),
    ] {
        let good = with("OKP", "kid", json!("good"));
        assert_eq!(read(&[good, foreign.clone()]), Ok(vec!["good".to_owned()]));
        assert_eq!(read(&[foreign]), Err(KeyError::Empty));
    }
    let mut encrypting = without("EC", "use");
    encrypting["key_ops"] = json!(["deriveKey"]);
    assert_eq!(read(&[encrypting]), Err(KeyError::Empty));
    assert_eq!(read(&[]), Err(KeyError::Empty));
}

#[test]
fn use_key_ops_and_alg_may_be_absent_but_not_disagree() {
    for kty in ["RSA", "EC", "OKP", "oct"] {
        let mut bare = without(kty, "use");
        bare.as_object_mut().unwrap().remove("alg");
        assert_eq!(read(&[bare.clone()]).unwrap().len(), 1);
        bare["key_ops"] = json!(["verify"]);
        assert_eq!(read(&[bare]).unwrap().len(), 1);
    }
    let pair = |one, other| KeyError::Contradiction { one, other };
    refuses(
        pair("use", "key_ops"),
        with("EC", "key_ops", json!(["deriveKey"])),
    );
    let mut other = with("EC", "use", json!("enc"));
    other["key_ops"] = json!(["verify"]);
    refuses(pair("use", "key_ops"), other);
    refuses(pair("alg", "kty"), with("RSA", "alg", json!("ES256")));
    refuses(pair("alg", "kty"), with("RSA", "alg", json!("HS256")));
    refuses(pair("alg", "kty"), with("EC", "crv", json!("P-384")));
    refuses(pair("alg", "kty"), with("OKP", "crv", json!("Ed448")));
    refuses(pair("kty", "crv"), with("RSA", "crv", json!("P-256")));
}

#[test]
fn a_weak_or_broken_key_spoils_the_set() {
    refuses(KeyError::RsaExponent, with("RSA", "e", json!("AQ")));
    refuses(KeyError::RsaExponent, with("RSA", "e", json!("Aw")));
    refuses(
        KeyError::RsaSize { bits: 1024 },
        with("RSA", "n", json!(encode([0xFF; 128]))),
    );
    refuses(KeyError::Malformed, with("RSA", "e", json!("AAEAAQ")));
    refuses(KeyError::Malformed, with("RSA", "e", json!("AQAB=")));
    refuses(KeyError::Malformed, without("RSA", "n"));
    refuses(
        KeyError::NotOnCurve,
        with("EC", "y", json!("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4")),
    );
    refuses(KeyError::Malformed, with("EC", "x", json!("AA")));
    refuses(KeyError::SmallOrder, with("OKP", "x", json!(encode([0; 32]))));
    refuses(KeyError::Malformed, with("OKP", "x", json!("AA")));
}

#[test]
fn a_short_or_empty_secret_is_refused() {
    for bytes in [0, 31] {
        let short = with("oct", "k", json!(encode(vec![7; bytes])));
        let problem = Box::new(KeyError::SecretTooShort { bytes });
        let kid = "oct".to_owned();
        assert_eq!(read(&[short]), Err(KeyError::InSet { kid, problem }));
    }
    assert_eq!(read(&[key("oct")]), Ok(vec!["oct".to_owned()]));
}

#[test]
fn a_shared_secret_is_never_in_one_set_with_public_keys() {
    for kty in ["RSA", "EC", "OKP"] {
        assert_eq!(read(&[key(kty)]).map(|kids| kids.len()), Ok(1));
        assert_eq!(read(&[key("oct"), key(kty)]), Err(KeyError::Mixed));
        assert_eq!(read(&[key(kty), key("oct")]), Err(KeyError::Mixed));
    }
}

#[test]
fn every_key_has_a_name_of_its_own() {
    assert_eq!(read(&[without("EC", "kid")]), Err(KeyError::NoKid));
    let kid = "ec".to_owned();
    let doubled = with("OKP", "kid", json!("ec"));
    assert_eq!(read(&[key("EC"), doubled]), Err(KeyError::DuplicateKid { kid }));
    assert_eq!(
        read(&[key("EC"), key("OKP"), key("RSA")]).map(|kids| kids.len()),
        Ok(3)
    );
}

#[test]
fn a_doubled_or_wrong_member_of_a_key_is_refused() {
    let doubled = r#"{"keys":[{"kty":"oct","kid":"a","k":"AAAA","kid":"b"}]}"#;
    assert!(serde_json::from_str::<Jwks>(doubled).is_err());
    let good = r#"{"keys":[{"kty":"oct","kid":"a","k":"AAAA"}]}"#;
    assert!(serde_json::from_str::<Jwks>(good).is_ok());
    for wrong in [r#""k":7"#, r#""k":null"#, r#""k":["AAAA"]"#] {
        let wrong = good.replace(r#""k":"AAAA""#, wrong);
        assert!(serde_json::from_str::<Jwks>(&wrong).is_err(), "{wrong}");
    }
}
