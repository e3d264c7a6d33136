//! The command line: answers on stdout, talk on stderr, a status that a script can tell apart.

use std::net::TcpListener;

use e2e::database::Database;
use e2e::{Finished, Setup, eventually, paths};
use serde_json::{Value, json};

fn answer(arguments: &[&str]) -> Finished {
    let ended = Setup::command(arguments).finish();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    ended
}

fn json_of(arguments: &[&str]) -> Value {
    serde_json::from_str(&answer(arguments).stdout).expect("JSON")
}

#[test]
fn version_says_which() {
    let version = answer(&["version"]).stdout;
    assert_eq!(version, format!("stoa {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(answer(&["--version"]).stdout, version);
}

#[test]
fn what_there_is_no_such_of_is_refused_as_usage() {
    for arguments in [&["frobnicate"][..], &["run"], &["run", "--services", "ordres"]] {
        let ended = Setup::command(arguments).finish();
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
        assert!(ended.stderr.contains("--help"), "{}", ended.stderr);
    }
    let ended = Setup::command(&["run", "--services", "ordres"]).finish();
    let told = "there is no service `ordres`; there are auth, users, catalog, cart, payments, orders, subscriptions, storage, queues, notifications, analytics, gateway";
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
}

#[test]
fn services_are_listed_with_where_they_listen() {
    let listed = json_of(&["services", "--json", "--set", "auth.listen=127.0.0.1:9"]);
    let find = |name: &str| {
        let rows = listed.as_array().expect("a list");
        rows.iter()
            .find(|row| row["name"] == name)
            .cloned()
            .expect("the service")
    };
    assert_eq!(find("auth")["listen"], "127.0.0.1:9");
    assert_eq!(find("users")["listen"], "127.0.0.1:8084");
    assert_eq!(find("gateway")["listen"], "127.0.0.1:8080");
    let text = answer(&["services"]).stdout;
    for row in listed.as_array().expect("a list") {
        let purpose = row["purpose"].as_str().unwrap_or_default();
        assert!(!purpose.is_empty() && text.contains(purpose), "{row}");
    }
}

#[test]
fn routes_are_listed_with_access_and_target() {
    let listed = json_of(&["routes", "--json"]);
    let rows = listed.as_array().expect("a list");
    for expected in [
        json!({ "method": "POST", "path": "/api/login", "access": "public", "target": "auth" }),
        json!({ "method": "POST", "path": "/auth/login", "access": "public", "target": "auth" }),
        json!({ "method": "PUT", "path": "/api/users/{id}", "access": "own", "target": "users" }),
        json!({ "method": "GET", "path": "/docs", "access": "public", "target": "gateway" }),
    ] {
        assert!(rows.contains(&expected), "{expected}");
    }
    assert!(!listed.to_string().contains("internal"));
    let text = answer(&["routes"]).stdout;
    assert_eq!(text.lines().count(), rows.len());
    let external =
        "[[gateway.routes]]\nprefix = \"/x\"\ntarget = \"http://127.0.0.1:1\"\naccess = \"staff\"\n";
    let ended = Setup::command(&["routes"]).file("stoa.toml", external).finish();
    let line = ended
        .stdout
        .lines()
        .find(|line| line.contains("/x"))
        .expect("the route");
    assert!(
        line.contains("staff") && line.contains("http://127.0.0.1:1"),
        "{line}"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    // `head` closes the pipe after the first line.
    let script = format!(
        "set -o pipefail; '{}' routes | head -n 1",
        paths::stoa().display()
    );
    let done = std::process::Command::new("bash").args(["-c", &script]).output();
    let done = done.expect("bash runs");
    assert!(done.stderr.is_empty(), "{done:?}");
    assert_eq!(String::from_utf8_lossy(&done.stdout).lines().count(), 1);
}

#[test]
fn migrations_are_told_run_and_done() {
    let database = Database::create();
    let embedded = Setup::command(&["migrate"]);
    let split = Setup::command(&["migrate"]).env("DATABASE_URL", database.url());
    for setup in [embedded, split] {
        let check = setup.clone().arg("--check");
        let before = check.finish();
        assert_eq!(before.code, Some(2), "{before:?}");
        assert!(
            before
                .stdout
                .contains("auth: service/0001_accounts.sql would run"),
            "{before:?}"
        );
        assert!(
            before
                .stdout
                .contains("users: service/0001_profiles.sql would run"),
            "{before:?}"
        );
        assert_eq!(check.finish().code, Some(2), "telling changes nothing");

        let one = setup.clone().arg("--services=users").finish();
        assert_eq!(
            (one.code, one.stderr.contains("users: up to date")),
            (Some(0), true),
            "{one:?}"
        );
        let rest = check.finish();
        assert!(
            rest.code == Some(2) && !rest.stdout.contains("users:"),
            "{rest:?}"
        );

        assert_eq!(setup.finish().code, Some(0));
        let after = check.finish();
        assert_eq!((after.code, after.stdout.as_str()), (Some(0), ""), "{after:?}");
    }
}

#[test]
fn several_processes_may_migrate_at_once() {
    let database = Database::create();
    let setup = Setup::command(&["migrate"]).env("DATABASE_URL", database.url());
    let mut nodes = [setup.launch(), setup.launch(), setup.launch()];
    for node in &mut nodes {
        let status = node.wait();
        assert_eq!(status.code(), Some(0), "{}", node.log());
    }
    assert_eq!(setup.arg("--check").finish().code, Some(0));
}

#[test]
fn a_port_in_use_is_named() {
    let setup = Setup::up();
    for listener in ["gateway", "auth", "admin"] {
        let address = setup.address(listener);
        let taken = TcpListener::bind(address).expect("a free port");
        let ended = setup.finish();
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let told = format!("cannot listen on {address}: Address already in use");
        assert!(ended.stderr.contains(&told), "{}", ended.stderr);
        drop(taken);
    }
    setup.start();
}

#[test]
fn a_missing_peer_is_named() {
    let database = Database::create();
    let gateway = Setup::run(&["gateway"]).finish();
    assert_eq!(gateway.code, Some(1), "{gateway:?}");
    let told = "no peer configured for `auth`; set `peers.auth`, or run it here";
    assert!(gateway.stderr.contains(told), "{}", gateway.stderr);

    let users = Setup::run(&["users"])
        .env("DATABASE_URL", database.url())
        .finish();
    assert_eq!(users.code, Some(1), "{users:?}");
    assert!(users.stderr.contains(told), "{}", users.stderr);

    // What a gateway has no peer for it does not mount.
    let gateway = Setup::run(&["gateway"])
        .env("AUTH_SERVICE_URL", "http://127.0.0.1:1")
        .launch();
    let face = gateway.face();
    let users = eventually("the gateway answers", || {
        face.try_send("GET", "/api/users", None).ok()
    });
    users.expect_error(404, "there is nothing at this path");
    let login = json!({ "username": "ada", "password": "correct-horse-battery-9" });
    let away = face.post("/api/login", &login);
    away.expect_error(503, "Auth service unavailable");
}

#[test]
fn a_database_that_cannot_be_had_is_named_and_its_password_is_not() {
    let database = Database::create();
    let (scheme, rest) = database.url().split_once("://").expect("a URL");
    let (user, location) = rest.split_once('@').expect("a URL with a user");
    let name = user.split(':').next().unwrap_or_default();
    let wrong = [
        format!("{scheme}://{name}:hidden-word@127.0.0.1:1/stoa"),
        format!("{scheme}://{name}:hidden-word@{location}"),
        format!("{scheme}://nobody:hidden-word@{location}"),
        format!("mysql://{name}:hidden-word@{location}"),
        "hidden-word".to_owned(),
    ];
    for url in wrong {
        for setup in [Setup::run(&["auth"]), Setup::command(&["migrate"])] {
            let ended = setup.env("DATABASE_URL", &url).finish();
            assert_eq!(ended.code, Some(1), "{ended:?}");
            let told = ended.stderr.lines().find(|line| line.starts_with("error: "));
            let told = told.unwrap_or_else(|| panic!("{}", ended.stderr));
            assert!(told.contains("database"), "{told}");
            let causes: Vec<&str> = told.split(": ").collect();
            let last = causes.last().copied().unwrap_or_default();
            assert_eq!(told.matches(last).count(), 1, "the cause is told once: {told}");
            assert!(!ended.stderr.contains("hidden-word"), "{}", ended.stderr);
        }
    }
}
