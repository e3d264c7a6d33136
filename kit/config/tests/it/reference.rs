//! What is told about the configuration as a whole.

use kit_config::Catalog;
use serde_json::json;

use crate::{Machine, catalog};

#[test]
fn the_reference_page_has_every_key_and_alias() {
    let page = catalog().reference_page();
    for line in [
        "## Top level",
        "| `profile` | choice: `development` or `production` | `development` | Whether it serves others: `production` refuses weak secrets. | `STOA__PROFILE` |",
        "## `auth`\n\nSign-up, sign-in and tokens.\n",
        "| `auth.password.bcrypt_cost` | number | `12` | The work factor of new hashes. | `STOA__AUTH__PASSWORD__BCRYPT_COST` |",
        "| `auth.jwt_secret` | text, secret | none | Signs tokens when the algorithm is `HS256`. | `STOA__AUTH__JWT_SECRET` |",
        "| How tokens are signed: one \\| the other. |",
        "| `peers.<name>` | URL | none | The address of the service of that name. | `STOA__PEERS__<NAME>` |",
        "| `orders.listen` | Where orders listens. |",
        "| `TOKEN_EXPIRY` | `auth.token_expiry`, in hours |",
        "| `PORT` | `port` |",
    ] {
        assert!(page.contains(line), "{line}\n\n{page}");
    }
    assert!(
        !page.contains("Taken by the section."),
        "a declared key is not reserved any more"
    );
    assert!(page.ends_with("|\n") && !page.contains("\n\n\n"));
}

#[test]
fn a_section_is_listed_once() {
    let twice = catalog().section::<crate::AuthConfig>();
    assert_eq!(twice.reference_page(), catalog().reference_page());
    assert_eq!(
        Catalog::default()
            .keys()
            .map(|key| key.path.as_str())
            .collect::<Vec<_>>(),
        ["profile", "port"]
    );
}

#[test]
fn the_schema_describes_the_file() {
    let schema = catalog().schema();
    assert_eq!(schema["additionalProperties"], json!(false));
    let auth = &schema["properties"]["auth"]["properties"];
    assert_eq!(
        auth["password"]["properties"]["bcrypt_cost"],
        json!({
            "type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32,
            "description": "The work factor of new hashes.", "default": 12,
        })
    );
    assert_eq!(auth["jwt_secret"]["writeOnly"], json!(true));
    assert_eq!(auth["algorithm"]["enum"], json!(["RS256", "HS256"]));
    assert_eq!(auth["listen"]["default"], json!("127.0.0.1:8081"));
    assert_eq!(
        schema["properties"]["peers"]["additionalProperties"]["type"],
        json!("string")
    );
    assert_eq!(
        schema["properties"]["gateway"]["properties"]["routes"]["type"],
        json!("array")
    );
}

#[test]
fn show_lists_every_key_with_who_set_it() {
    let machine = Machine::new()
        .file("port = 80\n[[gateway.routes]]\nprefix = '/'\ntarget = 'http://a'\n[orders]\nlisten = ':1'\n")
        .variable("JWT_SECRET", "hush")
        .variable("STOA__PEERS__AUTH", "http://auth");
    let loaded = machine.load().unwrap();
    let folder = format!("{}/", machine.folder.path().display());
    let text = loaded.origins_text().replace(&folder, "");
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        lines,
        [
            "profile development default",
            "port 80 stoa.toml:1",
            "auth.listen 127.0.0.1:8081 default",
            "auth.token_expiry 24h default",
            "auth.algorithm RS256 default",
            "auth.password.bcrypt_cost 12 default",
            "auth.jwt_secret <secret> environment `JWT_SECRET`",
            "auth.origins (not set) default",
            "gateway.routes (1 table) stoa.toml:2",
            "peers.auth http://auth environment `STOA__PEERS__AUTH`",
            "orders.listen (not used) stoa.toml:6",
        ]
    );
    assert!(
        loaded
            .values_text()
            .starts_with("profile = development\nport = 80\n")
    );
    let json = serde_json::to_value(loaded.show()).unwrap();
    assert_eq!(
        json[0],
        json!({"path": "profile", "value": "development", "origin": "default"})
    );
}
