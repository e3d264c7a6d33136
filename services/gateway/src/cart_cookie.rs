//! A browser's cart. Its token is kept in a cookie that no page can read, and goes to the services in the header in
//! which other clients send it themselves. The cookie itself goes nowhere.
//!
//! A cookie is sent by the browser, whoever made the page that asks. So a request that changes something counts only where
//! it comes from a page of ours: `Sec-Fetch-Site` says so, or, in a browser that does not send that, `Origin`.

use http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use kit_config::BaseUrl;
use kit_http::{ApiError, ReplyBody};

/// The header in which a guest's cart token goes to the services, and comes from them when it is new.
pub(crate) const CART_TOKEN: HeaderName = HeaderName::from_static("x-cart-token");

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const NAME: &str = "stoa-cart";

/// As long as cart keeps what nobody touches.
const MAX_AGE: u32 = 30 * 24 * 60 * 60;

kit_http::refusals! {
    /// What the gateway refuses by itself.
    enum GatewayRefusal("Gateway") {
        /// Another site's page asks a browser to do something here.
        CrossSite = FORBIDDEN, "cross_site_request", "this must be asked for by a page of this site";
    }
}

/// How cookies of carts are made and believed.
pub(crate) struct CartCookies {
    /// As browsers write it; where clients reach the gateway, if that is configured.
    own_origin: Option<String>,
    is_secure: bool,
}

/// The cookie that the answer to a browser's request sets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum CartCookie {
    /// None, unless a cart is made.
    New,
    /// The same again, since the cart was changed.
    Kept(HeaderValue),
}

impl CartCookies {
    pub(crate) fn new(public_url: Option<&BaseUrl>) -> Self {
        Self {
            own_origin: public_url.map(origin_of),
            is_secure: public_url.is_some_and(BaseUrl::is_https),
        }
    }

    /// Takes the cookie out of a request to a route that reads the token of a cart, and puts its token into the header,
    /// where the client shows by nothing else who it is. What the answer does; none to what is no page of ours.
    pub(crate) fn exchange(
        &self,
        method: &Method,
        headers: &mut HeaderMap,
    ) -> Result<Option<CartCookie>, ApiError> {
        let token = take(headers);
        if headers.contains_key(AUTHORIZATION) || headers.contains_key(CART_TOKEN) {
            return Ok(None);
        }
        let is_own = self.is_of_own_page(headers);
        let Some(token) = token else {
            return Ok(is_own.then_some(CartCookie::New));
        };
        if !method.is_safe() && !is_own {
            return Err(ApiError::of(&GatewayRefusal::CrossSite));
        }
        headers.insert(CART_TOKEN, token.clone());
        Ok(Some(if method.is_safe() {
            CartCookie::New
        } else {
            CartCookie::Kept(token)
        }))
    }

    /// Sets the cookie with the answer.
    pub(crate) fn set(&self, cookie: CartCookie, reply: &mut Response<ReplyBody>) {
        let new = reply.headers().get(CART_TOKEN).cloned();
        let token = match cookie {
            CartCookie::New => new,
            CartCookie::Kept(token) => new.or_else(|| reply.status().is_success().then_some(token)),
        };
        let secure = if self.is_secure { "; Secure" } else { "" };
        let value = token.as_ref().and_then(|token| token.to_str().ok()).map(|token| {
            format!("{NAME}={token}; Path=/; Max-Age={MAX_AGE}; HttpOnly; SameSite=Lax{secure}")
        });
        if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
            reply.headers_mut().append(SET_COOKIE, value);
        }
    }

    fn is_of_own_page(&self, headers: &HeaderMap) -> bool {
        if let Some(site) = headers.get(SEC_FETCH_SITE) {
            return site == "same-origin";
        }
        let Some(origin) = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()) else {
            return false;
        };
        if let Some(own) = &self.own_origin {
            return origin == own;
        }
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        origin.split_once("://").map(|(_, host)| host) == host
    }
}

/// The origin of an address as browsers write it: without the port that the scheme has by itself.
fn origin_of(url: &BaseUrl) -> String {
    let (scheme, port) = if url.is_https() {
        ("https", ":443")
    } else {
        ("http", ":80")
    };
    let authority = url.authority();
    format!("{scheme}://{}", authority.strip_suffix(port).unwrap_or(authority))
}

/// Takes the cookie out of a request, and gives its value where there is one that may be a token.
pub(crate) fn take(headers: &mut HeaderMap) -> Option<HeaderValue> {
    let is_here = |value: &HeaderValue| {
        value
            .as_bytes()
            .windows(NAME.len())
            .any(|part| part == NAME.as_bytes())
    };
    if !headers.get_all(COOKIE).iter().any(is_here) {
        return None;
    }
    let mut token = None;
    let mut kept = Vec::new();
    for value in headers.get_all(COOKIE) {
        let pairs = value
            .as_bytes()
            .split(|byte| *byte == b';')
            .map(<[u8]>::trim_ascii);
        let others = pairs.filter(|pair| match pair.strip_prefix(NAME.as_bytes()) {
            Some([b'=', own @ ..]) => {
                token = HeaderValue::from_bytes(own).ok().filter(|own| !own.is_empty());
                false
            }
            _ => true,
        });
        let others = others.collect::<Vec<_>>().join(&b"; "[..]);
        kept.extend(
            HeaderValue::from_bytes(&others)
                .ok()
                .filter(|value| !value.is_empty()),
        );
    }
    headers.remove(COOKIE);
    for value in kept {
        headers.append(COOKIE, value);
    }
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        let pair =
            |(name, value): &(&'static str, &str)| (HeaderName::from_static(name), value.parse().unwrap());
        all.iter().map(pair).collect()
    }

    fn cookies(public_url: Option<&str>) -> CartCookies {
        CartCookies::new(public_url.map(|url| url.parse().unwrap()).as_ref())
    }

    #[test]
    fn the_cookie_is_taken_out_and_others_stay() {
        for (sent, kept, token) in [
            ("a=1; stoa-cart=cart_x; b=2", Some("a=1; b=2"), Some("cart_x")),
            ("stoa-cart=cart_x", None, Some("cart_x")),
            ("stoa-cart=", None, None),
            (
                "stoa-cart-2=y;not-stoa-cart=z",
                Some("stoa-cart-2=y; not-stoa-cart=z"),
                None,
            ),
            ("a=1", Some("a=1"), None),
        ] {
            let mut headers = headers(&[("cookie", sent)]);
            let taken = take(&mut headers);
            assert_eq!(
                taken.as_ref().map(HeaderValue::as_bytes),
                token.map(str::as_bytes),
                "{sent}"
            );
            let left = headers.get(COOKIE).map(HeaderValue::as_bytes);
            assert_eq!(left, kept.map(str::as_bytes), "{sent}");
        }
    }

    #[test]
    fn only_a_page_of_ours_changes_a_cart() {
        let own = cookies(Some("https://shop.example.com"));
        let anywhere = cookies(None);
        for (cookies, said, is_own) in [
            (&own, ("sec-fetch-site", "same-origin"), true),
            (&own, ("sec-fetch-site", "same-site"), false),
            (&own, ("sec-fetch-site", "cross-site"), false),
            (&own, ("sec-fetch-site", "none"), false),
            (&own, ("origin", "https://shop.example.com"), true),
            (&own, ("origin", "https://shop.example.com.evil.example"), false),
            (
                &cookies(Some("https://shop.example.com:443")),
                ("origin", "https://shop.example.com"),
                true,
            ),
            (&own, ("origin", "null"), false),
            (&own, ("accept", "*/*"), false),
            (&anywhere, ("origin", "http://localhost:8080"), true),
            (&anywhere, ("origin", "http://localhost:9090"), false),
        ] {
            let mut sent = headers(&[("host", "localhost:8080"), ("cookie", "stoa-cart=cart_x"), said]);
            let allowed = cookies.exchange(&Method::POST, &mut sent);
            assert_eq!(allowed.is_ok(), is_own, "{said:?}");
            assert_eq!(sent.contains_key(CART_TOKEN), is_own, "{said:?}");
            // Whoever only looks may come from anywhere: the browser shows the answer to nobody else.
            let mut sent = headers(&[("host", "localhost:8080"), ("cookie", "stoa-cart=cart_x"), said]);
            assert!(cookies.exchange(&Method::GET, &mut sent).is_ok(), "{said:?}");
        }
    }

    #[test]
    fn who_shows_otherwise_who_they_are_has_no_cookie() {
        for other in [("authorization", "Bearer x"), ("x-cart-token", "cart_y")] {
            let mut sent = headers(&[("cookie", "stoa-cart=cart_x"), other]);
            assert_eq!(cookies(None).exchange(&Method::POST, &mut sent).unwrap(), None);
            assert_ne!(
                sent.get(CART_TOKEN).map(HeaderValue::as_bytes),
                Some(&b"cart_x"[..])
            );
            assert!(!sent.contains_key(COOKIE), "and it goes nowhere");
        }
    }
}
