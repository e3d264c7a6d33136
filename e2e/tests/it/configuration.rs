//! What an operator sets, where it comes from, and what they are told when it is wrong.

use e2e::{Client, Finished, Setup};
use serde_json::Value;

const CHECK: &[&str] = &["config", "check"];

#[track_caller]
fn assert_refused(ended: &Finished, told: &[&str]) {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.stdout, "", "answers are data");
    assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
    for text in told {
        assert!(ended.stderr.contains(text), "no {text:?} in:\n{}", ended.stderr);
    }
}

/// What `config show` says of a key: its value and where that comes from.
fn shown(setup: &Setup, key: &str) -> (Value, String) {
    let ended = setup.finish();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let rows: Vec<Value> = serde_json::from_str(&ended.stdout).expect("JSON");
    let row = rows
        .iter()
        .find(|row| row["path"] == key)
        .expect("the key is listed");
    (
        row["value"].clone(),
        row["origin"].as_str().unwrap_or_default().to_owned(),
    )
}

#[test]
fn all_problems_are_told_at_once_with_the_nearest_name_and_the_line() {
    let file =
        "profle = \"production\"\n[token]\nexpiry = \"soon\"\nisuer = \"x\"\n[auth]\nalgorithm = \"RS257\"\n";
    let setup = Setup::command(CHECK)
        .file("stoa.toml", file)
        .set("database.readrs", "3")
        .arg("--set=gateway.listen=nowhere");
    assert_refused(
        &setup.finish(),
        &[
            "the configuration has 6 problems",
            "`profle`: unknown key; the nearest known one is `profile` (stoa.toml:1)",
            "`token.isuer`: unknown key; the nearest known one is `token.issuer` (stoa.toml:4)",
            "`database.readrs`: unknown key; the nearest known one is `database.readers` (environment `STOA__DATABASE__READRS`)",
            "`token.expiry`: expected a duration",
            "(stoa.toml:3)",
            "`auth.algorithm`: expected `RS256` or `ES256` or `EdDSA`, got `RS257` (stoa.toml:6)",
            "`gateway.listen`: expected an address and port",
            "(flag)",
        ],
    );
    // The same where it is not asked for, before anything is touched.
    let started = Setup::command(&["up"]).beside(&setup);
    assert_refused(&started.finish(), &["`profle`", "`token.expiry`"]);
    assert!(!started.data().exists(), "nothing was made");
}

#[test]
fn a_right_configuration_is_said_to_be_right() {
    let ended = Setup::command(CHECK).finish();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    assert_eq!(ended.stderr, "the configuration is valid\n");
}

#[test]
fn what_cannot_start_is_no_right_configuration() {
    for (key, value, what) in [
        (
            "database.url",
            "nonsense",
            "`database.url`: does not begin with `postgres://`",
        ),
        ("database.queue", "0", "`database.queue`: must be at least 1"),
        (
            "gateway.body_limit",
            "0B",
            "`gateway.body_limit`: must be at least 1 byte",
        ),
        (
            "auth.refresh_expiry",
            "0s",
            "`auth.refresh_expiry`: must not be 0",
        ),
        (
            "peers.user",
            "http://127.0.0.1:1",
            "`peers.user`: there is no such service",
        ),
        (
            "carriers.transactions",
            "kafka",
            "`carriers.transactions` names a broker that is not configured",
        ),
        (
            "rabbitmq.url",
            "amqp://user:hidden-word@@@",
            "rabbitmq: the address is not",
        ),
    ] {
        let ended = Setup::command(CHECK).set(key, value).finish();
        assert_refused(&ended, &[what]);
        assert!(!ended.stderr.contains("hidden-word"), "{}", ended.stderr);
    }
    let admin = Setup::command(CHECK)
        .set("auth.admin.username", "x")
        .set("auth.admin.email", "nowhere")
        .set("auth.admin.password", "hidden");
    let ended = admin.finish();
    assert_refused(
        &ended,
        &[
            "`auth.admin.username`: ",
            "`auth.admin.email`: ",
            "`auth.admin.password`: ",
        ],
    );
    assert!(!ended.stderr.contains("hidden"), "{}", ended.stderr);
}

#[test]
fn routes_that_cannot_be_are_problems_of_the_configuration_too() {
    let file = r#"
[[gateway.routes]]
prefix = "/x"
target = "http://127.0.0.1:1"

[[gateway.routes]]
methods = ["GET"]
pattern = "/api/users/{who}"
target = "http://127.0.0.1:1"
access = "public"
"#;
    let told = [
        "route `ANY /x/*` declares no access",
        "route `GET /api/users/{who}` (external) overlaps with `GET /api/users/{id}` (users)",
    ];
    assert_refused(&Setup::command(CHECK).file("stoa.toml", file).finish(), &told);
    assert_refused(&Setup::up().file("stoa.toml", file).finish(), &told);
}

#[test]
fn the_strongest_layer_wins_and_is_named() {
    const SHOW: &[&str] = &["config", "show", "--json"];
    let key = "log.filter";
    let setup = Setup::command(SHOW);
    assert_eq!(shown(&setup, key), ("info,s3s=off".into(), "default".to_owned()));
    let setup = setup.file("stoa.toml", "[log]\nfilter = \"warn\"\n");
    assert_eq!(shown(&setup, key), ("warn".into(), "stoa.toml:2".to_owned()));
    let setup = setup.file(".env", "STOA__LOG__FILTER=error\n");
    let (value, origin) = shown(&setup, key);
    assert_eq!(value, "error");
    assert!(origin.starts_with(".env:1"), "{origin}");
    let setup = setup.env("STOA__LOG__FILTER", "debug");
    assert_eq!(
        shown(&setup, key),
        ("debug".into(), "environment `STOA__LOG__FILTER`".to_owned())
    );
    let setup = setup.arg("--set=log.filter=trace");
    assert_eq!(shown(&setup, key), ("trace".into(), "flag".to_owned()));
}

#[test]
fn well_known_names_stand_for_keys() {
    let setup = Setup::command(&["config", "show", "--json"])
        .env("TOKEN_EXPIRY", "2")
        .env("PORT", "9000")
        .env("DATABASE_URL", "postgres://stoa:hidden-word@127.0.0.1:1/stoa")
        .env("REDIS_URL", "redis://127.0.0.1:1");
    assert_eq!(
        shown(&setup, "token.expiry"),
        ("2h".into(), "environment `TOKEN_EXPIRY`".to_owned())
    );
    assert_eq!(shown(&setup, "port").0, "9000");
    assert_eq!(shown(&setup, "database.url").0, "<secret>");
    let ended = setup.finish();
    assert!(!ended.stdout.contains("hidden-word") && !ended.stderr.contains("hidden-word"));
    // A key's own variable is stronger.
    let setup = setup.set("token.expiry", "3h");
    assert_eq!(shown(&setup, "token.expiry").0, "3h");
}

#[test]
fn origins_stand_in_a_column_for_people() {
    let ended = Setup::command(&["config", "show", "--origin"])
        .set("auth.token_on_register", "true")
        .finish();
    let line = ended
        .stdout
        .lines()
        .find(|line| line.starts_with("auth.token_on_register"));
    let words: Vec<&str> = line.expect("the key").split_whitespace().collect();
    assert_eq!(
        words[1..],
        ["true", "environment", "`STOA__AUTH__TOKEN_ON_REGISTER`"]
    );
}

#[test]
fn a_secret_may_stand_in_a_file() {
    let secret = "a-shared-secret-of-the-end-to-end-tests";
    let setup = Setup::command(&["config", "show", "--json"])
        .file("secret", &format!("{secret}\n"))
        .env("STOA__TOKEN__JWT_SECRET__FILE", "secret");
    let (value, origin) = shown(&setup, "token.jwt_secret");
    assert_eq!(value, "<secret>");
    assert!(origin.contains("STOA__TOKEN__JWT_SECRET__FILE"), "{origin}");
    assert!(!setup.finish().stdout.contains(secret));

    let missing = Setup::command(CHECK).env("STOA__TOKEN__JWT_SECRET__FILE", "no-such-file");
    assert_refused(
        &missing.finish(),
        &["`token.jwt_secret`: cannot read the file that the variable names"],
    );
    // A file with a weak secret is as weak as the secret.
    let weak = Setup::command(CHECK)
        .file("weak", "short")
        .env("STOA__TOKEN__JWT_SECRET__FILE", "weak");
    assert_refused(&weak.finish(), &["`token.jwt_secret`"]);
}

#[test]
fn production_refuses_what_can_be_guessed() {
    let weak = "changeme-changeme-changeme-changeme";
    let setup = Setup::command(CHECK).env("JWT_SECRET", weak);
    assert_eq!(setup.finish().code, Some(0));
    let ended = setup.set("profile", "production").finish();
    assert_refused(&ended, &["`token.jwt_secret`: too weak for production"]);
    assert!(!ended.stderr.contains(weak), "{}", ended.stderr);
}

#[test]
fn the_schema_knows_every_key() {
    let schema = Setup::command(&["config", "schema"]).finish();
    let schema: Value = serde_json::from_str(&schema.stdout).expect("JSON");
    let keys = Setup::command(&["config", "show", "--json"]).finish();
    let keys: Vec<Value> = serde_json::from_str(&keys.stdout).expect("JSON");
    assert!(keys.len() > 30, "{}", keys.len());
    for key in keys {
        let path = key["path"].as_str().unwrap_or_default();
        let pointer = format!("/properties/{}", path.replace('.', "/properties/"));
        assert!(schema.pointer(&pointer).is_some(), "{path}");
    }
}

#[test]
fn port_moves_a_service_that_is_alone() {
    let told = e2e::ports::free_address();
    let setup = Setup::run(&["auth"]).env("PORT", &told.port().to_string());
    let node = setup.launch();
    let at = Client::new(told);
    e2e::eventually("auth answers there", || {
        let reply = at.try_send("GET", "/readyz", None);
        reply
            .is_ok_and(|reply| reply.status.as_u16() == 200)
            .then_some(())
    });
    assert_eq!(at.get("/").expect(200)["message"], "API is running");
    assert!(node.face().connect().is_err(), "the listen key gives way");
    assert!(
        node.log().contains(&format!(":{}", told.port())),
        "{}",
        node.log()
    );
}

#[test]
fn port_moves_nobody_who_is_not_alone() {
    let told = e2e::ports::free_address();
    let node = Setup::up().env("PORT", &told.port().to_string()).start();
    assert!(Client::new(told).connect().is_err());
    assert_eq!(node.client("auth").get("/").status.as_u16(), 200);
}
