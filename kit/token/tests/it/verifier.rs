//! Keys that come and go, tokens seen before, and what is revoked.

use std::sync::Arc;
use std::time::Duration;

use kit_runtime::Secret;
use kit_token::{Algorithm, KeyRing, KeySet, Refusal, RulesError, SigningKey, Verifier, VerifierRules};

use crate::forge::FORGES;
use crate::story::{MAX_LIFETIME, claims, clock, rules, verifier_of};

/// The least step of the clock.
const TICK: Duration = Duration::from_micros(1);

fn ed25519() -> SigningKey {
    SigningKey::generate(Algorithm::EdDsa).unwrap()
}

#[test]
fn without_keys_a_good_token_finds_none_and_a_bad_one_stays_bad() {
    let verifier = Verifier::new(rules(), clock().clock()).unwrap();
    let token = FORGES[2].key().sign(&claims());
    assert!(!verifier.has_keys());
    assert_eq!(verifier.verify(&token), Err(Refusal::NoKeys));
    assert_eq!(verifier.verify("a.b"), Err(Refusal::Parts));
    verifier.replace_keys(FORGES[2].ring.key_set());
    assert!(verifier.has_keys());
    verifier.verify(&token).unwrap();
}

#[test]
fn a_token_is_verified_once_and_then_remembered() {
    let verifier = verifier_of(&FORGES[0]);
    let token = FORGES[0].key().sign(&claims());
    let first = verifier.verify(&token).unwrap();
    let again = verifier.clone().verify(&token).unwrap();
    assert!(Arc::ptr_eq(&first, &again));
}

#[test]
fn a_remembered_token_expires_all_the_same() {
    let (fake, leeway) = (clock(), Duration::from_secs(10));
    let verifier = Verifier::new(VerifierRules { leeway, ..rules() }, fake.clock()).unwrap();
    verifier.replace_keys(FORGES[2].ring.key_set());
    let token = FORGES[2].key().sign(&claims());
    verifier.verify(&token).unwrap();
    fake.advance((Duration::from_mins(59) + leeway).saturating_sub(TICK));
    verifier.verify(&token).unwrap();
    fake.advance(TICK);
    assert_eq!(verifier.verify(&token), Err(Refusal::Expired));
}

#[test]
fn a_remembered_token_dies_with_its_key() {
    let verifier = verifier_of(&FORGES[2]);
    let token = FORGES[2].key().sign(&claims());
    verifier.verify(&token).unwrap();
    let next = KeyRing::new(ed25519(), Vec::new()).unwrap();
    verifier.replace_keys(next.key_set());
    let kid = FORGES[2].key().kid().to_owned();
    assert_eq!(verifier.verify(&token), Err(Refusal::UnknownKey { kid }));
    verifier.verify(&next.active().sign(&claims())).unwrap();
}

#[test]
fn the_same_keys_once_more_forget_nothing() {
    let verifier = verifier_of(&FORGES[0]);
    let token = FORGES[0].key().sign(&claims());
    let first = verifier.verify(&token).unwrap();
    verifier.replace_keys(KeySet::from_jwks(&FORGES[0].ring.public_keys()).unwrap());
    assert!(Arc::ptr_eq(&first, &verifier.verify(&token).unwrap()));
}

#[test]
fn a_refusal_is_not_remembered() {
    let ring = KeyRing::new(ed25519(), vec![ed25519()]).unwrap();
    let verifier = verifier_of(&FORGES[2]);
    let token = ring.active().sign(&claims());
    let kid = ring.active().kid().to_owned();
    assert_eq!(verifier.verify(&token), Err(Refusal::UnknownKey { kid }));
    verifier.replace_keys(ring.key_set());
    verifier.verify(&token).unwrap();
}

#[test]
fn during_a_rotation_both_keys_are_believed() {
    let (old, new) = (ed25519(), SigningKey::generate(Algorithm::Es256).unwrap());
    let old_token = old.sign(&claims());
    let ring = KeyRing::new(new, vec![old]).unwrap();
    let verifier = Verifier::new(rules(), clock().clock()).unwrap();
    verifier.replace_keys(KeySet::from_jwks(&ring.public_keys()).unwrap());
    verifier.verify(&old_token).unwrap();
    verifier.verify(&ring.active().sign(&claims())).unwrap();
}

#[test]
fn a_ring_is_of_one_kind_and_holds_a_key_once() {
    let secret = || SigningKey::hs256(&Secret::new(vec![1; 32])).unwrap();
    let mixed = KeyRing::new(ed25519(), vec![secret()]);
    assert_eq!(mixed.err(), Some(kit_token::KeyError::Mixed));
    let kid = secret().kid().to_owned();
    let doubled = KeyRing::new(secret(), vec![secret()]);
    assert_eq!(doubled.err(), Some(kit_token::KeyError::DuplicateKid { kid }));
}

#[test]
fn a_revoked_session_is_refused_even_where_it_is_remembered() {
    let verifier = verifier_of(&FORGES[2]);
    let mut other = claims();
    other.sid = "ses_0190a1b2-0000-7000-8000-000000000004".parse().unwrap();
    let (token, other) = (FORGES[2].key().sign(&claims()), FORGES[2].key().sign(&other));
    verifier.verify(&token).unwrap();
    verifier.revocations().revoke_session(claims().sid);
    assert_eq!(verifier.verify(&token), Err(Refusal::SessionRevoked));
    assert_eq!(verifier.verify(&token), Err(Refusal::SessionRevoked));
    verifier.verify(&other).unwrap();
}

#[test]
fn a_raised_epoch_refuses_what_is_below_it_and_is_never_lowered() {
    let verifier = verifier_of(&FORGES[2]);
    let token = |epoch| {
        let claims = kit_token::Claims { epoch, ..claims() };
        FORGES[2].key().sign(&claims)
    };
    verifier.verify(&token(3)).unwrap();
    verifier.revocations().raise_epoch(claims().sub, 3);
    verifier.verify(&token(3)).unwrap();
    assert_eq!(verifier.verify(&token(2)), Err(Refusal::EpochRevoked));
    verifier.revocations().raise_epoch(claims().sub, 5);
    verifier.revocations().raise_epoch(claims().sub, 4);
    assert_eq!(verifier.verify(&token(4)), Err(Refusal::EpochRevoked));
    verifier.verify(&token(5)).unwrap();
    let mut stranger = claims();
    stranger.sub = "0190a1b2-0000-7000-8000-000000000009".parse().unwrap();
    verifier.verify(&FORGES[2].key().sign(&stranger)).unwrap();
}

#[test]
fn a_revocation_outlives_every_token_of_before() {
    let fake = clock();
    let leeway = Duration::from_secs(30);
    let verifier = Verifier::new(VerifierRules { leeway, ..rules() }, fake.clock()).unwrap();
    verifier.replace_keys(FORGES[2].ring.key_set());
    let mut longest = claims();
    longest.iat = fake.clock().now().plus(leeway);
    longest.exp = longest.iat.plus(MAX_LIFETIME);
    let token = FORGES[2].key().sign(&longest);
    verifier.verify(&token).unwrap();
    verifier.revocations().revoke_session(longest.sid);
    fake.advance((MAX_LIFETIME + leeway * 2).saturating_sub(TICK));
    // News of another session, which is when old entries are dropped.
    let other = "ses_0190a1b2-0000-7000-8000-000000000004".parse().unwrap();
    verifier.revocations().revoke_session(other);
    assert_eq!(verifier.verify(&token), Err(Refusal::SessionRevoked));
    fake.advance(TICK);
    assert_eq!(verifier.verify(&token), Err(Refusal::Expired));
}

#[test]
fn rules_that_are_none_are_refused() {
    let build = |change: fn(&mut VerifierRules)| {
        let mut rules = rules();
        change(&mut rules);
        Verifier::new(rules, clock().clock()).map(drop)
    };
    assert_eq!(build(|rules| rules.leeway = Duration::from_secs(30)), Ok(()));
    let too_much = build(|rules| rules.leeway = Duration::from_millis(30_001));
    assert_eq!(too_much, Err(RulesError::Leeway));
    assert_eq!(build(|rules| rules.issuer.clear()), Err(RulesError::Unnamed));
    assert_eq!(build(|rules| rules.audience.clear()), Err(RulesError::Unnamed));
}

#[test]
fn a_handful_of_threads_agree() {
    let verifier = verifier_of(&FORGES[2]);
    let tokens = (0..64).map(|epoch| {
        let claims = kit_token::Claims { epoch, ..claims() };
        FORGES[2].key().sign(&claims)
    });
    let tokens = tokens.collect::<Vec<_>>();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (epoch, token) in (0..).zip(&tokens) {
                    assert_eq!(verifier.verify(token).unwrap().epoch, epoch);
                    verifier.replace_keys(FORGES[2].ring.key_set());
                }
            });
        }
    });
}

#[test]
fn somebody_who_was_verified_may_go_on_until_the_token_would_be_refused() {
    let fake = clock();
    let verifier = Verifier::new(rules(), fake.clock()).unwrap();
    verifier.replace_keys(FORGES[2].ring.key_set());
    let principal = verifier.verify(&FORGES[2].key().sign(&claims())).unwrap();
    fake.advance(Duration::from_mins(59).saturating_sub(TICK));
    assert_eq!(verifier.check(&principal), Ok(()));
    fake.advance(TICK);
    assert_eq!(verifier.check(&principal), Err(Refusal::Expired));
    let verifier = verifier_of(&FORGES[2]);
    verifier.revocations().revoke_session(claims().sid);
    assert_eq!(verifier.check(&principal), Err(Refusal::SessionRevoked));
}
