//! Keys in files.

use kit_runtime::Secret;
use kit_token::{Algorithm, KeyError, KeySet, SigningKey};

use crate::forge::FORGES;
use crate::story::{claims, verifier_of};

#[test]
fn a_stored_key_signs_as_before() {
    for forge in &FORGES[..3] {
        let pem = forge.key().to_pem().unwrap();
        let again = SigningKey::from_pem(pem.expose()).unwrap();
        assert_eq!(again.kid(), forge.key().kid());
        assert_eq!(again.algorithm(), forge.key().algorithm());
        verifier_of(forge).verify(&again.sign(&claims())).unwrap();
    }
}

#[test]
fn a_header_is_alg_kid_and_typ() {
    for forge in FORGES.iter() {
        let token = forge.key().sign(&claims());
        let (header, _) = token.split_once('.').unwrap();
        assert_eq!(crate::forge::decode(header), forge.header().into_bytes());
    }
}

#[test]
fn a_secret_is_configured_and_neither_made_nor_stored() {
    let made = SigningKey::generate(Algorithm::Hs256);
    assert_eq!(made.err(), Some(KeyError::SecretIsConfigured));
    assert_eq!(
        FORGES[3].key().to_pem().map(drop),
        Err(KeyError::SecretIsConfigured)
    );
    let short = SigningKey::hs256(&Secret::new(vec![1; 31]));
    assert_eq!(short.err(), Some(KeyError::SecretTooShort { bytes: 31 }));
}

#[test]
fn a_private_key_is_not_shown() {
    let shown = format!("{:?}", FORGES.each_ref().map(|forge| &forge.ring));
    for forge in &FORGES[..3] {
        let pem = forge.key().to_pem().unwrap();
        let line = pem.expose().lines().nth(1).unwrap();
        assert!(!shown.contains(line));
    }
    assert!(!shown.contains(&format!("{:?}", crate::forge::SECRET)));
}

#[test]
fn a_file_of_something_else_is_refused_by_its_name() {
    let pem = FORGES[2].key().to_pem().unwrap();
    let pem = pem.expose();
    let labelled = |label: &str| pem.replace("PRIVATE KEY", label);
    let label = "CERTIFICATE".to_owned();
    assert_eq!(
        SigningKey::from_pem(&labelled("CERTIFICATE")).err(),
        Some(KeyError::PemLabel { label: label.clone() })
    );
    assert_eq!(
        KeySet::from_public_pem(&labelled("CERTIFICATE")).err(),
        Some(KeyError::PemLabel { label })
    );
    assert_eq!(KeySet::from_public_pem(pem).err(), Some(KeyError::Private));
    assert_eq!(
        SigningKey::from_pem(&pem.repeat(2)).err(),
        Some(KeyError::NotOneKey)
    );
    assert_eq!(SigningKey::from_pem("").err(), Some(KeyError::NotPem));
}
