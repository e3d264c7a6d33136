//! The routes of the configuration: from what an operator wrote to a route, or to everything wrong with it.

use http::Method;
use kit_config::BaseUrl;
use kit_http::Access;
use kit_http::server::RouteLabel;

use crate::config::{ExternalRoute, GatewayConfig};
use crate::limit::{RouteName, RouteRate};
use crate::pattern::{Methods, Pattern};
use crate::table::{Destination, PublicRoute, RouteProblem};

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
    /// As it came.
    Forwarded,
    /// It is removed.
    Withheld,
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
    let mut keep = |problem: RouteProblem| problems.push(problem);
    let methods = read_methods(&name, written).map_err(&mut keep).ok();
    let pattern = read_pattern(&name, written).map_err(&mut keep).ok();
    let access = read_access(&name, written).map_err(&mut keep).ok();
    let target = written
        .target
        .clone()
        .ok_or_else(|| setting(&name, "declares no `target`"));
    let target = target.map_err(&mut keep).ok();
    let pattern = pattern?;
    let strip = if written.strip_prefix {
        pattern.segments.len()
    } else {
        0
    };
    Some(External {
        route: PublicRoute {
            methods: methods?,
            pattern,
            access: access?,
            destination: Destination::Target { number, strip },
            body_limit: written.body_limit.unwrap_or(config.body_limit).bytes(),
            time_limit: written.time_limit.unwrap_or(config.time_limit).get(),
            rate: match written.rate_limit {
                Some(rate) => RouteRate::Own(RouteName::of("external", &name), rate.into()),
                None => RouteRate::Normal,
            },
            reads_cart_token: false,
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

fn setting(route: &str, why: impl Into<String>) -> RouteProblem {
    RouteProblem::Setting {
        route: route.to_owned(),
        why: why.into(),
    }
}

fn read_pattern(name: &str, written: &ExternalRoute) -> Result<Pattern, RouteProblem> {
    let read = match (&written.pattern, &written.prefix) {
        (Some(_), None) if written.strip_prefix => {
            return Err(setting(name, "`strip_prefix` needs a `prefix`"));
        }
        (Some(pattern), None) => Pattern::parse(pattern),
        (None, Some(prefix)) => Pattern::prefix(prefix),
        (Some(_), Some(_)) | (None, None) => {
            return Err(setting(name, "needs either `pattern` or `prefix`"));
        }
    };
    read.map_err(|why| RouteProblem::Pattern {
        from: format!("route `{name}`"),
        why,
    })
}

fn read_methods(name: &str, written: &ExternalRoute) -> Result<Methods, RouteProblem> {
    let Some(methods) = &written.methods else {
        return Ok(Methods::Any);
    };
    if methods.is_empty() {
        return Err(setting(name, "`methods` is empty; leave it out for all"));
    }
    let read = methods.iter().map(|method| match method.parse::<Method>() {
        Ok(known) if known == Method::CONNECT || known == Method::TRACE => {
            Err(setting(name, format!("`{method}` never passes a gateway")))
        }
        // Methods are case sensitive, so `get` would be a method nobody ever sends.
        Ok(known) if !method.bytes().any(|byte| byte.is_ascii_lowercase()) => Ok(known),
        Ok(_) | Err(_) => Err(setting(
            name,
            format!("`{method}` is no method; write it in capitals"),
        )),
    });
    read.collect::<Result<Vec<_>, _>>().map(Methods::Only)
}

fn read_access(name: &str, written: &ExternalRoute) -> Result<Access, RouteProblem> {
    match written.access.as_deref() {
        Some("public") => Ok(Access::Public),
        Some("user") => Ok(Access::User),
        Some("staff") => Ok(Access::Staff),
        Some("admin") => Ok(Access::Admin),
        Some("own") => Err(setting(
            name,
            "`own` needs a service that knows the owner; use `user`",
        )),
        Some(other) => {
            let why = format!("access `{other}` is not `public`, `user`, `staff` or `admin`");
            Err(setting(name, why))
        }
        None => Err(RouteProblem::NoAccess {
            route: name.to_owned(),
        }),
    }
}
