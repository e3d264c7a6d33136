//! What the verifier believes and what it does not, told with keys of our own, so that the flaw in a token is
//! what refuses it and not its signature.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod anything;
mod claims;
mod forge;
mod header;
mod jwks;
mod openssl;
mod pem;
mod story;
mod verifier;
