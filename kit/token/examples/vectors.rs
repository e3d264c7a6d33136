//! Runs Project Wycheproof's vectors for JWS and JWK against this crate:
//! `cargo run -p kit-token --example vectors -- <folder>`, where the folder holds
//! `json_web_signature_test.json` and `json_web_key_test.json`.
//!
//! An `invalid` vector must be refused. A `valid` one must be accepted, or be refused for one of the reasons
//! in [`ByDesign`], each of which is read off the vector itself and counted in the output. Nothing is skipped.

#![expect(clippy::print_stdout, reason = "a command whose output is its result")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use kit_token::jws::{self, HeaderRules};
use kit_token::{Algorithm, Jwk, Jwks, KeyError, KeySet, Part, Refusal};
use serde::Deserialize;
use serde_json::Value;

const FILES: [&str; 2] = ["json_web_signature_test.json", "json_web_key_test.json"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    number_of_tests: usize,
    test_groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    public: Option<Value>,
    private: Option<Value>,
    tests: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    tc_id: u32,
    comment: String,
    jws: String,
    result: Label,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Label {
    Valid,
    Invalid,
    Acceptable,
}

/// What happened to a vector.
enum Verification {
    Accepted,
    NoKeys(KeyError),
    Refused(Refusal),
}

/// Why a vector that is labelled valid has to be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ByDesign {
    /// The key is for an algorithm that is not one of ours.
    Algorithm,
    /// A lenient decoder would drop the characters; RFC 7515, section 2, allows none besides base64url.
    Alphabet,
}

/// What a vector shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    AcceptedAsValid,
    RefusedAsInvalid,
    RefusedByDesign(ByDesign),
    /// Labelled invalid, but the same token under the same key is labelled valid too: whatever made it invalid
    /// was lost when the vectors were written down.
    AcceptedAsItsTwin,
    Either,
    Failed,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AcceptedAsValid => "valid, accepted",
            Self::RefusedAsInvalid => "invalid, refused",
            Self::RefusedByDesign(ByDesign::Algorithm) => {
                "valid, refused by design: not RS256, ES256, EdDSA or HS256"
            }
            Self::RefusedByDesign(ByDesign::Alphabet) => {
                "valid, refused by design: characters that are not base64url (RFC 7515, section 2)"
            }
            Self::AcceptedAsItsTwin => {
                "labelled invalid, accepted: the same token and key are labelled valid as well"
            }
            Self::Either => "acceptable, either way",
            Self::Failed => "FAILED",
        })
    }
}

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        println!("usage: vectors <folder>");
        return ExitCode::FAILURE;
    };
    match run(Path::new(&folder)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            println!("{folder}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The number of vectors that failed.
fn run(folder: &Path) -> Result<usize, Box<dyn Error>> {
    let (mut passed, mut failed) = (0, 0);
    for name in FILES {
        let file: File = serde_json::from_slice(&std::fs::read(folder.join(name))?)?;
        let mut counts = BTreeMap::new();
        for group in &file.test_groups {
            for vector in &group.tests {
                *counts.entry(classify(group, vector)).or_insert(0) += 1;
            }
        }
        let total = counts.values().sum::<usize>();
        if total != file.number_of_tests {
            return Err(format!("{name}: {total} vectors, not {}", file.number_of_tests).into());
        }
        println!("{name}: {total} vectors");
        for (outcome, count) in &counts {
            println!("{count:>6}  {outcome}");
        }
        let failures = counts.get(&Outcome::Failed).copied().unwrap_or(0);
        failed += failures;
        passed += total - failures;
    }
    println!("{passed} passed, {failed} failed");
    Ok(failed)
}

fn classify(group: &Group, vector: &Vector) -> Outcome {
    let keys = keys(group);
    let verification = verify(keys.as_ref(), vector);
    let accepted = matches!(verification, Verification::Accepted);
    match vector.result {
        Label::Acceptable => Outcome::Either,
        Label::Valid if accepted => Outcome::AcceptedAsValid,
        Label::Valid => match by_design(keys.as_ref(), vector, &verification) {
            Some(reason) => Outcome::RefusedByDesign(reason),
            None => failure(vector, &verification),
        },
        Label::Invalid if !accepted => Outcome::RefusedAsInvalid,
        Label::Invalid if has_valid_twin(group, vector) => Outcome::AcceptedAsItsTwin,
        Label::Invalid => failure(vector, &verification),
    }
}

/// The group's public keys, or its shared secrets; `None` where they cannot even be read.
fn keys(group: &Group) -> Option<Jwks> {
    let keys = group.public.as_ref().or(group.private.as_ref())?.clone();
    if keys.get("keys").is_some() {
        return serde_json::from_value(keys).ok();
    }
    let key: Jwk = serde_json::from_value(keys).ok()?;
    Some(Jwks { keys: vec![key] })
}

fn verify(keys: Option<&Jwks>, vector: &Vector) -> Verification {
    let keys = keys.ok_or(KeyError::Malformed).and_then(KeySet::from_jwks);
    match keys {
        Err(error) => Verification::NoKeys(error),
        Ok(keys) => match jws::verify(&vector.jws, &keys, HeaderRules::AnyTyp) {
            Ok(_) => Verification::Accepted,
            Err(refusal) => Verification::Refused(refusal),
        },
    }
}

/// The reason that the vector itself shows, provided that it is also the one it was refused for.
fn by_design(keys: Option<&Jwks>, vector: &Vector, verification: &Verification) -> Option<ByDesign> {
    let foreign = |key: &Jwk| {
        key.alg
            .as_ref()
            .is_some_and(|alg| alg.parse::<Algorithm>().is_err())
    };
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    match verification {
        Verification::NoKeys(KeyError::Empty) if keys.is_some_and(|keys| keys.keys.iter().all(foreign)) => {
            Some(ByDesign::Algorithm)
        }
        Verification::Refused(Refusal::Encoding(Part::Header) | Refusal::Signature)
            if !vector.jws.bytes().all(base64url) =>
        {
            Some(ByDesign::Alphabet)
        }
        _ => None,
    }
}

fn has_valid_twin(group: &Group, vector: &Vector) -> bool {
    let mut others = group.tests.iter();
    others.any(|other| other.result == Label::Valid && other.jws == vector.jws)
}

fn failure(vector: &Vector, verification: &Verification) -> Outcome {
    let verification = match verification {
        Verification::Accepted => "accepted".to_owned(),
        Verification::NoKeys(error) => format!("refused: {error}"),
        Verification::Refused(refusal) => format!("refused: {refusal}"),
    };
    println!("vector {} ({}): {verification}", vector.tc_id, vector.comment);
    Outcome::Failed
}
