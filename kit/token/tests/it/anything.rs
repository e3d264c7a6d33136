//! Whatever comes, nothing panics, and nothing but the token itself is believed.

use kit_token::{Jwks, KeySet, SigningKey};
use proptest::prelude::*;

use crate::forge::{FORGES, encode};
use crate::story::{claims, verifier_of};

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(512)
    }
}

/// Text that looks like the JSON of a header or of claims.
fn jsonish() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("\"alg\"".to_owned()),
        Just("\"kid\"".to_owned()),
        Just("\"typ\"".to_owned()),
        Just("\"at+jwt\"".to_owned()),
        Just("\"EdDSA\"".to_owned()),
        Just("\"exp\"".to_owned()),
        Just("\"roles\"".to_owned()),
        "[{}\\[\\],:\" 0-9ent.-]{1,3}",
        any::<i64>().prop_map(|number| number.to_string()),
    ];
    proptest::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn arbitrary_text_is_refused(text in any::<String>()) {
        prop_assert!(verifier_of(&FORGES[2]).verify(&text).is_err());
    }

    #[test]
    fn arbitrary_bytes_as_parts_are_refused(
        header in any::<Vec<u8>>(),
        payload in any::<Vec<u8>>(),
        signature in any::<Vec<u8>>(),
    ) {
        let token = format!("{}.{}.{}", encode(header), encode(payload), encode(signature));
        prop_assert!(verifier_of(&FORGES[2]).verify(&token).is_err());
    }

    #[test]
    fn arbitrary_headers_and_claims_are_refused_even_when_signed(
        header in jsonish(),
        bytes in any::<Vec<u8>>(),
        claims in jsonish(),
    ) {
        let (forge, verifier) = (&FORGES[2], verifier_of(&FORGES[2]));
        let good = encode(forge.header());
        for token in [
            forge.sign(&encode(&header), &encode(&claims)),
            forge.sign(&good, &encode(&claims)),
            forge.sign(&good, &encode(&bytes)),
            forge.sign(&encode(&bytes), &encode(&claims)),
        ] {
            prop_assert!(verifier.verify(&token).is_err());
        }
    }

    #[test]
    fn a_token_with_any_character_changed_removed_or_added_is_refused(
        at in any::<proptest::sample::Index>(),
        character in "[ -~\n\t\0]",
        forge in 0_usize..4,
    ) {
        let forge = &FORGES[forge];
        let (verifier, token) = (verifier_of(forge), forge.key().sign(&claims()));
        let at = at.index(token.len());
        let (before, after) = (&token[..at], &token[at + 1..]);
        let changed = format!("{before}{character}{after}");
        prop_assert_eq!(verifier.verify(&changed).is_ok(), changed == token);
        let removed = format!("{before}{after}");
        prop_assert!(verifier.verify(&removed).is_err());
        let added = format!("{before}{character}{}", &token[at..]);
        prop_assert!(verifier.verify(&added).is_err());
        prop_assert!(verifier.verify(&token).is_ok());
    }

    #[test]
    fn arbitrary_files_give_no_key(
        label in prop_oneof![
            Just("PRIVATE KEY"),
            Just("RSA PRIVATE KEY"),
            Just("EC PRIVATE KEY"),
            Just("PUBLIC KEY"),
            Just("RSA PUBLIC KEY"),
        ],
        der in any::<Vec<u8>>(),
        text in any::<String>(),
    ) {
        use base64::Engine as _;
        let body = base64::engine::general_purpose::STANDARD.encode(der);
        let pem = format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        for file in [pem, text] {
            prop_assert!(SigningKey::from_pem(&file).is_err());
            prop_assert!(KeySet::from_public_pem(&file).is_err());
        }
    }

    #[test]
    fn a_key_file_with_any_byte_changed_does_not_panic(
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
        forge in 0_usize..3,
    ) {
        use base64::Engine as _;
        let mut der = crate::forge::from_pem(FORGES[forge].key().to_pem().unwrap().expose());
        let at = at.index(der.len());
        der[at] = byte;
        let body = base64::engine::general_purpose::STANDARD.encode(der);
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
        // It may well still be a key, since not every byte of a file counts; then it has to work.
        if let Ok(key) = SigningKey::from_pem(&pem) {
            prop_assert_eq!(key.sign(&claims()).split('.').count(), 3);
        }
    }

    #[test]
    fn arbitrary_numbers_make_no_key(
        n in any::<Vec<u8>>(),
        e in any::<Vec<u8>>(),
        x in any::<[u8; 32]>(),
        y in any::<[u8; 32]>(),
    ) {
        for key in [
            format!(r#"{{"kty":"RSA","kid":"a","n":"{}","e":"{}"}}"#, encode(n), encode(e)),
            format!(r#"{{"kty":"EC","kid":"a","crv":"P-256","x":"{}","y":"{}"}}"#, encode(x), encode(y)),
        ] {
            let jwks: Jwks = serde_json::from_str(&format!(r#"{{"keys":[{key}]}}"#)).unwrap();
            prop_assert!(KeySet::from_jwks(&jwks).is_err());
        }
    }
}
