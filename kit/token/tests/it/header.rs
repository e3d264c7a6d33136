//! From the length to the signature.

use kit_runtime::Secret;
use kit_token::jws::{self, HeaderRules, MAX_LENGTH};
use kit_token::{Jwks, KeySet, Part, Refusal};

use crate::forge::{FORGES, Forge, decode, encode, mac};
use crate::story::{Draft, accepts, payload, refusals, refuses, verifier_of};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Every key refuses the header, and says so with `words`.
#[track_caller]
fn refuses_header(words: &str, header: impl Fn(&Forge) -> String) {
    for refusal in refusals(|forge, draft| draft.header = encode(header(forge))) {
        let Refusal::Header { problem } = &refusal else {
            panic!("{refusal:?}");
        };
        assert!(problem.contains(words), "{problem}");
    }
}

/// The good header with another member at its end.
fn with_member(forge: &Forge, member: &str) -> String {
    forge.header().replace('}', &format!(",{member}}}"))
}

fn change_last(text: &str, change: impl Fn(usize) -> usize) -> String {
    let (rest, last) = text.split_at(text.len() - 1);
    let value = ALPHABET
        .iter()
        .position(|letter| *letter == last.as_bytes()[0])
        .unwrap();
    format!("{rest}{}", char::from(ALPHABET[change(value)]))
}

#[test]
fn a_token_longer_than_4096_bytes_is_refused() {
    let spaces = |count| encode(payload() + &" ".repeat(count));
    for forge in FORGES.iter() {
        let header = encode(forge.header());
        let rest = forge.sign(&header, "").len();
        let length = |count| rest + spaces(count).len();
        let most = (0..MAX_LENGTH)
            .rev()
            .find(|count| length(*count) <= MAX_LENGTH)
            .unwrap();
        let verifier = verifier_of(forge);
        verifier.verify(&forge.sign(&header, &spaces(most))).unwrap();
        let refusal = verifier.verify(&forge.sign(&header, &spaces(most + 1)));
        assert_eq!(refusal, Err(Refusal::TooLong));
    }
}

#[test]
fn a_token_that_is_not_ascii_is_refused() {
    refuses(&Refusal::NotAscii, |_, draft| draft.payload.push('é'));
    // A letter that lower-casing or normalising would turn into ASCII.
    refuses(&Refusal::NotAscii, |_, draft| draft.header.push('\u{212A}'));
}

#[test]
fn a_token_without_exactly_two_dots_is_refused() {
    for forge in FORGES.iter() {
        let (verifier, good) = (verifier_of(forge), Draft::good(forge));
        let token = forge.sign(&good.header, &good.payload);
        verifier.verify(&token).unwrap();
        for flawed in [
            String::new(),
            token.replace('.', ""),
            token.replacen('.', "", 1),
            format!("{token}."),
            format!(".{token}"),
            token.replacen('.', "..", 1),
            format!("{token}.{}", good.payload),
        ] {
            assert_eq!(verifier.verify(&flawed), Err(Refusal::Parts), "{flawed}");
        }
    }
    // Signed over a fourth part, too.
    refuses(&Refusal::Parts, |_, draft| draft.payload.push_str(".e30"));
}

#[test]
fn what_is_not_base64url_to_the_letter_is_refused() {
    for suffix in ["=", "==", " ", "\n", "\t", "\r\n", "?", "+", "/", "\0"] {
        refuses(&Refusal::Encoding(Part::Header), |_, draft| {
            draft.header.push_str(suffix);
        });
        refuses(&Refusal::Encoding(Part::Payload), |_, draft| {
            draft.payload.push_str(suffix);
        });
        for forge in FORGES.iter() {
            let good = Draft::good(forge);
            let token = forge.sign(&good.header, &good.payload) + suffix;
            let refusal = verifier_of(forge).verify(&token);
            assert_eq!(refusal, Err(Refusal::Encoding(Part::Signature)), "{suffix:?}");
        }
    }
    refuses(&Refusal::Encoding(Part::Header), |_, draft| {
        draft.header.insert(0, ' ');
    });
    refuses(&Refusal::Encoding(Part::Payload), |_, draft| {
        draft.payload.insert(8, '\n');
    });
}

#[test]
fn unused_bits_that_are_not_zero_are_refused() {
    // White space until the last letter has bits to spare.
    let spare = |json: String| json.clone() + &" ".repeat((4 - json.len() % 3) % 3);
    let (header, payload) = (
        |forge: &Forge| encode(spare(forge.header())),
        || encode(spare(payload())),
    );
    accepts(|forge, draft| {
        draft.header = header(forge);
        draft.payload = payload();
    });
    refuses(&Refusal::Encoding(Part::Header), |forge, draft| {
        draft.header = change_last(&header(forge), |value| value + 1);
    });
    refuses(&Refusal::Encoding(Part::Payload), |_, draft| {
        draft.payload = change_last(&payload(), |value| value + 1);
    });
    for forge in FORGES.iter() {
        let good = Draft::good(forge);
        let token = forge.sign(&good.header, &good.payload);
        let refusal = verifier_of(forge).verify(&change_last(&token, |value| value + 1));
        assert_eq!(refusal, Err(Refusal::Encoding(Part::Signature)));
    }
}

#[test]
fn a_header_says_nothing_but_alg_kid_and_typ() {
    for member in [
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""b64":true"#,
        r#""b64":false"#,
        r#""zip":"DEF""#,
        r#""jku":"https://stoa.test/.well-known/jwks.json""#,
        r#""jwk":{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        r#""x5u":"https://stoa.test/cert""#,
        r#""x5c":["MIIB"]"#,
        r#""x5t":"AAAA""#,
        r#""x5t#S256":"AAAA""#,
        r#""cty":"JWT""#,
        r#""enc":"A256GCM""#,
        r#""epk":{}"#,
        r#""Alg":"none""#,
        r#""":"""#,
    ] {
        refuses_header("unknown field", |forge| with_member(forge, member));
    }
}

#[test]
fn a_doubled_member_of_the_header_is_refused() {
    for member in [
        r#""alg":"none""#,
        r#""\u0061lg":"none""#,
        r#""kid":"x""#,
        r#""typ":"at+jwt""#,
    ] {
        refuses_header("duplicate field", |forge| with_member(forge, member));
    }
    refuses_header("duplicate field", |forge| {
        let alg = forge.key().algorithm();
        with_member(forge, &format!(r#""alg":"{alg}""#))
    });
}

#[test]
fn a_header_of_another_shape_is_refused() {
    for json in ["[]", "null", "1", "\"\"", "", "x"] {
        refuses_header("not a JSON object", |_| json.to_owned());
    }
    // The values in the order of the members: a derived reader would take it.
    refuses_header("not a JSON object", |forge| {
        format!(
            r#"["{}","{}","at+jwt"]"#,
            forge.key().algorithm(),
            forge.key().kid()
        )
    });
    refuses_header("trailing characters", |forge| forge.header() + "{}");
    refuses_header("missing field `kid`", |forge| {
        format!(r#"{{"alg":"{}","typ":"at+jwt"}}"#, forge.key().algorithm())
    });
    refuses_header("missing field `alg`", |forge| {
        format!(r#"{{"kid":"{}","typ":"at+jwt"}}"#, forge.key().kid())
    });
    for (from, to) in [
        ("\"at+jwt\"", "null"),
        ("\"at+jwt\"", "[\"at+jwt\"]"),
        ("\"at+jwt\"", "7"),
    ] {
        refuses_header("invalid type", |forge| forge.header().replace(from, to));
    }
    refuses_header("invalid type", |forge| {
        let kid = format!("\"{}\"", forge.key().kid());
        forge.header().replace(&kid, &format!("[{kid}]"))
    });
}

#[test]
fn white_space_in_the_header_is_no_flaw() {
    accepts(|forge, draft| {
        let spaced = forge.header().replace(',', ",\n\t ").replace(':', " : ");
        draft.header = encode(format!(" {spaced} "));
    });
}

#[test]
fn a_token_of_another_type_is_refused() {
    for typ in [
        "JWT",
        "jwt",
        "AT+JWT",
        "application/at+jwt",
        "at+jwt ",
        "rt+jwt",
        "",
    ] {
        refuses(&Refusal::Type, |forge, draft| {
            draft.header = encode(forge.header().replace("at+jwt", typ));
        });
    }
    refuses(&Refusal::Type, |forge, draft| {
        draft.header = encode(forge.header().replace(r#","typ":"at+jwt""#, ""));
    });
}

#[test]
fn an_unknown_key_is_named() {
    for kid in ["", "x", "../../etc/passwd", "' OR 1=1 --"] {
        let expected = Refusal::UnknownKey { kid: kid.to_owned() };
        refuses(&expected, |forge, draft| {
            draft.header = encode(forge.header().replace(forge.key().kid(), kid));
        });
    }
}

#[test]
fn another_algorithm_than_the_keys_is_refused() {
    for alg in [
        "none", "None", "NONE", "", "RS384", "PS256", "ES384", "HS512", "rs256",
    ] {
        refuses(&Refusal::Algorithm, |forge, draft| {
            let own = forge.key().algorithm().as_str();
            draft.header = encode(forge.header().replace(own, alg));
        });
    }
    for other in FORGES.iter().map(|forge| forge.key().algorithm()) {
        for forge in FORGES.iter().filter(|forge| forge.key().algorithm() != other) {
            let own = forge.key().algorithm().as_str();
            let header = encode(forge.header().replace(own, other.as_str()));
            let refusal = verifier_of(forge).verify(&forge.sign(&header, &encode(payload())));
            assert_eq!(refusal, Err(Refusal::Algorithm), "{own} {other}");
        }
    }
}

#[test]
fn an_unsigned_token_is_refused() {
    for forge in FORGES.iter() {
        let none = forge.header().replace(forge.key().algorithm().as_str(), "none");
        let token = format!("{}.{}.", encode(none), encode(payload()));
        assert_eq!(verifier_of(forge).verify(&token), Err(Refusal::Algorithm));
        let token = format!("{}.{}.", encode(forge.header()), encode(payload()));
        assert_eq!(verifier_of(forge).verify(&token), Err(Refusal::Signature));
    }
}

#[test]
fn a_public_key_is_no_hmac_secret() {
    for forge in &FORGES[..3] {
        let jwk = forge.key().public_key().unwrap();
        let own = forge.key().algorithm().as_str();
        let header = encode(forge.header().replace(own, "HS256"));
        let message = format!("{header}.{}", encode(payload()));
        let json = serde_json::to_string(&jwk).unwrap();
        let parameter = jwk.n.as_ref().or(jwk.x.as_ref()).unwrap();
        for secret in [
            json.into_bytes(),
            parameter.clone().into_bytes(),
            decode(parameter),
        ] {
            let token = format!("{message}.{}", encode(mac(&secret, message.as_bytes())));
            assert_eq!(verifier_of(forge).verify(&token), Err(Refusal::Algorithm));
            // It would have been the right MAC.
            let shared = format!(
                r#"{{"keys":[{{"kty":"oct","kid":"{}","k":"{}"}}]}}"#,
                forge.key().kid(),
                encode(&secret)
            );
            let shared: Jwks = serde_json::from_str(&shared).unwrap();
            let keys = KeySet::from_jwks(&shared).unwrap();
            jws::verify(&token, &keys, HeaderRules::Typ("at+jwt")).unwrap();
        }
    }
}

#[test]
fn the_name_of_an_hmac_key_is_not_the_hash_of_the_secret() {
    let named = |secret: [u8; 32]| {
        let keys = KeySet::from_secret(&Secret::new(secret.to_vec())).unwrap();
        keys.kids().map(str::to_owned).collect::<Vec<_>>()
    };
    let plain = format!(r#"{{"k":"{}","kty":"oct"}}"#, encode([7; 32]));
    let thumbprint = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, plain.as_bytes());
    assert_ne!(named([7; 32]), [encode(thumbprint)]);
    assert_eq!(named([7; 32]), named([7; 32]));
    assert_ne!(named([7; 32]), named([8; 32]));
}

#[test]
fn a_signature_of_another_key_or_text_is_refused() {
    for forge in FORGES.iter() {
        let (verifier, good) = (verifier_of(forge), Draft::good(forge));
        let token = forge.sign(&good.header, &good.payload);
        let (message, signature) = token.rsplit_once('.').unwrap();
        let mut reversed = decode(signature);
        reversed.reverse();
        let mut longer = decode(signature);
        longer.push(0);
        let shorter = &decode(signature)[1..];
        let admin = encode(payload().replace("customer", "admin"));
        for flawed in [
            format!("{message}.{}", encode(reversed)),
            format!("{message}.{}", encode(longer)),
            format!("{message}.{}", encode(shorter)),
            format!("{message}.{}", encode(vec![0; decode(signature).len()])),
            format!("{}.{admin}.{signature}", good.header),
        ] {
            assert_eq!(verifier.verify(&flawed), Err(Refusal::Signature));
        }
    }
}

#[test]
fn the_first_flaw_is_the_one_that_is_told() {
    let bad_claims = || encode("{}");
    refuses(&Refusal::Type, |_, draft| {
        draft.header = encode(r#"{"alg":"none","kid":"x"}"#);
        draft.payload = bad_claims();
    });
    let expected = Refusal::UnknownKey { kid: "x".to_owned() };
    refuses(&expected, |_, draft| {
        draft.header = encode(r#"{"alg":"none","kid":"x","typ":"at+jwt"}"#);
        draft.payload = bad_claims();
    });
    for forge in FORGES.iter() {
        let none = forge.header().replace(forge.key().algorithm().as_str(), "none");
        let verify =
            |header: String| verifier_of(forge).verify(&format!("{}.{}.AAAA", encode(header), bad_claims()));
        assert_eq!(verify(none), Err(Refusal::Algorithm));
        assert_eq!(verify(forge.header()), Err(Refusal::Signature));
    }
}
