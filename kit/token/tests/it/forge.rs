//! Signs whatever it is given, with a key that the verifier believes.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kit_runtime::Secret;
use kit_token::{Algorithm, KeyRing, SigningKey};

pub(crate) const SECRET: [u8; 32] = [0x5E; 32];

/// One of each algorithm; made once, since an RSA key takes its time.
pub(crate) static FORGES: LazyLock<[Forge; 4]> = LazyLock::new(|| {
    [
        Forge::of(SigningKey::generate(Algorithm::Rs256).unwrap()),
        Forge::of(SigningKey::generate(Algorithm::Es256).unwrap()),
        Forge::of(SigningKey::generate(Algorithm::EdDsa).unwrap()),
        Forge::of(SigningKey::hs256(&Secret::new(SECRET.to_vec())).unwrap()),
    ]
});

pub(crate) struct Forge {
    pub(crate) ring: KeyRing,
    signer: Signer,
}

enum Signer {
    Rs256(RsaKeyPair),
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Hs256,
}

impl Forge {
    fn of(key: SigningKey) -> Self {
        let der = || from_pem(key.to_pem().unwrap().expose());
        let signer = match key.algorithm() {
            Algorithm::Rs256 => Signer::Rs256(RsaKeyPair::from_pkcs8(&der()).unwrap()),
            Algorithm::Es256 => {
                Signer::Es256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der()).unwrap())
            }
            Algorithm::EdDsa => Signer::EdDsa(Ed25519KeyPair::from_pkcs8(&der()).unwrap()),
            Algorithm::Hs256 => Signer::Hs256,
        };
        let ring = KeyRing::new(key, Vec::new()).unwrap();
        Self { ring, signer }
    }

    pub(crate) fn key(&self) -> &SigningKey {
        self.ring.active()
    }

    /// A good header.
    pub(crate) fn header(&self) -> String {
        let (alg, kid) = (self.key().algorithm(), self.key().kid());
        format!(r#"{{"alg":"{alg}","kid":"{kid}","typ":"at+jwt"}}"#)
    }

    /// Signs two parts that are encoded already, however badly.
    pub(crate) fn sign(&self, header: &str, payload: &str) -> String {
        let message = format!("{header}.{payload}");
        let signature = encode(self.signature(message.as_bytes()));
        format!("{message}.{signature}")
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.signer {
            Signer::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            Signer::Es256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Signer::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
            Signer::Hs256 => mac(&SECRET, message),
        }
    }
}

pub(crate) fn mac(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::sign(&key, message).as_ref().to_vec()
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// The bytes of a PEM file's only block.
pub(crate) fn from_pem(text: &str) -> Vec<u8> {
    let body = text.lines().filter(|line| !line.starts_with('-'));
    STANDARD.decode(body.collect::<String>()).unwrap()
}
