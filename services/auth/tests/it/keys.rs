//! The files that auth keeps its secrets in.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use kit_testing::Fixture;
use kit_testing::db::TestTarget;

use crate::app::{AuthApp, PASSWORD, part};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Runs openssl, which writes to the path that is the last argument but for the key's size.
fn openssl(arguments: &[&str]) {
    let ran = Command::new("openssl").args(arguments).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

async fn at_sqlite(story: impl AsyncFnOnce(&Fixture)) {
    Fixture::run(TestTarget::sqlite(), story).await;
}

/// What the start says, given this key file.
async fn refusal(fixture: &Fixture, settings: &[(&str, &str)]) -> String {
    match AuthApp::try_start(fixture, settings).await {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn secrets_that_auth_makes_are_its_owners_alone() {
    at_sqlite(async |fixture: &Fixture| {
        let app = AuthApp::start(fixture, &[("auth.algorithm", "RS256")]).await;
        let keys = fixture.data().join("keys");
        assert_eq!(mode(&keys), 0o700);
        let mut names: Vec<_> = fs::read_dir(&keys)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["auth.secret", "signing.pem"]);
        for name in &names {
            assert_eq!(mode(&keys.join(name)), 0o600, "{name}");
        }
        let before: Vec<_> = names
            .iter()
            .map(|name| fs::read(keys.join(name)).unwrap())
            .collect();
        app.stop().await;
        AuthApp::start(fixture, &[("auth.algorithm", "RS256")]).await;
        let after: Vec<_> = names
            .iter()
            .map(|name| fs::read(keys.join(name)).unwrap())
            .collect();
        assert_eq!(before, after, "a restart changes nothing");
    })
    .await;
}

#[tokio::test]
async fn a_key_from_openssl_signs() {
    at_sqlite(async |fixture: &Fixture| {
        let file = |name: &str| -> String { fixture.data().join(name).to_str().unwrap().to_owned() };
        let (old, new, curve, edwards) = (
            file("old.pem"),
            file("new.pem"),
            file("curve.pem"),
            file("edwards.pem"),
        );
        openssl(&["genrsa", "-traditional", "-out", &old, "2048"]);
        openssl(&["genrsa", "-out", &new, "2048"]);
        openssl(&[
            "ecparam",
            "-name",
            "prime256v1",
            "-genkey",
            "-noout",
            "-out",
            &curve,
        ]);
        openssl(&["genpkey", "-algorithm", "ed25519", "-out", &edwards]);
        assert!(
            fs::read_to_string(&old)
                .unwrap()
                .starts_with("-----BEGIN RSA PRIVATE KEY-----")
        );
        assert!(
            fs::read_to_string(&new)
                .unwrap()
                .starts_with("-----BEGIN PRIVATE KEY-----")
        );
        for (number, (path, algorithm)) in [
            (&old, "RS256"),
            (&new, "RS256"),
            (&curve, "ES256"),
            (&edwards, "EdDSA"),
        ]
        .into_iter()
        .enumerate()
        {
            let before = fs::read(path).unwrap();
            let settings = [
                ("auth.signing_key_file", path.as_str()),
                ("auth.algorithm", algorithm),
            ];
            // A database of its own for each: which key signs is what the database remembers.
            at_sqlite(async |fresh: &Fixture| {
                let app = AuthApp::start(fresh, &settings).await;
                let session = app.sign_up(&format!("ada-{number}")).await;
                let token = session["token"].as_str().unwrap();
                assert_eq!(part(token, 0)["alg"], algorithm);
                app.me(token).await.expect(200);
                assert_eq!(fs::read(path).unwrap(), before, "the file stays as it is");
                assert!(!fresh.data().join("keys/signing.pem").exists());
            })
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_that_cannot_be_used_stops_the_start_and_says_why() {
    at_sqlite(async |fixture: &Fixture| {
        let file = |name: &str| -> PathBuf { fixture.data().join(name) };
        let path = file("weak.pem");
        openssl(&["genrsa", "-out", path.to_str().unwrap(), "1024"]);
        fs::write(file("rubbish.pem"), "no key at all").unwrap();
        fs::write(file("empty.pem"), "").unwrap();
        fs::write(file("binary.pem"), [0xff, 0xfe]).unwrap();
        for (name, reason) in [
            ("weak.pem", "the RSA key has 1024 bits; 2048 to 8192 are allowed"),
            ("rubbish.pem", "not a PEM file"),
            ("empty.pem", "not a PEM file"),
            ("binary.pem", "not UTF-8"),
        ] {
            let path = file(name);
            let settings = [
                ("auth.signing_key_file", path.to_str().unwrap()),
                ("auth.algorithm", "RS256"),
            ];
            let said = refusal(fixture, &settings).await;
            assert!(said.contains(reason), "{said}");
            assert!(said.contains(name), "which file it is: {said}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_of_another_kind_than_configured_is_refused_by_name() {
    at_sqlite(async |fixture: &Fixture| {
        AuthApp::start(fixture, &[("auth.algorithm", "ES256")])
            .await
            .stop()
            .await;
        let said = refusal(fixture, &[("auth.algorithm", "RS256")]).await;
        let path = fixture.data().join("keys/signing.pem");
        assert_eq!(
            said,
            format!(
                "`{}` holds a key for ES256, and `auth.algorithm` asks for RS256",
                path.display()
            )
        );
    })
    .await;
}

#[tokio::test]
async fn a_secret_that_could_be_guessed_is_refused() {
    at_sqlite(async |fixture: &Fixture| {
        fs::create_dir(fixture.data().join("keys")).unwrap();
        let file = fixture.data().join("keys/auth.secret");
        for short in ["", "\n", "thirty-one-bytes-are-too-little"] {
            fs::write(&file, short).unwrap();
            let said = refusal(fixture, &[]).await;
            assert!(
                said.contains("auth.secret") && said.contains("32 bytes"),
                "{said}"
            );
        }
        fs::write(&file, "thirty-two-bytes-are-just-enough").unwrap();
        let app = AuthApp::start(fixture, &[]).await;
        app.register("ada").await;
        app.log_in("ada", PASSWORD).await.expect(200);
    })
    .await;
}
