//! Every route the gateway answers, and the rules that stand before each.
//!
//! The table is closed: what is not in it is not answered, and a route without an access rule or with the
//! pattern of another does not enter. All mistakes are collected, so that an operator reads them at once.
//!
//! A service's routes that are *not* public are entered too, as [`Destination::Hidden`]. Without them a request
//! for `/api/users/internal` would be matched by `/api/users/{id}`, forwarded, and answered by a route that
//! was never meant to be reachable; with them that service is out for the request. Other services are not:
//! what one of them keeps to itself takes no path from another.

use std::fmt;
use std::time::Duration;

use http::{HeaderValue, Method};
use kit_http::Access;
use kit_http::server::RouteLabel;
use thiserror::Error;

use crate::limit::RouteRate;
use crate::pattern::{Methods, Pattern, PatternError};
use crate::trie::{Claim, Trie};

/// One route and its rules.
#[derive(Clone, Debug)]
pub(crate) struct PublicRoute {
    pub(crate) methods: Methods,
    pub(crate) pattern: Pattern,
    pub(crate) access: Access,
    pub(crate) destination: Destination,
    /// The largest body, in bytes.
    pub(crate) body_limit: u64,
    /// From the request's head to the answer's.
    pub(crate) time_limit: Duration,
    /// How often one address may ask for it.
    pub(crate) rate: RouteRate,
    /// Whether it knows a guest by the token of a cart, which a browser has in a cookie.
    pub(crate) reads_cart_token: bool,
    pub(crate) label: RouteLabel,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// The gateway answers it.
    BuiltIn(BuiltIn),
    /// The target with this number, without this many leading segments.
    Target {
        /// The index of the target.
        number: usize,
        /// Leading segments that only the gateway knows.
        strip: usize,
    },
    /// Nowhere: the target with this number has a route there that is not public.
    Hidden(usize),
}

/// What the gateway itself answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuiltIn {
    /// `/`: the health document, or the page for a browser.
    Root,
    /// `/livez` and `/readyz`.
    Health,
    /// `/openapi.json`.
    OpenApi,
    /// `/docs` and what it loads.
    Docs,
}

/// What a path and a method lead to.
#[derive(Debug)]
pub(crate) enum Lookup<'a> {
    Found(&'a PublicRoute),
    /// The path is known, the method is not; the value of `Allow`.
    WrongMethod(Option<HeaderValue>),
    Nothing,
}

/// One mistake in the routes; the gateway does not start.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RouteProblem {
    /// Nobody said who may call it.
    #[error("route `{route}` declares no access")]
    NoAccess {
        /// The route.
        route: String,
    },
    /// Two routes answer the same requests.
    #[error("route `{route}` ({target}) overlaps with `{other}` ({other_target})")]
    Overlap {
        /// The later route.
        route: String,
        /// The target of the hidden route.
        target: String,
        /// The earlier route.
        other: String,
        /// Where that one leads.
        other_target: String,
    },
    /// The pattern cannot be read.
    #[error("{from}: {why}")]
    Pattern {
        /// Where the pattern is from.
        from: String,
        /// What is wrong.
        why: PatternError,
    },
    /// Something else in `[[gateway.routes]]`.
    #[error("route `{route}`: {why}")]
    Setting {
        /// The route.
        route: String,
        /// What is wrong.
        why: String,
    },
}

/// The routes of a gateway.
#[derive(Debug)]
pub(crate) struct Table {
    routes: Vec<PublicRoute>,
    trie: Trie,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self {
            routes: Vec::new(),
            trie: Trie::new(),
        }
    }

    /// Adds a route.
    pub(crate) fn add(&mut self, route: PublicRoute) -> Result<(), RouteProblem> {
        let number = self.routes.len();
        let claim = if route.is_hidden() {
            Claim::Shared
        } else {
            Claim::Sole
        };
        let requests = (&route.pattern, route.methods.clone());
        match self.trie.insert(requests, claim, number) {
            Ok(()) => {
                self.routes.push(route);
                Ok(())
            }
            Err(other) => {
                let other = &self.routes[other];
                Err(RouteProblem::Overlap {
                    route: route.name(),
                    target: route.label.service.to_owned(),
                    other: other.name(),
                    other_target: other.label.service.to_owned(),
                })
            }
        }
    }

    /// The route for a method and a decoded path.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Lookup<'_> {
        let (mut found, mut out) = (None, Vec::new());
        self.trie.find(method, path, |number| {
            let route = &self.routes[number];
            match route.destination {
                Destination::Hidden(target) => out.push(target),
                Destination::Target { number, .. } if out.contains(&number) => {}
                Destination::Target { .. } | Destination::BuiltIn(_) => found = Some(route),
            }
            found.is_some()
        });
        match found {
            Some(route) => Lookup::Found(route),
            None if out.is_empty() => self.other_methods(path),
            None => Lookup::Nothing,
        }
    }

    fn other_methods(&self, path: &str) -> Lookup<'_> {
        let mut names: Vec<&str> = Vec::new();
        for number in self.trie.all(path) {
            let route = &self.routes[number];
            if let (Methods::Only(methods), false) = (&route.methods, route.is_hidden()) {
                names.extend(methods.iter().map(Method::as_str));
            }
        }
        if names.is_empty() {
            return Lookup::Nothing;
        }
        if names.contains(&"GET") {
            names.push("HEAD");
        }
        names.sort_unstable();
        names.dedup();
        Lookup::WrongMethod(HeaderValue::from_str(&names.join(", ")).ok())
    }

    /// The public routes, in the order they were added.
    pub(crate) fn visible(&self) -> impl Iterator<Item = &PublicRoute> {
        self.routes.iter().filter(|route| !route.is_hidden())
    }
}

impl PublicRoute {
    fn is_hidden(&self) -> bool {
        matches!(self.destination, Destination::Hidden(_))
    }

    /// For people: `GET /api/users/{id}`.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.methods, self.pattern)
    }
}

/// One line of the route list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteLine {
    /// The method; `ANY`, or several with commas, where the route says so.
    pub method: String,
    /// The path at the gateway; `/*` at its end means everything under it.
    pub path: String,
    /// Who may call it: `public`, `user`, `own`, `staff` or `admin`.
    pub access: &'static str,
    /// The service behind it, or the URL.
    pub target: String,
    /// The operation's name.
    pub operation: &'static str,
}

impl fmt::Display for RouteLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            path,
            access,
            target,
            ..
        } = self;
        write!(f, "{method:<7} {path:<44} {access:<7} {target}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &Method, pattern: &str, destination: Destination) -> PublicRoute {
        PublicRoute {
            methods: Methods::Only(vec![method.clone()]),
            pattern: Pattern::parse(pattern).unwrap(),
            access: Access::Public,
            destination,
            body_limit: 0,
            time_limit: Duration::from_secs(1),
            rate: RouteRate::Normal,
            reads_cart_token: false,
            label: RouteLabel {
                service: "users",
                operation: "op",
            },
        }
    }

    const TARGET: Destination = Destination::Target { number: 0, strip: 1 };

    fn allow(table: &Table, method: &Method, path: &str) -> Option<String> {
        match table.find(method, path) {
            Lookup::WrongMethod(allow) => Some(allow.unwrap().to_str().unwrap().to_owned()),
            Lookup::Found(_) | Lookup::Nothing => None,
        }
    }

    #[test]
    fn a_path_that_knows_other_methods_says_which() {
        let mut table = Table::new();
        table.add(route(&Method::PUT, "/users/{id}", TARGET)).unwrap();
        table.add(route(&Method::GET, "/users/{id}", TARGET)).unwrap();
        table
            .add(route(&Method::DELETE, "/users/me", Destination::Hidden(0)))
            .unwrap();
        assert_eq!(
            allow(&table, &Method::POST, "/users/me").as_deref(),
            Some("GET, HEAD, PUT")
        );
        assert!(matches!(table.find(&Method::GET, "/nothing"), Lookup::Nothing));
    }

    #[test]
    fn a_route_that_is_not_public_hides_the_one_it_would_be_taken_for() {
        let mut table = Table::new();
        table.add(route(&Method::GET, "/users/{id}", TARGET)).unwrap();
        table
            .add(route(&Method::GET, "/users/internal", Destination::Hidden(0)))
            .unwrap();
        assert!(matches!(
            table.find(&Method::GET, "/users/internal"),
            Lookup::Nothing
        ));
        assert!(matches!(table.find(&Method::GET, "/users/7"), Lookup::Found(_)));
        assert_eq!(table.visible().count(), 1);
        let elsewhere = Destination::Target { number: 1, strip: 1 };
        table
            .add(route(&Method::GET, "/users/{*path}", elsewhere))
            .unwrap();
        assert!(
            matches!(table.find(&Method::GET, "/users/internal"), Lookup::Found(found) if found.destination == elsewhere)
        );
    }

    #[test]
    fn two_routes_for_the_same_requests_are_a_problem_that_names_both() {
        let mut table = Table::new();
        table.add(route(&Method::GET, "/users/{id}", TARGET)).unwrap();
        let problem = table
            .add(route(&Method::GET, "/users/{name}", TARGET))
            .unwrap_err();
        assert_eq!(
            problem.to_string(),
            "route `GET /users/{name}` (users) overlaps with `GET /users/{id}` (users)"
        );
    }
}
