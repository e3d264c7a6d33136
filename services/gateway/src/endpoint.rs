//! How one request is checked and forwarded.

use std::net::{IpAddr, Ipv6Addr};

use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Response, Uri};
use kit_http::server::{ClientAddress, Endpoint, PeerAddress, RouteLabel, RoutePattern};
use kit_http::{ApiError, ReplyBody, RequestBody, Verified};
use kit_telemetry::Tracer;

use crate::Gateway;
use crate::body::{Announced, ForwardedBody};
use crate::builtin::wants_page;
use crate::cart_cookie::{self, CartCookie};
use crate::client::Origin;
use crate::headers::{clean_request, forward};
use crate::limit::RateCheck;
use crate::path::NormalPath;
use crate::table::{BuiltIn, Destination, Lookup, PublicRoute};
use crate::target::Outgoing;
use crate::upgrade::{self, Handshake};

/// Where a request that may pass goes.
enum Responder<'a> {
    /// Nowhere: a browser gets the page.
    Page,
    BuiltIn(&'a PublicRoute, BuiltIn),
    Target {
        route: &'a PublicRoute,
        number: usize,
        uri: Uri,
        verified: Option<Verified>,
        handshake: Option<Handshake>,
        cart: Option<CartCookie>,
    },
}

/// Why a request may not pass, and whose it would have been.
struct Refused {
    label: Option<RouteLabel>,
    error: ApiError,
}

impl Endpoint for Gateway {
    async fn call(&self, request: Request<RequestBody>) -> Response<ReplyBody> {
        let (mut parts, body) = request.into_parts();
        let origin = self.origin(&parts);
        let (label, mut reply) = match self.admit(&mut parts, Announced::of(&body), origin).await {
            Ok(Responder::Page) => (None, self.built_ins.page()),
            Ok(Responder::BuiltIn(route, which)) => {
                let reply = self.built_ins.answer(which, &parts.uri, &parts.headers).await;
                (Some(route.label), reply)
            }
            Ok(Responder::Target {
                route,
                number,
                uri,
                verified,
                handshake,
                cart,
            }) => {
                parts.uri = uri;
                forward(&mut parts.headers, origin);
                if handshake.is_some() {
                    upgrade::announce(&mut parts.headers);
                }
                let body = ForwardedBody::new(body, route.body_limit);
                let outgoing = Outgoing {
                    parts,
                    body,
                    verified,
                    client: ClientAddress(origin.client),
                    handshake,
                    route,
                };
                let is_traced = outgoing.parts.extensions.get::<Tracer>().is_some();
                let mut reply = self.pass(number, outgoing).await;
                if let Some(cart) = cart {
                    self.cart_cookies.set(cart, &mut reply);
                }
                if is_traced {
                    let pattern = RoutePattern(route.pattern.to_string().into());
                    reply.extensions_mut().insert(pattern);
                }
                (Some(route.label), reply)
            }
            Err(refused) => (refused.label, refused.error.into_reply()),
        };
        if let Some(label) = label {
            reply.extensions_mut().insert(label);
        }
        reply
    }
}

impl Gateway {
    /// Checks a request by its head and what that says of its body; nothing of it is read.
    async fn admit(
        &self,
        parts: &mut Parts,
        body: Announced,
        origin: Origin,
    ) -> Result<Responder<'_>, Refused> {
        let check = self.limiter.check(origin.client);
        check.of_address().await?;
        refuse_tunnels(&parts.method)?;
        let handshake = Handshake::take(parts, body)?;
        clean_request(&mut parts.headers)
            .map_err(|error| ApiError::bad_request("invalid_header", error.to_string()))?;
        let path = NormalPath::parse(parts.uri.path())
            .map_err(|error| ApiError::bad_request("invalid_path", error.to_string()))?;
        let route = match self.table.find(&parts.method, path.decoded()) {
            Lookup::Found(route) => route,
            Lookup::WrongMethod(allow) => return Err(ApiError::method_not_allowed(allow).into()),
            Lookup::Nothing if wants_page(&parts.method, path.decoded(), &parts.headers) => {
                return Ok(Responder::Page);
            }
            Lookup::Nothing => return Err(ApiError::not_found("there is nothing at this path").into()),
        };
        let admitted = self.admit_to(route, check, &parts.headers, body).await;
        let admitted = admitted
            .and_then(|verified| Ok((verified, self.cart_of(route, &parts.method, &mut parts.headers)?)));
        let responder = admitted.and_then(|(verified, cart)| match route.destination {
            Destination::BuiltIn(which) => Ok(Responder::BuiltIn(route, which)),
            Destination::Target { number, strip } => Ok(Responder::Target {
                route,
                number,
                uri: target_uri(&path, strip, parts.uri.query())?,
                verified,
                handshake,
                cart,
            }),
            Destination::Hidden(_) => Err(ApiError::internal("a hidden route was found")),
        });
        responder.map_err(|error| Refused {
            label: Some(route.label),
            error,
        })
    }

    /// The rules of the route itself.
    async fn admit_to(
        &self,
        route: &PublicRoute,
        check: RateCheck<'_>,
        headers: &HeaderMap,
        body: Announced,
    ) -> Result<Option<Verified>, ApiError> {
        check.of_route(route.rate).await?;
        let verified = route.access.admit(&self.verifier, headers)?;
        if let Some(Verified(user)) = &verified {
            check.of_user(user).await?;
        }
        // An announced length is refused before a byte of it is read.
        if body.least > route.body_limit {
            return Err(ApiError::too_large(route.body_limit));
        }
        Ok(verified)
    }

    /// What becomes of the cookie with a browser's cart.
    fn cart_of(
        &self,
        route: &PublicRoute,
        method: &Method,
        headers: &mut HeaderMap,
    ) -> Result<Option<CartCookie>, ApiError> {
        if route.reads_cart_token {
            return self.cart_cookies.exchange(method, headers);
        }
        cart_cookie::take(headers);
        Ok(None)
    }

    async fn pass(&self, number: usize, outgoing: Outgoing<'_>) -> Response<ReplyBody> {
        match self.targets.get(number) {
            Some(target) => target.answer(outgoing).await,
            None => ApiError::internal("a route leads to no target").into_reply(),
        }
    }

    /// Whom the request comes from. The server behind which the gateway stands always says; all that it does
    /// not speak of would be one and the same.
    fn origin(&self, parts: &Parts) -> Origin {
        let peer = parts
            .extensions
            .get()
            .map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |PeerAddress(peer)| peer.ip());
        Origin::of(peer, &parts.headers, &self.trusted_proxies)
    }
}

/// CONNECT asks for a tunnel, TRACE for an echo of headers that were not the client's.
fn refuse_tunnels(method: &Method) -> Result<(), ApiError> {
    if *method == Method::CONNECT || *method == Method::TRACE {
        let message = format!("`{method}` never passes here");
        return Err(ApiError::bad_request("method_refused", message));
    }
    Ok(())
}

/// The address as the target knows it: the normal path without its first segments, and the query as it came.
fn target_uri(path: &NormalPath<'_>, strip: usize, query: Option<&str>) -> Result<Uri, ApiError> {
    let path = without_segments(path.forwarded(), strip);
    let text = match query {
        Some(query) => bytes::Bytes::from(format!("{path}?{query}")),
        None => bytes::Bytes::copy_from_slice(path.as_bytes()),
    };
    let target = PathAndQuery::from_maybe_shared(text)
        .map_err(|error| ApiError::bad_request("invalid_path", error.to_string()))?;
    let mut parts = http::uri::Parts::default();
    parts.path_and_query = Some(target);
    Uri::from_parts(parts).map_err(ApiError::internal)
}

fn without_segments(path: &str, count: usize) -> &str {
    let mut slashes = path.match_indices('/').map(|(index, _)| index);
    slashes
        .nth(count)
        .and_then(|index| path.get(index..))
        .unwrap_or("/")
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self { label: None, error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_sees_the_path_without_the_gateways_part() {
        for (path, count, seen) in [
            ("/api/users/7", 1, "/users/7"),
            ("/api/storage/plans", 2, "/plans"),
            ("/api/adapters/queues/plans", 3, "/plans"),
            ("/ext", 1, "/"),
            ("/ext/", 1, "/"),
            ("/ext/a/", 1, "/a/"),
            ("/a%20b/c", 1, "/c"),
            ("/a", 0, "/a"),
        ] {
            assert_eq!(without_segments(path, count), seen, "{path}");
        }
    }

    #[test]
    fn the_query_goes_on_as_it_came() {
        let path = NormalPath::parse("/api/%7eusers").unwrap();
        let uri = target_uri(&path, 1, Some("q=%2e%2E&x")).unwrap();
        assert_eq!(uri.to_string(), "/~users?q=%2e%2E&x");
    }
}
