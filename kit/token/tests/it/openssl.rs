//! Keys and signatures of a foreign tool.

use std::path::PathBuf;
use std::process::Command;

use kit_token::{Algorithm, KeyError, KeyRing, KeySet, SigningKey, Verifier};
use tempfile::TempDir;

use crate::forge::{decode, from_pem};
use crate::story::{claims, clock, rules};

struct Openssl(TempDir);

impl Openssl {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `openssl` in a folder of its own; its words are split at spaces.
    fn run(&self, command: &str) {
        let done = Command::new("openssl")
            .args(command.split(' '))
            .current_dir(self.0.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "openssl {command}: {done:?}");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    /// The key that a command leaves in `key.pem`.
    fn key(&self, command: &str) -> Result<SigningKey, KeyError> {
        self.run(command);
        SigningKey::from_pem(&self.read("key.pem"))
    }
}

#[test]
fn keys_of_every_form_are_read_and_their_public_half_verifies() {
    let openssl = Openssl::new();
    for (command, first, algorithm) in [
        (
            "genrsa -out key.pem 2048",
            "-----BEGIN PRIVATE KEY-----",
            Algorithm::Rs256,
        ),
        (
            "genrsa -traditional -out key.pem 2048",
            "-----BEGIN RSA PRIVATE KEY-----",
            Algorithm::Rs256,
        ),
        (
            "ecparam -genkey -name prime256v1 -out key.pem",
            "-----BEGIN EC PARAMETERS-----",
            Algorithm::Es256,
        ),
        (
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem",
            "-----BEGIN PRIVATE KEY-----",
            Algorithm::Es256,
        ),
        (
            "genpkey -algorithm ed25519 -out key.pem",
            "-----BEGIN PRIVATE KEY-----",
            Algorithm::EdDsa,
        ),
    ] {
        let key = openssl.key(command).unwrap();
        assert_eq!(openssl.read("key.pem").lines().next(), Some(first));
        assert_eq!(key.algorithm(), algorithm, "{command}");
        openssl.run("pkey -in key.pem -pubout -out public.pem");
        let public = KeySet::from_public_pem(&openssl.read("public.pem")).unwrap();
        assert_eq!(public.kids().collect::<Vec<_>>(), [key.kid()]);
        let verifier = Verifier::new(rules(), clock().clock()).unwrap();
        verifier.replace_keys(public.clone());
        verifier.verify(&key.sign(&claims())).unwrap();
        assert_eq!(public, KeyRing::new(key, Vec::new()).unwrap().key_set());
    }
}

#[test]
fn a_foreign_verifier_takes_our_signature() {
    let openssl = Openssl::new();
    for algorithm in [Algorithm::Rs256, Algorithm::EdDsa] {
        let key = SigningKey::generate(algorithm).unwrap();
        let token = key.sign(&claims());
        let (message, signature) = token.rsplit_once('.').unwrap();
        openssl.write("key.pem", key.to_pem().unwrap().expose());
        openssl.write("message", message);
        openssl.write("signature", decode(signature));
        openssl.run("pkey -in key.pem -pubout -out public.pem");
        openssl.run(match algorithm {
            Algorithm::Rs256 => "dgst -sha256 -verify public.pem -signature signature message",
            _ => "pkeyutl -verify -pubin -inkey public.pem -rawin -in message -sigfile signature",
        });
    }
}

#[test]
fn a_public_file_may_hold_several_keys() {
    let openssl = Openssl::new();
    openssl.key("genpkey -algorithm ed25519 -out key.pem").unwrap();
    openssl.run("pkey -in key.pem -pubout -out public.pem");
    openssl.key("genrsa -traditional -out key.pem 2048").unwrap();
    openssl.run("rsa -in key.pem -RSAPublicKey_out -out rsa.pem");
    let both = openssl.read("public.pem") + &openssl.read("rsa.pem");
    let keys = KeySet::from_public_pem(&both).unwrap();
    assert_eq!(keys.kids().count(), 2);
    let twice = openssl.read("rsa.pem").repeat(2);
    let refused = KeySet::from_public_pem(&twice);
    assert!(matches!(refused, Err(KeyError::DuplicateKid { .. })));
}

#[test]
fn weak_foreign_and_encrypted_keys_are_refused() {
    let openssl = Openssl::new();
    let exponent = openssl.key("genrsa -3 -out key.pem 2048");
    assert_eq!(exponent.err(), Some(KeyError::RsaExponent));
    for form in ["", "-traditional "] {
        let short = openssl
            .key(&format!("genrsa {form}-out key.pem 1024"))
            .err()
            .unwrap();
        assert_eq!(short, KeyError::RsaSize { bits: 1024 }, "{form}");
        assert_eq!(
            short.to_string(),
            "the RSA key has 1024 bits; 2048 to 8192 are allowed"
        );
    }
    openssl.run("pkey -in key.pem -pubout -out public.pem");
    assert_eq!(
        KeySet::from_public_pem(&openssl.read("public.pem")).err(),
        Some(KeyError::RsaSize { bits: 1024 })
    );
    for curve in ["P-384", "secp256k1"] {
        let command = format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{curve} -out key.pem");
        assert_eq!(openssl.key(&command).err(), Some(KeyError::Unsupported));
        let traditional = match curve {
            "P-384" => "secp384r1",
            name => name,
        };
        let command = format!("ecparam -genkey -name {traditional} -out key.pem");
        assert_eq!(
            openssl.key(&command).err(),
            Some(KeyError::Unsupported),
            "{command}"
        );
        openssl.run("pkey -in key.pem -pubout -out public.pem");
        let public = KeySet::from_public_pem(&openssl.read("public.pem"));
        assert_eq!(public.err(), Some(KeyError::Unsupported));
    }
    let x25519 = openssl.key("genpkey -algorithm x25519 -out key.pem");
    assert_eq!(x25519.err(), Some(KeyError::Unsupported));
    for form in ["", "-traditional "] {
        let command = format!("genrsa -aes128 -passout pass:secret {form}-out key.pem 2048");
        assert_eq!(openssl.key(&command).err(), Some(KeyError::Encrypted));
    }
}

#[test]
fn a_pair_whose_halves_differ_is_refused() {
    let openssl = Openssl::new();
    let der = |name: &str| {
        openssl.run(&format!(
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {name}"
        ));
        from_pem(&openssl.read(name))
    };
    // The public point ends the file; take the other key's.
    let (one, other) = (der("one.pem"), der("other.pem"));
    let (private, _) = one.split_at(one.len() - 64);
    let (_, public) = other.split_at(other.len() - 64);
    let mixed = [private, public].concat();
    let pem = |der: &[u8]| {
        use base64::Engine as _;
        let body = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
    };
    SigningKey::from_pem(&pem(&one)).unwrap();
    let refused = SigningKey::from_pem(&pem(&mixed)).err().unwrap();
    assert!(matches!(refused, KeyError::Rejected { .. }), "{refused}");
}
