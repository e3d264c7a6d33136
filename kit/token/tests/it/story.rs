//! A verifier, a clock, and a good token that a story can spoil.

use std::sync::Arc;
use std::time::Duration;

use kit_runtime::{FakeClock, Timestamp};
use kit_token::{Claims, Principal, Refusal, Role, Roles, Verifier, VerifierRules};

use crate::forge::{FORGES, Forge, encode};

pub(crate) const ISSUER: &str = "https://stoa.test";
pub(crate) const AUDIENCE: &str = "stoa";
pub(crate) const MAX_LIFETIME: Duration = Duration::from_hours(24);
/// The story's present, in seconds.
pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) fn rules() -> VerifierRules {
    VerifierRules {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        max_lifetime: MAX_LIFETIME,
        leeway: Duration::ZERO,
    }
}

pub(crate) fn clock() -> FakeClock {
    FakeClock::at(Timestamp::from_seconds(NOW))
}

pub(crate) fn verifier_of(forge: &Forge) -> Verifier {
    let verifier = Verifier::new(rules(), clock().clock()).unwrap();
    verifier.replace_keys(forge.ring.key_set());
    verifier
}

/// Good claims: issued a minute ago, good for an hour.
pub(crate) fn claims() -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: "0190a1b2-0000-7000-8000-000000000001".parse().unwrap(),
        jti: "tok_0190a1b2-0000-7000-8000-000000000002".parse().unwrap(),
        sid: "ses_0190a1b2-0000-7000-8000-000000000003".parse().unwrap(),
        iat: Timestamp::from_seconds(NOW - 60),
        exp: Timestamp::from_seconds(NOW + 3_540),
        nbf: None,
        roles: Roles::from(Role::Customer),
        username: "ada".to_owned(),
        epoch: 3,
    }
}

/// The good claims as they are in a token.
pub(crate) fn payload() -> String {
    serde_json::to_string(&claims()).unwrap()
}

/// A token before it is signed: its parts, encoded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draft {
    pub(crate) header: String,
    pub(crate) payload: String,
}

impl Draft {
    pub(crate) fn good(forge: &Forge) -> Self {
        Self {
            header: encode(forge.header()),
            payload: encode(payload()),
        }
    }
}

/// Signs the flawed draft with each of our keys and says what the verifier answers; the same draft without the
/// flaw is accepted.
pub(crate) fn refusals(flaw: impl Fn(&Forge, &mut Draft)) -> Vec<Refusal> {
    let refused = FORGES.iter().map(|forge| {
        let good = Draft::good(forge);
        let mut flawed = good.clone();
        flaw(forge, &mut flawed);
        assert_ne!(flawed, good, "the flaw changes nothing");
        verify(forge, &good).unwrap();
        verify(forge, &flawed).unwrap_err()
    });
    refused.collect()
}

/// Every one of our keys refuses the token for this reason.
#[track_caller]
pub(crate) fn refuses(expected: &Refusal, flaw: impl Fn(&Forge, &mut Draft)) {
    assert_eq!(refusals(flaw), vec![expected.clone(); FORGES.len()]);
}

/// None of our keys refuses the token, although it is not the usual one.
#[track_caller]
pub(crate) fn accepts(change: impl Fn(&Forge, &mut Draft)) {
    for forge in FORGES.iter() {
        let mut draft = Draft::good(forge);
        change(forge, &mut draft);
        verify(forge, &draft).unwrap();
    }
}

fn verify(forge: &Forge, draft: &Draft) -> Result<Arc<Principal>, Refusal> {
    verifier_of(forge).verify(&forge.sign(&draft.header, &draft.payload))
}
