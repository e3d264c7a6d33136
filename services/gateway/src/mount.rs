//! Where routes stand: the services' own tables under `/api` and the aliases, and the gateway's own.

use std::time::Duration;

use http::Method;
use kit_http::server::RouteLabel;
use kit_http::{Access, Exposure, RateClass, Route, RouteTable};

use crate::cart_cookie::CART_TOKEN;
use crate::limit::{RouteName, RouteRate};
use crate::pattern::{Methods, Pattern};
use crate::table::{BuiltIn, Destination, PublicRoute, RouteProblem, Table};

/// What services serve each other stands there, and no route of theirs leads to it, whatever its pattern.
const INTERNAL: &str = "/internal";

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

impl Mounted<'_> {
    /// Where a route stands first; its other places are aliases.
    pub(crate) fn first_path(&self, route: &Route) -> String {
        match self.table.prefixes.first() {
            Some(prefix) if !route.pattern.starts_with(WELL_KNOWN) => format!("{prefix}{}", route.pattern),
            _ => route.pattern.to_owned(),
        }
    }

    /// Enters every route of the service at each of its places.
    pub(crate) fn enter(&self, table: &mut Table, problems: &mut Vec<RouteProblem>) {
        for prefix in self.table.prefixes {
            problems.extend(self.hide_internal(table, prefix).err());
        }
        for route in &self.table.routes {
            let prefixes: &[&str] = if route.pattern.starts_with(WELL_KNOWN) {
                &[""]
            } else {
                self.table.prefixes
            };
            // One name for all its places: who signs in by an alias signs in.
            let rate = self.rate_of(route);
            for prefix in prefixes {
                problems.extend(self.enter_one(table, route, prefix, rate).err());
            }
        }
    }

    fn rate_of(&self, route: &Route) -> RouteRate {
        match route.rate {
            RateClass::Normal => RouteRate::Normal,
            RateClass::Strict => RouteRate::Strict(RouteName::of(self.table.service, route.operation)),
        }
    }

    fn enter_one(
        &self,
        table: &mut Table,
        route: &Route,
        prefix: &str,
        rate: RouteRate,
    ) -> Result<(), RouteProblem> {
        let pattern =
            Pattern::parse(&format!("{prefix}{}", route.pattern)).map_err(|why| RouteProblem::Pattern {
                from: format!("`{}` of `{}`", route.operation, self.table.service),
                why,
            })?;
        let destination = match route.exposure {
            Exposure::Gateway => Destination::Target {
                number: self.number,
                strip: prefix.matches('/').count(),
            },
            Exposure::OwnPort => Destination::Hidden(self.number),
        };
        table.add(PublicRoute {
            methods: Methods::Only(vec![route.method.clone()]),
            pattern,
            access: route.access_at_gateway(),
            destination,
            body_limit: route.body_limit,
            time_limit: route.time_limit,
            rate,
            reads_cart_token: route.reads_header(CART_TOKEN.as_str()),
            label: RouteLabel {
                service: self.table.service,
                operation: route.operation,
            },
        })
    }

    fn hide_internal(&self, table: &mut Table, prefix: &str) -> Result<(), RouteProblem> {
        let pattern =
            Pattern::prefix(&format!("{prefix}{INTERNAL}")).map_err(|why| RouteProblem::Pattern {
                from: format!("`{INTERNAL}` of `{}`", self.table.service),
                why,
            })?;
        table.add(PublicRoute {
            methods: Methods::Any,
            pattern,
            access: Access::Admin,
            destination: Destination::Hidden(self.number),
            body_limit: 0,
            time_limit: Duration::ZERO,
            rate: RouteRate::Normal,
            reads_cart_token: false,
            label: RouteLabel {
                service: self.table.service,
                operation: "internal",
            },
        })
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
                destination: Destination::BuiltIn(which),
                body_limit: OWN_BODY_LIMIT,
                time_limit: OWN_TIME_LIMIT,
                rate: RouteRate::Normal,
                reads_cart_token: false,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Lookup;

    #[test]
    fn an_alias_of_a_strict_route_counts_as_the_route() {
        let post = |pattern, operation| Route::new(Method::POST, pattern, operation, Access::Public);
        let routes = vec![
            post("/login", "login").strict(),
            post("/register", "register").strict(),
        ];
        let service = RouteTable::new("auth", routes).under(&["/api", "/auth"]);
        let (mut table, mut problems) = (Table::new(), Vec::new());
        let mounted = Mounted {
            table: &service,
            number: 3,
        };
        mounted.enter(&mut table, &mut problems);
        let rate = |path| match table.find(&Method::POST, path) {
            Lookup::Found(route) => route.rate,
            Lookup::WrongMethod(_) | Lookup::Nothing => RouteRate::Normal,
        };
        let login = RouteRate::Strict(RouteName::of("auth", "login"));
        assert_eq!((rate("/api/login"), rate("/auth/login")), (login, login));
        assert_ne!(rate("/api/register"), login);
        assert_eq!(rate("/api/register"), rate("/auth/register"));
    }

    #[test]
    fn no_pattern_leads_to_what_services_serve_each_other() {
        let any = Route::new(Method::POST, "/{*path}", "any", Access::Public);
        let service = RouteTable::new("auth", vec![any]).under(&["/api", "/auth"]);
        let (mut table, mut problems) = (Table::new(), Vec::new());
        let mounted = Mounted {
            table: &service,
            number: 0,
        };
        mounted.enter(&mut table, &mut problems);
        assert!(problems.is_empty());
        for path in [
            "/api/internal/rpc/auth/revoke",
            "/auth/internal/rpc/auth/revoke",
            "/api/internal",
        ] {
            assert!(
                matches!(table.find(&Method::POST, path), Lookup::Nothing),
                "{path}"
            );
        }
        assert!(matches!(
            table.find(&Method::POST, "/api/internals"),
            Lookup::Found(_)
        ));
    }
}
