//! What the gateway reads: the section `gateway`, and in it the routes to other places.

use kit_config::{Accepts, BaseUrl, ByteSize, Check, Kind, Mismatch, Raw, Span, Tables, Value};
use serde::Deserialize;
use serde_json::json;

use crate::limit::Rate;
use crate::network::Network;

kit_config::config! {
    /// The one entry point: where it listens, whose word it takes, and the routes that no service declares.
    pub struct GatewayConfig("gateway") {
        /// Where the gateway listens.
        listen: std::net::SocketAddr = "127.0.0.1:8080",
        /// The address under which clients reach the gateway, for links; by default the one it listens on.
        public_url: Option<BaseUrl>,
        /// Addresses and blocks of the proxies before the gateway: what these say in `X-Forwarded-*` is kept.
        trusted_proxies: Vec<Network>,
        /// The largest body of a route in `[[gateway.routes]]` that names no limit.
        body_limit: ByteSize = "1MiB",
        /// The longest time to the answer of a route in `[[gateway.routes]]` that names no limit.
        time_limit: Span = "30s",
        /// Whether requests are counted and, over a limit, refused.
        #[key("rate_limit.enabled")]
        rate_limit_enabled: bool = "true",
        /// How many requests one address may send; of IPv6, one network of 64 bits. Behind a proxy that is not
        /// among `gateway.trusted_proxies`, all clients together are one address.
        #[key("rate_limit.address")]
        rate_limit_address: Rate = "500/s burst 5000",
        /// How many requests one signed-in user may send, from wherever.
        #[key("rate_limit.user")]
        rate_limit_user: Rate = "100/s burst 1000",
        /// How many requests one address may send to one strict route: signing in, passwords, money.
        #[key("rate_limit.strict")]
        rate_limit_strict: Rate = "300/m burst 500",
        /// How many gateways there are. With a Redis they count together; while it is away, or without one, each
        /// allows this share of every limit by itself.
        #[key("rate_limit.gateways")]
        rate_limit_gateways: u32 = "1",
        /// Routes to servers that are no part of the platform: `methods` (all, where absent), `pattern` or
        /// `prefix`, `target`, `access` (`public`, `user`, `staff` or `admin`), and where wanted `strip_prefix`,
        /// `forward_authorization`, `body_limit`, `time_limit`, and `rate_limit` (for each address).
        routes: Tables<ExternalRoute>,
    }
    validate(check)
}

fn check(config: &GatewayConfig, check: &mut Check<'_>) {
    if config.rate_limit_gateways == 0 {
        check.refuse("rate_limit.gateways", "must be at least 1");
    }
    if config.body_limit.bytes() == 0 {
        check.refuse("body_limit", "must be at least 1 byte");
    }
}

/// One of `[[gateway.routes]]`, as it is written. What is missing or wrong is told when the gateway is built,
/// with everything else that is wrong about routes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExternalRoute {
    /// The methods; where absent, all that may pass a gateway.
    pub methods: Option<Vec<String>>,
    /// The path, `/a/{b}`.
    pub pattern: Option<String>,
    /// Or the path under which everything is meant.
    pub prefix: Option<String>,
    /// Where it leads.
    pub target: Option<BaseUrl>,
    /// Who may call it. There is no default.
    pub access: Option<String>,
    /// The target does not see the prefix.
    pub strip_prefix: bool,
    /// The target sees `Authorization`; yes, where absent.
    pub forward_authorization: Option<bool>,
    /// The largest body.
    pub body_limit: Option<ByteSize>,
    /// The longest time from the request's head to the answer's.
    pub time_limit: Option<Span>,
    /// How many requests one address may send to it; as many as to all routes, where absent.
    pub rate_limit: Option<Rate>,
}

impl Value for Network {
    fn kind() -> Kind {
        Kind::new(
            "network",
            "an address or a block such as `10.0.0.0/8`",
            json!({ "type": "string" }),
        )
    }

    fn parse(raw: &Raw) -> Result<Self, Mismatch> {
        raw.scalar(Accepts::Text)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Mismatch::expected::<Self>(raw))
    }
}

#[cfg(test)]
mod tests {
    use kit_config::{Catalog, Sources};

    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_manual() {
        let config = GatewayConfig::defaults();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert!(config.rate_limit_enabled && config.routes.is_empty());
        assert_eq!(config.rate_limit_strict.to_string(), "300/m burst 500");
    }

    #[test]
    fn a_rate_that_makes_no_sense_is_refused_by_its_key() {
        for (rate, reason) in [
            ("600", "expected a rate such as `600/m burst 200`"),
            ("0/s", "the numbers of a rate must be from 1 to 1000000"),
            ("1/d burst 1000", "the burst would take more than 30 days"),
        ] {
            let refused = Catalog::new()
                .section::<GatewayConfig>()
                .load(Sources {
                    flags: vec![("gateway.rate_limit.strict".to_owned(), rate.to_owned())],
                    ..Sources::default()
                })
                .and_then(|loaded| loaded.get::<GatewayConfig>())
                .unwrap_err()
                .to_string();
            assert!(refused.contains("gateway.rate_limit.strict"), "{refused}");
            assert!(refused.contains(reason), "{refused}");
        }
    }

    #[test]
    fn routes_and_proxies_are_read() {
        let config: GatewayConfig = kit_config::test_values(&[
            ("gateway.trusted_proxies", "10.0.0.0/8, 192.0.2.7"),
            ("gateway.rate_limit.enabled", "false"),
            (
                "gateway.routes",
                r#"[{"methods":["GET"],"prefix":"/legacy","target":"http://127.0.0.1:9","access":"user","time_limit":"5s","rate_limit":"5/m"}]"#,
            ),
        ]);
        assert_eq!(config.trusted_proxies.len(), 2);
        assert_eq!(config.routes[0].prefix.as_deref(), Some("/legacy"));
        assert_eq!(config.routes[0].time_limit, Some("5s".parse().unwrap()));
        assert_eq!(config.routes[0].rate_limit, Some("5/m burst 5".parse().unwrap()));
    }
}
