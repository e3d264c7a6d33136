//! What is refused, and in which words.

use kit_config::{Catalog, Sources};

use crate::{AuthConfig, GatewayConfig, Machine};

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    let machine = Machine::new()
        .file("token_expiry = '1h'\n[auth]\ntokn_expiry = '1h'\n[gatway]\nroutes = []\n[peers]\n'a.b' = 'http://x'\n")
        .dotenv("STOA__AUTH__PASSWORD__BCRYPT_COTS=4")
        .variable("STOA__AUTH__JWT_SECRE__FILE", "/x")
        .flag("prot", "1");
    assert_eq!(
        machine.problems(),
        [
            "`token_expiry`: unknown key; the nearest known one is `auth.token_expiry` (stoa.toml:1)",
            "`auth.tokn_expiry`: unknown key; the nearest known one is `auth.token_expiry` (stoa.toml:3)",
            "`gatway`: unknown table; the nearest known one is `gateway` (stoa.toml:4)",
            "`peers.a.b`: unknown key; the nearest known one is `peers.<name>` (stoa.toml:7)",
            "`auth.password.bcrypt_cots`: unknown key; the nearest known one is `auth.password.bcrypt_cost` \
             (.env:1, `STOA__AUTH__PASSWORD__BCRYPT_COTS`)",
            "`auth.jwt_secre.file`: unknown key; the nearest known one is `auth.jwt_secret` \
             (environment `STOA__AUTH__JWT_SECRE__FILE`)",
            "`prot`: unknown key; the nearest known one is `port` (flag)",
        ]
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let machine = Machine::new()
        .file("prot = 1\n[auth]\nlisten = 8081\norigins = ['a', 2]\n[peers]\nusers = 'ftp://u'\n")
        .variable("STOA__AUTH__TOKEN_EXPIRY", "soon")
        .variable("PORT", "99999")
        .flag("auth.algorithm", "none");
    assert_eq!(
        machine.problems(),
        [
            "`prot`: unknown key; the nearest known one is `port` (stoa.toml:1)",
            "`port`: expected a whole number from 0 to 65535, got `99999` (environment `PORT`)",
            "`auth.listen`: expected an address and port such as `127.0.0.1:8080`, got `8081` (stoa.toml:3)",
            "`auth.token_expiry`: expected a duration such as `500ms`, `30s`, `15m`, `24h` or `14d`, got `soon` \
             (environment `STOA__AUTH__TOKEN_EXPIRY`)",
            "`auth.algorithm`: expected `RS256` or `HS256`, got `none` (flag)",
            "`auth.origins`: item 2: expected text, got `2` (stoa.toml:4)",
            "`peers.users`: expected an `http` or `https` URL such as `http://127.0.0.1:8081`, \
             but its scheme is neither `http` nor `https`, got `ftp://u` (stoa.toml:6)",
        ]
    );
}

#[test]
fn the_errors_print_as_a_list() {
    let errors = Machine::new()
        .flag("prot", "1")
        .flag("auht.x", "1")
        .load()
        .unwrap_err();
    let text = errors.to_string();
    assert!(
        text.starts_with("the configuration has 2 problems:\n  - `prot`: unknown key"),
        "{text}"
    );
    let errors = Machine::new().flag("prot", "1").load().unwrap_err();
    assert!(
        errors
            .to_string()
            .starts_with("the configuration is wrong: `prot`: unknown key"),
        "{errors}"
    );
}

#[test]
fn wrong_values_can_still_be_loaded_and_shown() {
    let machine = Machine::new().variable("PORT", "x");
    let loaded = machine.load().unwrap();
    assert!(
        loaded.get::<AuthConfig>().is_ok(),
        "another section is not concerned"
    );
    assert!(loaded.check().is_err());
    assert!(loaded.origins_text().contains("environment `PORT`"));
}

#[test]
fn a_table_is_named_by_its_number_and_line() {
    let machine = Machine::new().file(
        "[[gateway.routes]]\nprefix = '/'\ntarget = 'http://a'\n\n[[gateway.routes]]\nprefix = '/'\ntarget = 'nowhere'\n\n\
         [[gateway.routes]]\nprefix = '/'\ntarget = 'http://a'\ntimeouts = '1s'\n",
    );
    assert_eq!(
        machine.problems(),
        [
            "`gateway.routes`: table 2: it has no scheme; begin with `http://` (stoa.toml:5)",
            "`gateway.routes`: table 3: unknown field `timeouts`, expected one of `prefix`, `target`, `timeout` (stoa.toml:9)",
        ]
    );
    let machine = Machine::new().file("gateway.routes = 'none'");
    assert_eq!(
        machine.problems(),
        ["`gateway.routes`: expected an array of tables, got `none` (stoa.toml:1)"]
    );
}

#[test]
fn a_table_where_a_value_belongs_and_the_other_way_round_are_refused() {
    let machine = Machine::new()
        .file("auth = 3\npeers = 'x'\n[port]\nx = 1\n")
        .variable("STOA__AUTH__PASSWORD", "x")
        .variable("STOA__PEERS", "x");
    let table = "this is a table of settings, not a setting";
    assert_eq!(
        machine.problems(),
        [
            format!("`auth`: {table} (stoa.toml:1)"),
            format!("`peers`: {table} (stoa.toml:2)"),
            format!("`auth.password`: {table} (environment `STOA__AUTH__PASSWORD`)"),
            format!("`peers`: {table} (environment `STOA__PEERS`)"),
            "`port`: expected a whole number from 0 to 65535, got `{ x = 1 }` (stoa.toml:3)".to_owned(),
        ]
    );
}

#[test]
fn a_key_given_twice_in_a_layer_is_refused() {
    let machine = Machine::new()
        .variable("STOA__AUTH__JWT_SECRET", "x")
        .variable("STOA__AUTH__JWT_SECRET__FILE", "/run/secret")
        .dotenv("STOA__PORT=1\nstoa__port=2\n");
    assert_eq!(
        machine.problems(),
        [
            "`port`: both `STOA__PORT` and `stoa__port` set it (.env:2, `stoa__port`)",
            "`auth.jwt_secret`: both `STOA__AUTH__JWT_SECRET` and `STOA__AUTH__JWT_SECRET__FILE` set it \
             (environment `STOA__AUTH__JWT_SECRET__FILE`)",
        ]
    );
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let sources = Sources {
        file: Some("/nowhere/stoa.toml".into()),
        dotenv: Some("/nowhere/.env".into()),
        ..Sources::default()
    };
    let errors = crate::catalog().load(sources).unwrap_err();
    let message: Vec<String> = errors.problems().iter().map(ToString::to_string).collect();
    assert_eq!(message.len(), 2);
    assert!(
        message[0].starts_with("cannot read `/nowhere/stoa.toml`: "),
        "{message:?}"
    );
    assert!(
        message[1].starts_with("cannot read `/nowhere/.env`: "),
        "{message:?}"
    );
}

#[test]
fn a_file_that_is_not_toml_is_refused_by_line() {
    let problems = Machine::new().file("[auth]\nlisten = \n").problems();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].starts_with("not TOML: ") && problems[0].ends_with("(stoa.toml:2)"),
        "{problems:?}"
    );

    let problems = Machine::new()
        .file("port = 99999999999999999999999999999999999999999999")
        .problems();
    assert!(
        problems[0].starts_with("`port`: ") && problems[0].ends_with("(stoa.toml:1)"),
        "{problems:?}"
    );
}

#[test]
fn a_variable_that_is_not_utf8_is_refused_where_it_matters() {
    let machine = Machine::new()
        .variable("STOA__AUTH__JWT_SECRET", "a\u{fffd}")
        .variable("OTHER", "\u{fffd}");
    assert_eq!(
        machine.problems(),
        ["`auth.jwt_secret`: not UTF-8 (environment `STOA__AUTH__JWT_SECRET`)"]
    );
}

#[test]
fn the_rules_of_a_section_see_all_of_it() {
    assert_eq!(
        Machine::new().flag("auth.algorithm", "HS256").problems(),
        ["`auth.jwt_secret`: is needed where `auth.algorithm` is `HS256`"]
    );
}

#[test]
fn production_refuses_weak_secrets() {
    let strong = "jGmS3CJkGqVd0xMTvbQwXA8ul1ryLw9F";
    let message = |secret: &str| {
        let machine = Machine::new()
            .file("profile = 'production'")
            .variable("JWT_SECRET", secret);
        machine
            .load()
            .unwrap()
            .check()
            .map_err(|errors| errors.to_string())
    };
    assert_eq!(message(strong), Ok(()));
    for (weak, why) in [
        (&strong[1..], "it is shorter than 32 bytes"),
        ("abcabcabcabcabcabcabcabcabcabcabcabcabc", "it repeats itself"),
        (
            "your-256-bit-Secret-for-signing-tokens",
            "it holds a word that examples use",
        ),
    ] {
        let text = message(weak).unwrap_err();
        assert!(
            text.contains(&format!(
                "`auth.jwt_secret`: too weak for production: {why} (environment"
            )),
            "{text}"
        );
        assert!(!text.contains(weak));
    }
    Machine::new()
        .variable("JWT_SECRET", "weak")
        .load()
        .unwrap()
        .check()
        .unwrap();
}

#[test]
fn a_profile_that_is_none_is_not_taken_for_development() {
    let machine = Machine::new().file("profile = 'prodution'");
    assert!(machine.load().is_err());
    assert_eq!(
        machine.problems(),
        ["`profile`: expected `development` or `production`, got `prodution` (stoa.toml:1)"]
    );
}

#[test]
fn a_section_that_is_not_in_the_catalog_is_not_read() {
    let loaded = Catalog::new().load(Sources::default()).unwrap();
    let errors = loaded.get::<GatewayConfig>().unwrap_err();
    assert_eq!(
        errors.to_string(),
        "the configuration is wrong: the section `gateway` is not in the catalog"
    );
}

#[test]
fn no_message_and_no_listing_repeats_a_secret() {
    let wrong = [
        Machine::new().file("auth.jwt_secret = \"hunter2"),
        Machine::new().file("auth.jwt_secret = hunter2"),
        Machine::new().file("auth.jwt_secret = 'hunter2'\nauth.jwt_secret = 'hunter2'\n"),
        Machine::new().file("auth.jwt_secret = ['hunter2']"),
        Machine::new().file("auth.jwt_secret = { x = 'hunter2' }"),
        Machine::new().file("auth.jwt_secre = 'hunter2'"),
        Machine::new().file("auth = 'hunter2'"),
        Machine::new().file("profile = 'production'\nauth.jwt_secret = 'hunter2'"),
        Machine::new().dotenv("JWT_SECRET='hunter2"),
        Machine::new().dotenv("JWT SECRET=hunter2"),
        Machine::new().variable("JWT_SECRET__FILE", "hunter2"),
        Machine::new().variable("STOA__AUTH__JWT_SECRE", "hunter2"),
        Machine::new().variable("AUTH_SERVICE_URL", "http://me:hunter2@auth"),
    ];
    for machine in wrong {
        let problems = machine.problems();
        assert!(!format!("{problems:?}").contains("hunter2"), "{problems:?}");
    }

    let right = Machine::new()
        .variable("JWT_SECRET", "hunter2")
        .variable("REDIS_URL", "redis://:hunter2@cache");
    let loaded = right.load().unwrap();
    let auth: AuthConfig = loaded.get().unwrap();
    let message = format!(
        "{auth:?} {loaded:?} {:?} {}",
        loaded.show(),
        loaded.origins_text() + &loaded.values_text()
    );
    assert!(
        message.contains("<secret>") && !message.contains("hunter2"),
        "{message}"
    );
    assert!(!format!("{:?}", right.sources).contains("hunter2"));
}
