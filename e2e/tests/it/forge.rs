//! Tokens as an attacker makes them who has our own private key, so that what refuses one is its one flaw and
//! never the signature.

use std::fs;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use e2e::Node;
use serde_json::Value;

/// The key of an instance.
pub(crate) struct Forge {
    key: RsaKeyPair,
}

/// A token taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub header: Value,
    pub claims: Value,
}

impl Forge {
    /// With the key of an instance, read from its data folder.
    pub(crate) fn of(auth: &Node) -> Self {
        let pem = fs::read_to_string(auth.setup().data().join("keys/signing.pem")).expect("a key");
        let key = RsaKeyPair::from_pkcs8(&der(&pem)).expect("an RSA key");
        Self { key }
    }

    /// With a key that nobody knows.
    pub(crate) fn stranger() -> Self {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        Self { key }
    }

    /// Signs as we do.
    pub(crate) fn sign(&self, parts: &Parts) -> String {
        self.sign_text(&parts.header.to_string(), &parts.claims.to_string())
    }

    /// Signs any text.
    pub(crate) fn sign_text(&self, header: &str, claims: &str) -> String {
        self.sign_as(&RSA_PKCS1_SHA256, &signed_part(header, claims))
    }

    /// Signs with SHA-384 where that is what the header says.
    pub(crate) fn sign_rs384(&self, parts: &Parts) -> String {
        self.sign_as(&RSA_PKCS1_SHA384, &parts.signed_part())
    }

    /// Signs with PSS where that is what the header says.
    pub(crate) fn sign_ps256(&self, parts: &Parts) -> String {
        self.sign_as(&RSA_PSS_SHA256, &parts.signed_part())
    }

    fn sign_as(&self, how: &'static dyn RsaEncoding, text: &str) -> String {
        let mut signature = vec![0; self.key.public_modulus_len()];
        let signed = self
            .key
            .sign(how, &SystemRandom::new(), text.as_bytes(), &mut signature);
        signed.expect("a signature");
        format!("{text}.{}", encode(&signature))
    }

    /// What an attacker may take for a shared secret: the public key in its usual forms.
    pub(crate) fn public_forms(&self) -> Vec<Vec<u8>> {
        let public = self.key.public_key();
        let spki = public.as_der().expect("the public key").as_ref().to_vec();
        let lines: Vec<String> = STANDARD
            .encode(&spki)
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
            lines.join("\n")
        );
        vec![
            format!("{pem}\n").into_bytes(),
            pem.into_bytes(),
            spki,
            public.as_ref().to_vec(),
        ]
    }
}

impl Parts {
    /// Of a real token.
    pub(crate) fn of(token: &str) -> Self {
        let mut parts = token.split('.').map(|part| {
            let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
            serde_json::from_slice(&bytes).unwrap_or(Value::Null)
        });
        Self {
            header: parts.next().expect("a header"),
            claims: parts.next().expect("claims"),
        }
    }

    /// With a member of the header set.
    pub(crate) fn header(&self, name: &str, value: impl Into<Value>) -> Self {
        let mut parts = self.clone();
        parts.header[name] = value.into();
        parts
    }

    /// With a claim set.
    pub(crate) fn claim(&self, name: &str, value: impl Into<Value>) -> Self {
        let mut parts = self.clone();
        parts.claims[name] = value.into();
        parts
    }

    /// Without a member of the header.
    pub(crate) fn without_header(&self, name: &str) -> Self {
        let mut parts = self.clone();
        parts.header.as_object_mut().expect("an object").remove(name);
        parts
    }

    /// Without a claim.
    pub(crate) fn without_claim(&self, name: &str) -> Self {
        let mut parts = self.clone();
        parts.claims.as_object_mut().expect("an object").remove(name);
        parts
    }

    /// Header and payload, encoded.
    pub(crate) fn signed_part(&self) -> String {
        signed_part(&self.header.to_string(), &self.claims.to_string())
    }

    /// Signed with a shared secret.
    pub(crate) fn sign_hs256(&self, secret: &[u8]) -> String {
        let text = self.signed_part();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), text.as_bytes());
        format!("{text}.{}", encode(tag.as_ref()))
    }
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn signed_part(header: &str, claims: &str) -> String {
    format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()))
}

fn der(pem: &str) -> Vec<u8> {
    let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(text.trim()).expect("base64")
}
