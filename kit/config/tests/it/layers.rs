//! Who wins.

use std::time::Duration;

use kit_config::{ProcessConfig, Profile, Sources};

use crate::{AuthConfig, GatewayConfig, Machine, PeersConfig};

#[test]
fn nothing_set_means_the_defaults() {
    let auth: AuthConfig = Machine::new().get();
    assert_eq!(auth.listen.port(), 8081);
    assert_eq!(auth.token_expiry.get(), Duration::from_hours(24));
    assert_eq!(auth.bcrypt_cost, 12);
    assert!(auth.jwt_secret.is_none() && auth.origins.is_empty());
    let process: ProcessConfig = Machine::new().get();
    assert_eq!((process.profile, process.port), (Profile::Development, None));
}

#[test]
fn each_layer_wins_over_the_one_before() {
    let cost = |machine: &Machine| {
        (
            machine.get::<AuthConfig>().bcrypt_cost,
            machine.origin("auth.password.bcrypt_cost"),
        )
    };
    let name = "STOA__AUTH__PASSWORD__BCRYPT_COST";

    let machine = Machine::new();
    assert_eq!(cost(&machine), (12, "default".to_owned()));
    let machine = machine.file("# talk\n[auth.password]\nbcrypt_cost = 5\n");
    assert_eq!(cost(&machine), (5, "stoa.toml:3".to_owned()));
    let machine = machine.dotenv(&format!("\n{name}=6"));
    assert_eq!(cost(&machine), (6, format!(".env:2, `{name}`")));
    let machine = machine.variable(name, "7");
    assert_eq!(cost(&machine), (7, format!("environment `{name}`")));
    let machine = machine.flag("auth.password.bcrypt_cost", "8");
    assert_eq!(cost(&machine), (8, "flag".to_owned()));
    let machine = machine.flag("auth.password.bcrypt_cost", "9");
    assert_eq!(cost(&machine), (9, "flag".to_owned()), "the last flag wins");
}

#[test]
fn a_variable_may_be_written_in_any_case() {
    let auth: AuthConfig = Machine::new().variable("stoa__Auth__Token_Expiry", "15m").get();
    assert_eq!(auth.token_expiry.to_string(), "15m");
}

#[test]
fn a_well_known_name_stands_for_its_key() {
    let machine = Machine::new()
        .variable("PORT", "3001")
        .variable("TOKEN_EXPIRY", "12")
        .variable("AUTH_SERVICE_URL", "http://auth:8081/")
        .dotenv("JWT_SECRET=hush\nUNRELATED=1\n");
    assert_eq!(machine.get::<ProcessConfig>().port, Some(3001));
    let auth: AuthConfig = machine.get();
    assert_eq!(auth.token_expiry.to_string(), "12h");
    assert_eq!(auth.jwt_secret.unwrap().expose(), "hush");
    assert_eq!(
        machine.get::<PeersConfig>().by_service["auth"].as_str(),
        "http://auth:8081"
    );
    assert_eq!(machine.origin("auth.jwt_secret"), ".env:1, `JWT_SECRET`");
}

#[test]
fn the_keys_own_variable_wins_over_a_well_known_name_of_its_layer_only() {
    let own = "STOA__AUTH__TOKEN_EXPIRY";
    let expiry = |machine: &Machine| machine.get::<AuthConfig>().token_expiry.to_string();

    assert_eq!(
        expiry(&Machine::new().variable("TOKEN_EXPIRY", "1").variable(own, "2h")),
        "2h"
    );
    assert_eq!(
        expiry(&Machine::new().variable(own, "2h").variable("TOKEN_EXPIRY", "1")),
        "2h"
    );
    assert_eq!(
        expiry(
            &Machine::new()
                .dotenv(&format!("{own}=2h"))
                .variable("TOKEN_EXPIRY", "1")
        ),
        "1h"
    );
}

#[test]
fn an_empty_well_known_name_is_as_if_not_set() {
    let machine = Machine::new()
        .file("auth.token_expiry = '3h'")
        .variable("TOKEN_EXPIRY", "")
        .variable("PORT", "");
    assert_eq!(machine.get::<AuthConfig>().token_expiry.to_string(), "3h");
    assert_eq!(machine.get::<ProcessConfig>().port, None);
}

#[test]
fn an_empty_variable_clears_an_optional_key() {
    let machine = Machine::new()
        .file("port = 1\nauth.origins = ['a']")
        .variable("STOA__PORT", "")
        .variable("STOA__AUTH__ORIGINS", "");
    assert_eq!(machine.get::<ProcessConfig>().port, None);
    assert!(machine.get::<AuthConfig>().origins.is_empty());
}

#[test]
fn a_secret_is_read_from_the_file_that_a_variable_names() {
    let machine = Machine::new();
    let path = machine.write("secret", "from a file\r\n\n").display().to_string();

    let own = machine.variable("STOA__AUTH__JWT_SECRET__FILE", &path);
    assert_eq!(
        own.get::<AuthConfig>().jwt_secret.unwrap().expose(),
        "from a file"
    );
    assert_eq!(
        own.origin("auth.jwt_secret"),
        "environment `STOA__AUTH__JWT_SECRET__FILE`"
    );

    let alias = Machine::new().dotenv(&format!("JWT_SECRET__FILE='{path}'"));
    assert_eq!(
        alias.get::<AuthConfig>().jwt_secret.unwrap().expose(),
        "from a file"
    );
}

#[test]
fn free_names_merge_over_the_layers() {
    let machine = Machine::new()
        .file("[peers]\nauth = 'http://a'\nusers = 'http://u'\n")
        .variable("STOA__PEERS__USERS", "http://other")
        .flag("peers.orders", "https://o:1");
    let peers: PeersConfig = machine.get();
    let peers: Vec<(&str, &str)> = peers
        .by_service
        .iter()
        .map(|(name, url)| (name.as_str(), url.as_str()))
        .collect();
    assert_eq!(
        peers,
        [
            ("auth", "http://a"),
            ("orders", "https://o:1"),
            ("users", "http://other")
        ]
    );
    assert_eq!(machine.origin("peers.auth"), "stoa.toml:2");
}

#[test]
fn tables_come_from_the_file_or_as_json() {
    let file = Machine::new().file(
        "[[gateway.routes]]\nprefix = '/a'\ntarget = 'http://a'\n[[gateway.routes]]\nprefix = '/b'\ntarget = 'http://b'\ntimeout = '5s'\n",
    );
    let routes = file.get::<GatewayConfig>().routes;
    assert_eq!(
        routes
            .iter()
            .map(|route| route.prefix.as_str())
            .collect::<Vec<_>>(),
        ["/a", "/b"]
    );
    assert_eq!(routes[1].timeout.unwrap().to_string(), "5s");

    let json = r#"[{"prefix": "/c", "target": "http://c"}]"#;
    let routes = file
        .variable("STOA__GATEWAY__ROUTES", json)
        .get::<GatewayConfig>()
        .routes;
    assert_eq!(
        routes
            .iter()
            .map(|route| route.prefix.as_str())
            .collect::<Vec<_>>(),
        ["/c"],
        "the whole list is replaced"
    );
}

#[test]
fn what_is_reserved_is_accepted_and_ignored() {
    let machine = Machine::new()
        .file("[orders]\nlisten = { what = 'ever' }\n")
        .variable("REDIS_URL", "redis://:hunter2@cache")
        .variable("STOA__ORDERS__LISTEN", "1");
    machine.load().unwrap().check().unwrap();
}

#[test]
fn the_process_hands_in_its_environment() {
    let sources = Sources::from_process(None, vec![("port".to_owned(), "1".to_owned())]);
    assert!(
        sources
            .environment
            .contains(&("CARGO_PKG_NAME".to_owned(), "kit-config".to_owned()))
    );
    assert_eq!(sources.flags.len(), 1);
}
