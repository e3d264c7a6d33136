//! Where routes stand: the services' own tables under `/api` and the aliases, the gateway's own, and those of
//! the configuration.

use std::time::Duration;

use http::Method;
use kit_config::BaseUrl;
use kit_http::server::RouteLabel;
use kit_http::{Access, Exposure, Route, RouteTable};

use crate::config::{ExternalRoute, GatewayConfig};
use crate::pattern::{End, Methods, Pattern};
use crate::table::{BuiltIn, Place, PublicRoute, RouteProblem, Table};

/// Under which paths a service stands. Storage has its own place; what clients know a service by from
/// before stands beside `/api`.
const PLACES: [(&str, &[&str]); 4] = [
    ("auth", &["/api", "/auth"]),
    ("payments", &["/api", "/payment"]),
    ("analytics", &["/api", "/analytics"]),
    ("storage", &["/api/storage", "/storage"]),
];
const EVERY_OTHER: &[&str] = &["/api"];

/// Standards fix these addresses, so they stand at the root.
const WELL_KNOWN: &str = "/.well-known/";

/// Nobody sends a body to what the gateway itself answers.
const OWN_BODY_LIMIT: u64 = 1024;
const OWN_TIME_LIMIT: Duration = Duration::from_secs(10);

/// A service behind the gateway, by the number of its target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mounted<'a> {
    pub(crate) table: &'a RouteTable,
    pub(crate) number: usize,
}

/// A route of the configuration, checked, with its target not yet built.
#[derive(Debug)]
pub(crate) struct External {
    pub(crate) route: PublicRoute,
    pub(crate) target: BaseUrl,
    pub(crate) authorization: Authorization,
}

/// Whether a target sees the caller's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authorization {
    Forwarded,
    Withheld,
}

impl Mounted<'_> {
    fn prefixes(&self) -> &'static [&'static str] {
        PLACES
            .iter()
            .find(|(service, _)| *service == self.table.service)
            .map_or(EVERY_OTHER, |(_, prefixes)| prefixes)
    }

    /// Where a route stands first; its other places are aliases.
    pub(crate) fn first_path(&self, route: &Route) -> String {
        match self.prefixes().first() {
            Some(prefix) if !route.pattern.starts_with(WELL_KNOWN) => format!("{prefix}{}", route.pattern),
            _ => route.pattern.to_owned(),
        }
    }

    /// Enters every route of the service at each of its places.
    pub(crate) fn enter(&self, table: &mut Table, problems: &mut Vec<RouteProblem>) {
        for route in &self.table.routes {
            if route.pattern.starts_with(WELL_KNOWN) {
                self.enter_one(table, problems, route, "");
                continue;
            }
            for prefix in self.prefixes() {
                self.enter_one(table, problems, route, prefix);
            }
        }
    }

    fn enter_one(&self, table: &mut Table, problems: &mut Vec<RouteProblem>, route: &Route, prefix: &str) {
        let pattern = match Pattern::parse(&format!("{prefix}{}", route.pattern)) {
            Ok(pattern) => pattern,
            Err(why) => {
                let from = format!("`{}` of `{}`", route.operation, self.table.service);
                return problems.push(RouteProblem::Pattern { from, why });
            }
        };
        let strip = prefix.matches('/').count();
        let place = match route.exposure {
            Exposure::Gateway => Place::Target {
                number: self.number,
                strip,
            },
            Exposure::OwnPort => Place::Hidden(self.number),
        };
        let entered = table.add(PublicRoute {
            methods: Methods::Only(vec![route.method.clone()]),
            pattern,
            access: route.access,
            place,
            body_limit: route.body_limit,
            time_limit: route.time_limit,
            label: RouteLabel {
                service: self.table.service,
                operation: route.operation,
            },
        });
        problems.extend(entered.err());
    }
}

/// Enters what the gateway itself answers.
pub(crate) fn enter_own(table: &mut Table, problems: &mut Vec<RouteProblem>) {
    let own = [
        ("/", BuiltIn::Root, "greeting"),
        ("/livez", BuiltIn::Health, "livez"),
        ("/readyz", BuiltIn::Health, "readyz"),
        ("/openapi.json", BuiltIn::OpenApi, "openapi"),
        ("/docs", BuiltIn::Docs, "docs"),
        ("/docs/", BuiltIn::Docs, "docs"),
        ("/docs/{asset}", BuiltIn::Docs, "docs"),
    ];
    for (pattern, which, operation) in own {
        let entered = match Pattern::parse(pattern) {
            Ok(pattern) => table.add(PublicRoute {
                methods: Methods::Only(vec![Method::GET]),
                pattern,
                access: Access::Public,
                place: Place::BuiltIn(which),
                body_limit: OWN_BODY_LIMIT,
                time_limit: OWN_TIME_LIMIT,
                label: RouteLabel {
                    service: "gateway",
                    operation,
                },
            }),
            Err(why) => Err(RouteProblem::Pattern {
                from: operation.to_owned(),
                why,
            }),
        };
        problems.extend(entered.err());
    }
}

/// Reads one of `[[gateway.routes]]`; its target will have this number. What is wrong with it goes to
/// `problems`, all of it.
pub(crate) fn read_external(
    written: &ExternalRoute,
    config: &GatewayConfig,
    number: usize,
    problems: &mut Vec<RouteProblem>,
) -> Option<External> {
    let name = name_of(written);
    let mut setting = |why: String| {
        problems.push(RouteProblem::Setting {
            route: name.clone(),
            why,
        });
    };
    let methods = read_methods(written.methods.as_deref())
        .map_err(&mut setting)
        .ok();
    let target = written.target.clone();
    if target.is_none() {
        setting("declares no `target`".to_owned());
    }
    let pattern = match (&written.pattern, &written.prefix) {
        (Some(pattern), None) if !written.strip_prefix => Some(Pattern::parse(pattern)),
        (Some(_), None) => {
            setting("`strip_prefix` needs a `prefix`".to_owned());
            None
        }
        (None, Some(prefix)) => Some(Pattern::prefix(prefix)),
        (Some(_), Some(_)) | (None, None) => {
            setting("needs either `pattern` or `prefix`".to_owned());
            None
        }
    };
    let access = match written.access.as_deref().map(read_access) {
        Some(Err(why)) => {
            setting(why);
            None
        }
        Some(Ok(access)) => Some(access),
        None => {
            problems.push(RouteProblem::NoAccess { route: name.clone() });
            None
        }
    };
    let from = name;
    let pattern = pattern?
        .map_err(|why| problems.push(RouteProblem::Pattern { from, why }))
        .ok()?;
    let strip = if written.strip_prefix {
        pattern.segments.len()
    } else {
        0
    };
    debug_assert!(!written.strip_prefix || pattern.end == End::Under);
    Some(External {
        route: PublicRoute {
            methods: methods?,
            pattern,
            access: access?,
            place: Place::Target { number, strip },
            body_limit: written.body_limit.unwrap_or(config.body_limit).bytes(),
            time_limit: written.time_limit.unwrap_or(config.time_limit).get(),
            label: RouteLabel {
                service: "external",
                operation: "external",
            },
        },
        target: target?,
        authorization: match written.forward_authorization {
            Some(false) => Authorization::Withheld,
            Some(true) | None => Authorization::Forwarded,
        },
    })
}

/// What the operator will recognise it by.
fn name_of(written: &ExternalRoute) -> String {
    let methods = written
        .methods
        .as_ref()
        .map_or_else(|| "ANY".to_owned(), |methods| methods.join(","));
    let path = match (&written.pattern, &written.prefix) {
        (Some(pattern), _) => pattern.clone(),
        (None, Some(prefix)) => format!("{}/*", prefix.trim_end_matches('/')),
        (None, None) => "?".to_owned(),
    };
    format!("{methods} {path}")
}

fn read_methods(names: Option<&[String]>) -> Result<Methods, String> {
    let Some(names) = names else {
        return Ok(Methods::Any);
    };
    if names.is_empty() {
        return Err("`methods` is empty; leave it out for all".to_owned());
    }
    let read = names.iter().map(|name| match name.parse::<Method>() {
        Ok(method) if method == Method::CONNECT || method == Method::TRACE => {
            Err(format!("`{name}` never passes a gateway"))
        }
        // Methods are case sensitive, so `get` would be a method nobody ever sends.
        Ok(method) if !name.bytes().any(|byte| byte.is_ascii_lowercase()) => Ok(method),
        Ok(_) | Err(_) => Err(format!("`{name}` is no method; write it in capitals")),
    });
    read.collect::<Result<Vec<_>, _>>().map(Methods::Only)
}

fn read_access(word: &str) -> Result<Access, String> {
    match word {
        "public" => Ok(Access::Public),
        "user" => Ok(Access::User),
        "staff" => Ok(Access::Staff),
        "admin" => Ok(Access::Admin),
        "own" => Err("`own` needs a service that knows the owner; use `user`".to_owned()),
        other => Err(format!(
            "access `{other}` is not `public`, `user`, `staff` or `admin`"
        )),
    }
}
