//! From a token to the one whom it speaks for.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use kit_runtime::{Clock, Timestamp};
use thiserror::Error;

use crate::cache::{Cache, TokenDigest};
use crate::encoding::from_json_object;
use crate::jws::{self, HeaderRules};
use crate::{Claims, KeySet, Principal, Refusal, Revocations};

/// Clocks of one installation differ by less than this; more leeway only keeps dead tokens alive.
const MOST_LEEWAY: Duration = Duration::from_secs(30);

/// What a token has to say to be believed, once its signature is good.
#[derive(Clone, Debug)]
pub struct VerifierRules {
    /// The only `iss`.
    pub issuer: String,
    /// The only `aud`.
    pub audience: String,
    /// The longest time from `iat` to `exp`.
    pub max_lifetime: Duration,
    /// How far clocks may differ, at most 30 s. It counts for `exp`, `nbf` and `iat`.
    pub leeway: Duration,
}

/// Rules that no verifier takes.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RulesError {
    /// An empty `issuer` or `audience`.
    #[error("`issuer` and `audience` must not be empty")]
    Unnamed,
    /// More than 30 s of leeway.
    #[error("a leeway of more than 30 s is not allowed")]
    Leeway,
}

/// The one verifier of access tokens. A cheap handle; clones share keys, cache and revocations.
///
/// The order of the checks: length and ASCII, two dots, header, `typ`, key, `alg`, signature, claims, `iss`,
/// `aud`, `exp`, `nbf`, `iat`, lifetime, revocation. A token verified before skips what cannot have changed,
/// which is everything from the dots to the lifetime; its end is the entry's end.
#[derive(Clone)]
pub struct Verifier(Arc<Shared>);

struct Shared {
    rules: VerifierRules,
    clock: Clock,
    trust: ArcSwapOption<Trust>,
    revocations: Revocations,
}

/// Keys, and what was verified with them. They are replaced together, so that a verification which was under
/// way meanwhile cannot leave its result behind under the new keys.
struct Trust {
    keys: KeySet,
    cache: Cache,
}

impl Verifier {
    /// A verifier without keys as yet; until [`Verifier::replace_keys`] it refuses every token.
    pub fn new(rules: VerifierRules, clock: Clock) -> Result<Self, RulesError> {
        if rules.issuer.is_empty() || rules.audience.is_empty() {
            return Err(RulesError::Unnamed);
        }
        if rules.leeway > MOST_LEEWAY {
            return Err(RulesError::Leeway);
        }
        // A token may be issued `leeway` ahead of our clock and be taken for `leeway` past its end.
        let longest_life = rules.max_lifetime + rules.leeway * 2;
        Ok(Self(Arc::new(Shared {
            revocations: Revocations::new(clock.clone(), longest_life),
            trust: ArcSwapOption::empty(),
            rules,
            clock,
        })))
    }

    /// From now on these keys are believed and no others; everything verified before is forgotten. The same
    /// keys once more change nothing, so that asking for them often costs nothing.
    pub fn replace_keys(&self, keys: KeySet) {
        if self
            .0
            .trust
            .load()
            .as_ref()
            .is_some_and(|trust| trust.keys == keys)
        {
            return;
        }
        let cache = Cache::default();
        self.0.trust.store(Some(Arc::new(Trust { keys, cache })));
    }

    /// Whether there are keys to verify with.
    pub fn has_keys(&self) -> bool {
        self.0.trust.load().is_some()
    }

    /// What is revoked; asked for every token, for those verified before too.
    pub fn revocations(&self) -> &Revocations {
        &self.0.revocations
    }

    /// Whether somebody whom a token was verified for may go on: it is neither over nor revoked since. For what
    /// stays open, such as a stream.
    pub fn check(&self, principal: &Principal) -> Result<(), Refusal> {
        if self.0.clock.now() >= principal.expires_at.plus(self.0.rules.leeway) {
            return Err(Refusal::Expired);
        }
        self.0.revocations.check(principal)
    }

    /// Whom the token speaks for.
    pub fn verify(&self, token: &str) -> Result<Arc<Principal>, Refusal> {
        jws::check_size(token)?;
        let trust = self.0.trust.load();
        let principal = self.0.believe(trust.as_deref(), token)?;
        self.0.revocations.check(&principal)?;
        Ok(principal)
    }
}

impl Shared {
    /// Everything but revocation.
    fn believe(&self, trust: Option<&Trust>, token: &str) -> Result<Arc<Principal>, Refusal> {
        let (digest, now) = (TokenDigest::of(token), self.clock.now());
        if let Some(known) = trust.and_then(|trust| trust.cache.find(digest, now)) {
            return Ok(known);
        }
        let keys = trust.map(|trust| &trust.keys);
        let payload = jws::open(token, keys, HeaderRules::Typ(jws::ACCESS_TOKEN))?;
        let claims: Claims = from_json_object(&payload).map_err(|problem| Refusal::Claims { problem })?;
        self.rules.check(&claims, now)?;
        let until = claims.exp.plus(self.rules.leeway);
        let principal = Arc::new(Principal::from(claims));
        if let Some(trust) = trust {
            trust.cache.insert(digest, Arc::clone(&principal), until);
        }
        Ok(principal)
    }
}

impl VerifierRules {
    fn check(&self, claims: &Claims, now: Timestamp) -> Result<(), Refusal> {
        if claims.iss != self.issuer {
            return Err(Refusal::Issuer);
        }
        if claims.aud != self.audience {
            return Err(Refusal::Audience);
        }
        // RFC 7519, section 4.1.4: the time must be before `exp`, so at `exp` it is over.
        if now >= claims.exp.plus(self.leeway) {
            return Err(Refusal::Expired);
        }
        let latest = now.plus(self.leeway);
        if claims.nbf.is_some_and(|nbf| nbf > latest) {
            return Err(Refusal::NotYetValid);
        }
        if claims.iat > latest {
            return Err(Refusal::IssuedInFuture);
        }
        if claims.exp <= claims.iat || claims.exp.since(claims.iat) > self.max_lifetime {
            return Err(Refusal::Lifetime);
        }
        Ok(())
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trust = self.0.trust.load();
        f.debug_struct("Verifier")
            .field("rules", &self.0.rules)
            .field("keys", &trust.as_ref().map(|trust| &trust.keys))
            .finish_non_exhaustive()
    }
}
