//! Who is calling: access tokens, the one verifier of them, and the keys they are signed with.
//!
//! **One verifier for everything.** Every process, the gateway included, turns a token into a
//! [`Principal`] through [`Verifier::verify`] and through nothing else. It needs public keys only, so a
//! service goes on without auth. The checks come in a fixed order, each with a [`Refusal`] of its own
//! for the log; outward every refusal is the same 401.
//!
//! **The JWS layer is our own,** in [`jws`], on the primitives of aws-lc-rs. Libraries for the general case
//! accept what a verifier of its own tokens must not: unknown `crit`, any `typ`, an `iss` of the wrong type,
//! doubled members, an empty HMAC key. Here a token has exactly one form, and anything else is refused.
//!
//! Invariants:
//! - An algorithm belongs to a key, never to a token: the header's `alg` may only agree with it.
//! - A [`KeySet`] never holds a shared secret beside public keys, so that no public key can be mistaken for
//!   an HMAC secret; nor a key that is weak, so that none has to be checked when a token comes.
//! - A [`Jwk`] never serialises a private member.
//! - A cached verification never outlives its token, its keys or its session.
//!
//! What this crate deliberately does not do: fetch keys or revocations (the owner of the connection hands
//! them in), keep sessions or refresh tokens (auth does), encrypt tokens, or know HTTP.

mod cache;
mod claims;
mod der;
mod encoding;
mod guest;
mod jwk;
pub mod jws;
mod key;
mod key_ring;
mod key_set;
mod pem;
mod principal;
mod public_key;
mod refusal;
mod revocations;
mod roles;
mod rsa_rules;
mod signing_key;
mod verifier;

pub use claims::Claims;
pub use guest::{GuestToken, GuestTokenError, GuestTokenHash};
pub use jwk::{Jwk, Jwks};
pub use key::{Algorithm, KeyError};
pub use key_ring::KeyRing;
pub use key_set::KeySet;
pub use principal::{Principal, SessionId, TokenId, UserId};
pub use refusal::{Part, Refusal};
pub use revocations::{FeedHealth, Revocations};
pub use roles::{Role, Roles};
pub use signing_key::SigningKey;
pub use verifier::{RulesError, Verifier, VerifierRules};
