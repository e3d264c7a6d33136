//! Access tokens verified on one core by the verifier that every process has: by CPU time, so that a second is
//! a second of a core, whatever else runs on it.
//!
//! Uncached means a token that was never seen: signature, claims and all. Each repeat has a verifier of its
//! own, so that none of its tokens is known. Cached means tokens that were seen before.

use std::time::Duration;

use anyhow::Context as _;
use kit_runtime::{Clock, Ids, Secret};
use kit_token::{
    Algorithm, Claims, KeyRing, KeySet, Role, Roles, SessionId, SigningKey, TokenId, UserId, Verifier,
    VerifierRules,
};

use crate::bare::bare_rate;
use crate::effort::Effort;
use crate::folders::Folders;
use crate::machine::{Cores, pin, thread_seconds};
use crate::report::{Reach, Report, Row};
use crate::samples::Samples;

const UNCACHED: f64 = 20_000.0;
const CACHED: f64 = 300_000.0;

const LIFETIME: Duration = Duration::from_mins(15);

/// Fewer than the verifier keeps.
const DISTINCT: u32 = 2000;

/// How many of them are verified again and again.
const KNOWN: usize = 64;
const ROUNDS: u32 = 4000;

/// Measures.
pub(crate) fn run(_: &Folders, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    pin(Cores::Measured)?;
    let measured = [
        Algorithm::Rs256,
        Algorithm::Es256,
        Algorithm::EdDsa,
        Algorithm::Hs256,
    ]
    .into_iter()
    .try_for_each(|algorithm| one(algorithm, effort, report));
    pin(Cores::All)?;
    measured
}

fn one(algorithm: Algorithm, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    let (clock, ids) = (Clock::system(), Ids::system());
    let key = match algorithm {
        Algorithm::Hs256 => SigningKey::hs256(&Secret::new(ids.random::<32>().to_vec()))?,
        other => SigningKey::generate(other)?,
    };
    let tokens: Vec<String> = (0..DISTINCT).map(|_| key.sign(&claims(&clock, &ids))).collect();
    let keys = KeyRing::new(key, Vec::new())?.key_set();
    let mut cached = Vec::new();
    let uncached = Samples::take(effort.repeats, || {
        let verifier = verifier(&clock, &keys)?;
        let begin = thread_seconds()?;
        for token in &tokens {
            verifier.verify(token).context("a good token is refused")?;
        }
        let rate = f64::from(DISTINCT) / (thread_seconds()? - begin);
        cached.push(again(&verifier, &tokens[..KNOWN])?);
        Ok(rate)
    })?;
    let cached = Samples::of(cached);
    let bare = Samples::take(effort.repeats, || bare_rate(algorithm, tokens[0].len()))?;
    report.add(
        Row::new(
            "verify",
            format!("{algorithm}, uncached, one core"),
            "tokens/s",
            &uncached,
        )
        .against("the bare signature", &bare)
        .reach(Reach::AtLeast(UNCACHED)),
    );
    report.add(
        Row::new(
            "verify",
            format!("{algorithm}, cached, one core"),
            "tokens/s",
            &cached,
        )
        .against("uncached", &uncached)
        .reach(Reach::AtLeast(CACHED)),
    );
    Ok(())
}

fn again(verifier: &Verifier, known: &[String]) -> anyhow::Result<f64> {
    let begin = thread_seconds()?;
    let mut count = 0_u32;
    for _ in 0..ROUNDS {
        for token in known {
            verifier.verify(token).context("a good token is refused")?;
            count += 1;
        }
    }
    Ok(f64::from(count) / (thread_seconds()? - begin))
}

fn verifier(clock: &Clock, keys: &KeySet) -> anyhow::Result<Verifier> {
    let rules = VerifierRules {
        issuer: "bench".to_owned(),
        audience: "bench".to_owned(),
        max_lifetime: LIFETIME,
        leeway: Duration::from_secs(5),
    };
    let verifier = Verifier::new(rules, clock.clone())?;
    verifier.replace_keys(keys.clone());
    Ok(verifier)
}

fn claims(clock: &Clock, ids: &Ids) -> Claims {
    let now = clock.now();
    Claims {
        iss: "bench".to_owned(),
        aud: "bench".to_owned(),
        sub: UserId::from(ids.uuid()),
        jti: TokenId::from(ids.uuid()),
        sid: SessionId::from(ids.uuid()),
        iat: now,
        exp: now.plus(LIFETIME),
        nbf: None,
        roles: Roles::from(Role::Customer),
        username: "ada".to_owned(),
        epoch: 0,
    }
}
