//! Secrets that are made on first start.

use std::fs;
use std::sync::Barrier;
use std::thread;

use kit_config::secret_file::{read, read_or_create, read_or_create_text};

#[test]
fn a_secret_is_made_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/keys/jwt.pem");
    assert!(read(&path).unwrap().is_none());
    let made = read_or_create(&path, || "first").unwrap();
    let found = read_or_create(&path, || -> &str { unreachable!("there is one") }).unwrap();
    assert_eq!(made.expose(), b"first");
    assert_eq!(found.expose(), b"first");
    assert_eq!(read(&path).unwrap().unwrap().expose(), b"first");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/secret");
    read_or_create(&path, || "x").unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}

#[test]
fn those_who_start_at_once_agree() {
    const STARTERS: usize = 16;
    let folder = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let path = folder.path().join(format!("secret-{round}"));
        let gate = Barrier::new(STARTERS);
        let seen: Vec<Vec<u8>> = thread::scope(|scope| {
            let start = |number: usize| {
                let (path, gate) = (&path, &gate);
                scope.spawn(move || {
                    gate.wait();
                    read_or_create(path, || vec![u8::try_from(number).unwrap(); 4096])
                        .unwrap()
                        .expose()
                        .clone()
                })
            };
            let starters: Vec<_> = (0..STARTERS).map(start).collect();
            starters
                .into_iter()
                .map(|starter| starter.join().unwrap())
                .collect()
        });
        assert!(
            seen.iter()
                .all(|secret| *secret == seen[0] && secret.len() == 4096)
        );
    }
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        20,
        "nothing is left aside"
    );
}

#[test]
fn text_is_read_without_the_newline_that_editors_add() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, "hush\r\n").unwrap();
    assert_eq!(read_or_create_text(&path, String::new).unwrap().expose(), "hush");

    fs::write(&path, [0xff]).unwrap();
    let error = read_or_create_text(&path, String::new).unwrap_err().to_string();
    assert_eq!(error, format!("`{}`: not UTF-8", path.display()));
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = read_or_create(folder.path(), || "x").unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("`{}`: ", folder.path().display())),
        "{error}"
    );
}
