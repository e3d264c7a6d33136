//! A JWT library that is not ours accepts our tokens with what we publish, whatever the kind of key.

use std::process::{Command, Output, Stdio};

use e2e::{Client, Person, Setup, foreign};
use serde_json::Value;

const ISSUER: &str = "https://shop.example.com";
const AUDIENCE: &str = "shop";

struct Check<'a> {
    at: &'a Client,
    algorithm: &'a str,
    audience: &'a str,
}

impl Check<'_> {
    fn run(&self, token: &str) -> Output {
        let issuer = format!("http://{}", self.at.address());
        let arguments = [&*issuer, self.algorithm, ISSUER, self.audience];
        foreign::run("verify.py", &arguments, token)
    }
}

fn setup() -> Setup {
    Setup::up()
        .set("token.issuer", ISSUER)
        .set("token.audience", AUDIENCE)
}

/// The library accepts a token of this instance, and refuses it for another audience.
#[track_caller]
fn is_accepted(setup: &Setup, algorithm: &str) {
    let node = setup.start();
    let ada = Person::join(&node.face(), "ada");
    let check = Check {
        at: &node.face(),
        algorithm,
        audience: AUDIENCE,
    };
    let accepted = check.run(&ada.token);
    assert!(
        accepted.status.success(),
        "{}",
        String::from_utf8_lossy(&accepted.stderr)
    );
    let claims: Value = serde_json::from_slice(&accepted.stdout).expect("claims");
    assert_eq!(claims["sub"], ada.id.as_str());
    assert_eq!(claims["username"], ada.name.as_str());

    let other = Check {
        audience: "another",
        ..check
    };
    let refused = other.run(&ada.token);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("InvalidAudienceError"));
    // And our own verifier accepts what it made.
    ada.at(&node.face()).get("/api/me").expect(200);
}

#[test]
fn rs256_by_default() {
    is_accepted(&setup(), "RS256");
}

#[test]
fn es256_by_choice() {
    is_accepted(&setup().set("auth.algorithm", "ES256"), "ES256");
}

#[test]
fn eddsa_by_choice() {
    is_accepted(&setup().set("auth.algorithm", "EdDSA"), "EdDSA");
}

fn with_openssl_key(arguments: &[&str]) -> Setup {
    let setup = setup().set("auth.signing_key_file", "own.pem");
    let made = Command::new("openssl")
        .args(arguments)
        .current_dir(setup.folder())
        .stderr(Stdio::null())
        .status();
    assert!(made.expect("openssl runs").success());
    setup
}

#[test]
fn rs256_with_a_key_of_openssl_genrsa() {
    let setup = with_openssl_key(&["genrsa", "-out", "own.pem", "2048"]);
    let pem = std::fs::read_to_string(setup.folder().join("own.pem")).unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----"), "{pem}");
    is_accepted(&setup, "RS256");
    assert!(
        !setup.data().join("keys/signing.pem").exists(),
        "no other key is made"
    );
}

#[test]
fn rs256_with_a_key_of_openssl_in_its_older_form() {
    let setup = with_openssl_key(&["genrsa", "-traditional", "-out", "own.pem", "2048"]);
    let pem = std::fs::read_to_string(setup.folder().join("own.pem")).unwrap();
    assert!(pem.starts_with("-----BEGIN RSA PRIVATE KEY-----"), "{pem}");
    is_accepted(&setup, "RS256");
}

#[test]
fn es256_with_a_key_of_openssl() {
    let curve = "ec_paramgen_curve:P-256";
    let setup = with_openssl_key(&[
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        curve,
        "-out",
        "own.pem",
    ]);
    is_accepted(&setup.set("auth.algorithm", "ES256"), "ES256");
}

#[test]
fn a_key_of_another_kind_than_configured_is_refused_at_start() {
    let setup = with_openssl_key(&["genrsa", "-out", "own.pem", "2048"]).set("auth.algorithm", "ES256");
    let ended = setup.finish();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("`own.pem` holds a key for RS256, and `auth.algorithm` asks for ES256"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_shared_secret_is_never_published() {
    let secret = "a-shared-secret-of-the-end-to-end-tests";
    let node = setup().env("JWT_SECRET", secret).start();
    let ada = Person::join(&node.face(), "ada");
    ada.at(&node.face()).get("/api/me").expect(200);
    let keys = node.face().get("/.well-known/jwks.json").expect(200);
    assert_eq!(keys["keys"], serde_json::json!([]), "{keys}");
    assert!(!node.log().contains(secret));
}
