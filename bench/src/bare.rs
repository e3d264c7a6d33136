//! Signatures made and checked by the cryptographic library alone: the bound of what can be reached with them.

use std::hint::black_box;

use anyhow::Context as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, VerificationAlgorithm,
};
use aws_lc_rs::{error::Unspecified, hmac};
use kit_token::Algorithm;

use crate::machine::thread_seconds;

const COUNT: u32 = 2000;

/// Checks a second of a signature of this kind over a text of this length.
pub(crate) fn bare_rate(algorithm: Algorithm, length: usize) -> anyhow::Result<f64> {
    let text = vec![b'x'; length];
    let check = checker(algorithm, &text)
        .ok()
        .context("the cryptographic library makes no key")?;
    let begin = thread_seconds()?;
    for _ in 0..COUNT {
        anyhow::ensure!(black_box(check(black_box(&text))), "a good signature is refused");
    }
    Ok(f64::from(COUNT) / (thread_seconds()? - begin))
}

/// Signatures a second of this kind over a text of this length; none are made for `HS256`.
pub(crate) fn bare_signing_rate(algorithm: Algorithm, length: usize) -> anyhow::Result<f64> {
    let text = vec![b'x'; length];
    let sign = signer(algorithm)
        .ok()
        .flatten()
        .context("the cryptographic library makes no key")?;
    let begin = thread_seconds()?;
    for _ in 0..COUNT {
        anyhow::ensure!(black_box(sign(black_box(&text))), "nothing is signed");
    }
    Ok(f64::from(COUNT) / (thread_seconds()? - begin))
}

type Check = Box<dyn Fn(&[u8]) -> bool>;

fn signer(algorithm: Algorithm) -> Result<Option<Check>, Unspecified> {
    let random = SystemRandom::new();
    Ok(match algorithm {
        Algorithm::Rs256 => {
            let pair = rsa::KeyPair::generate(KeySize::Rsa2048)?;
            let length = pair.public_modulus_len();
            Some(Box::new(move |text| {
                let mut signature = vec![0; length];
                pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature)
                    .is_ok()
            }))
        }
        Algorithm::Es256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
            Some(Box::new(move |text| pair.sign(&random, text).is_ok()))
        }
        Algorithm::EdDsa => {
            let pair = Ed25519KeyPair::generate()?;
            Some(Box::new(move |text| pair.try_sign(text).is_ok()))
        }
        Algorithm::Hs256 => None,
    })
}

fn checker(algorithm: Algorithm, text: &[u8]) -> Result<Check, Unspecified> {
    let random = SystemRandom::new();
    match algorithm {
        Algorithm::Rs256 => {
            let pair = rsa::KeyPair::generate(KeySize::Rsa2048)?;
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature)?;
            public(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref(), signature)
        }
        Algorithm::Es256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
            let signature = pair.sign(&random, text)?.as_ref().to_vec();
            public(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref(), signature)
        }
        Algorithm::EdDsa => {
            let pair = Ed25519KeyPair::generate()?;
            let signature = pair.sign(text).as_ref().to_vec();
            public(&ED25519, pair.public_key().as_ref(), signature)
        }
        Algorithm::Hs256 => {
            let key = hmac::Key::generate(hmac::HMAC_SHA256, &random)?;
            let tag = hmac::sign(&key, text).as_ref().to_vec();
            Ok(Box::new(move |text| hmac::verify(&key, text, &tag).is_ok()))
        }
    }
}

fn public(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &[u8],
    signature: Vec<u8>,
) -> Result<Check, Unspecified> {
    let key = ParsedPublicKey::new(algorithm, key).map_err(|_| Unspecified)?;
    Ok(Box::new(move |text| key.verify_sig(text, &signature).is_ok()))
}
