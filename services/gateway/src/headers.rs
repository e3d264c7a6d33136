//! Which headers pass, in both directions.
//!
//! The order is the point. What a client says about the connection is acted on first, then everything it
//! says in our own name is removed, and only then is anything of ours added; so nothing of ours can be
//! taken out by `Connection`, and nothing of the client's can stand where ours is believed. A name is
//! compared the way the most generous reader compares it: `X_User.Id` is `X-User-Id` to many frameworks.
//!
//! All other headers are end to end and pass untouched, `Authorization`, `Cookie`, `Range`,
//! `Idempotency-Key`, `Last-Event-ID` and signatures included.

use http::header::{self, Entry};
use http::{HeaderMap, HeaderName, HeaderValue};
use kit_rpc::INTERNAL_KEY;
use thiserror::Error;

use crate::client::Origin;

/// The user's id, for upstreams.
pub const USER_ID: HeaderName = HeaderName::from_static("x-user-id");
/// The user's name, for upstreams.
pub const USERNAME: HeaderName = HeaderName::from_static("x-username");
/// The user's roles, separated by commas, for upstreams.
pub const USER_ROLES: HeaderName = HeaderName::from_static("x-user-roles");

/// The proxies that a request came by, the last one last.
pub(crate) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Set by the gateway alone; removed from every request, in every spelling.
const RESERVED: [HeaderName; 4] = [USER_ID, USERNAME, USER_ROLES, INTERNAL_KEY];

/// Each of these is about one connection (RFC 9110, section 7.6.1, and the older names still seen).
const HOP_BY_HOP: [HeaderName; 10] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("http2-settings"),
];

/// Beside the reserved ones: what a proxy before us may have set, what frames the message, and who asks.
const PROTECTED: [&str; 12] = [
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "authorization",
    "cookie",
    "x-request-id",
    "traceparent",
    "tracestate",
    "forwarded",
    "x-real-ip",
    "via",
];

/// Why the headers of a request are refused; the gateway answers 400.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum HeaderError {
    /// `Connection` holds something that is no header name.
    #[error("the `Connection` header is malformed")]
    BadConnection,
    /// `Connection` names a header that must arrive.
    #[error("the `Connection` header must not name `{0}`")]
    ProtectedNamed(HeaderName),
}

/// Removes what is about the connection, and everything a client says in our name.
pub(crate) fn clean_request(headers: &mut HeaderMap) -> Result<(), HeaderError> {
    drop_named_by_connection(headers, Protect::ReservedAndFraming)?;
    drop_hop_by_hop(headers);
    // Answered by the server before the body is read, so there is nobody left to expect anything from.
    headers.remove(header::EXPECT);
    drop_matching(headers, is_reserved);
    Ok(())
}

/// Removes from an answer what was about the connection to the upstream, and the internal key, which an
/// upstream that repeats what it was sent would otherwise give away.
pub(crate) fn clean_response(headers: &mut HeaderMap) {
    // The upstream's mistake is not the client's: what cannot be read names nothing.
    let _ = drop_named_by_connection(headers, Protect::Nothing);
    drop_hop_by_hop(headers);
    drop_matching(headers, |name| folded_equal(name, INTERNAL_KEY.as_str()));
}

/// Says where the request came from. A listed proxy's own account is kept and continued.
pub(crate) fn forward(headers: &mut HeaderMap, origin: Origin) {
    if origin.is_proxy {
        drop_matching(headers, |name| is_forwarding(name) && !is_canonical(name));
    } else {
        drop_matching(headers, is_forwarding);
    }
    let mut chain: Vec<u8> = Vec::with_capacity(48);
    for earlier in headers.get_all(FORWARDED_FOR) {
        chain.extend_from_slice(earlier.as_bytes());
        chain.extend_from_slice(b", ");
    }
    chain.extend_from_slice(origin.peer.to_string().as_bytes());
    if let Ok(chain) = HeaderValue::from_maybe_shared(bytes::Bytes::from(chain)) {
        headers.insert(FORWARDED_FOR, chain);
    }
    if let Some(host) = headers.get(header::HOST).cloned()
        && let Entry::Vacant(entry) = headers.entry(FORWARDED_HOST)
    {
        entry.insert(host);
    }
    if let Entry::Vacant(entry) = headers.entry(FORWARDED_PROTO) {
        entry.insert(HeaderValue::from_static("http"));
    }
}

/// Whether a name is one of ours, to the most generous reader.
pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED
        .iter()
        .any(|reserved| folded_equal(name, reserved.as_str()))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protect {
    ReservedAndFraming,
    Nothing,
}

fn drop_named_by_connection(headers: &mut HeaderMap, protect: Protect) -> Result<(), HeaderError> {
    let mut named: Vec<HeaderName> = Vec::new();
    let mut readable = true;
    for value in headers.get_all(header::CONNECTION) {
        for token in value.as_bytes().split(|&byte| byte == b',') {
            match HeaderName::from_bytes(token.trim_ascii()) {
                Ok(name) => named.push(name),
                Err(_) if token.trim_ascii().is_empty() => {}
                Err(_) => readable = false,
            }
        }
    }
    if protect == Protect::ReservedAndFraming {
        if !readable {
            return Err(HeaderError::BadConnection);
        }
        if let Some(name) = named.iter().find(|name| is_protected(name.as_str())) {
            return Err(HeaderError::ProtectedNamed(name.clone()));
        }
    }
    for name in named {
        headers.remove(name);
    }
    Ok(())
}

fn drop_hop_by_hop(headers: &mut HeaderMap) {
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

fn drop_matching(headers: &mut HeaderMap, matches: impl Fn(&str) -> bool) {
    let found: Vec<HeaderName> = headers
        .keys()
        .filter(|name| matches(name.as_str()))
        .cloned()
        .collect();
    for name in found {
        headers.remove(name);
    }
}

fn is_protected(name: &str) -> bool {
    is_reserved(name) || is_forwarding(name) || PROTECTED.iter().any(|held| folded_equal(name, held))
}

/// Whether a name speaks about the way here.
fn is_forwarding(name: &str) -> bool {
    const PREFIX: &str = "x-forwarded-";
    let prefixed = name.as_bytes().get(..PREFIX.len());
    prefixed.is_some_and(|start| folded_bytes_equal(start, PREFIX.as_bytes()))
        || folded_equal(name, "forwarded")
        || folded_equal(name, "x-real-ip")
}

fn is_canonical(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether the two are one name to a reader who takes every mark for a dash. `http` has made `name` lower
/// case already.
fn folded_equal(name: &str, ours: &str) -> bool {
    folded_bytes_equal(name.as_bytes(), ours.as_bytes())
}

fn folded_bytes_equal(name: &[u8], ours: &[u8]) -> bool {
    name.len() == ours.len()
        && name
            .iter()
            .zip(ours)
            .all(|(&theirs, &ours)| theirs == ours || (ours == b'-' && !theirs.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));
    const CLIENT: Origin = Origin {
        peer: PEER,
        is_proxy: false,
        client: PEER,
    };
    const PROXY: Origin = Origin {
        is_proxy: true,
        ..CLIENT
    };

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        headers
    }

    fn cleaned(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = headers(pairs);
        clean_request(&mut headers).unwrap();
        headers
    }

    #[test]
    fn what_is_about_the_connection_goes_and_what_it_names() {
        let left = cleaned(&[
            ("Connection", "close, X-Hop"),
            ("connection", "x-other"),
            ("X-Hop", "1"),
            ("X-Other", "1"),
            ("Keep-Alive", "timeout=5"),
            ("Proxy-Connection", "keep-alive"),
            ("Proxy-Authorization", "Basic eDp5"),
            ("TE", "trailers"),
            ("Trailer", "X-User-Id"),
            ("Transfer-Encoding", "chunked"),
            ("Upgrade", "websocket"),
            ("Expect", "100-continue"),
            ("X-Stays", "1"),
        ]);
        assert_eq!(left, headers(&[("x-stays", "1")]));
    }

    #[test]
    fn end_to_end_headers_pass() {
        let all = [
            ("authorization", "Bearer a.b.c"),
            ("cookie", "a=b"),
            ("idempotency-key", "k"),
            ("range", "bytes=0-1"),
            ("last-event-id", "7"),
            ("if-match", "\"1\""),
            ("stripe-signature", "t=1,v1=ab"),
            (
                "traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            ),
            ("accept", "a"),
            ("accept", "b"),
        ];
        assert_eq!(cleaned(&all), headers(&all));
    }

    #[test]
    fn connection_may_not_name_what_must_arrive() {
        for name in [
            "X-User-Id",
            "x_user_roles",
            "X-Internal-Key",
            "Authorization",
            "Host",
            "Content-Length",
            "X-Forwarded-For",
            "x.forwarded.for",
            "X-Request-Id",
        ] {
            let mut headers = headers(&[("Connection", &format!("close,{name}"))]);
            assert!(
                matches!(clean_request(&mut headers), Err(HeaderError::ProtectedNamed(_))),
                "{name}"
            );
        }
        let mut headers = headers(&[("Connection", "close, a b")]);
        assert_eq!(clean_request(&mut headers), Err(HeaderError::BadConnection));
    }

    #[test]
    fn empty_members_of_connection_are_nothing() {
        assert!(cleaned(&[("Connection", ", ,close,")]).is_empty());
    }

    #[test]
    fn our_own_names_are_removed_in_every_spelling() {
        let left = cleaned(&[
            ("X-User-Id", "1"),
            ("x-user-id", "2"),
            ("X_USER_ID", "3"),
            ("X.User.Id", "4"),
            ("X-User_Id", "5"),
            ("x~user'id", "6"),
            ("X-Username", "root"),
            ("X_Username", "root"),
            ("X-User-Roles", "admin"),
            ("X_User.Roles", "admin"),
            ("X-Internal-Key", "k"),
            ("X_Internal_Key", "k"),
            ("X-User-Idea", "stays"),
        ]);
        assert_eq!(left, headers(&[("x-user-idea", "stays")]));
    }

    #[test]
    fn a_client_cannot_say_where_it_comes_from() {
        let mut headers = headers(&[
            ("Host", "shop.example"),
            ("X-Forwarded-For", "10.0.0.1"),
            ("X_Forwarded_For", "10.0.0.1"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Prefix", "/x"),
            ("Forwarded", "for=10.0.0.1"),
            ("X-Real-IP", "10.0.0.1"),
        ]);
        forward(&mut headers, CLIENT);
        let expected = [
            ("host", "shop.example"),
            ("x-forwarded-for", "192.0.2.7"),
            ("x-forwarded-host", "shop.example"),
            ("x-forwarded-proto", "http"),
        ];
        assert_eq!(headers, self::headers(&expected));
    }

    #[test]
    fn a_listed_proxy_is_believed_and_added_to() {
        let mut headers = headers(&[
            ("Host", "inner"),
            ("X-Forwarded-For", "203.0.113.1"),
            ("X-Forwarded-For", "203.0.113.2"),
            ("X_Forwarded_For", "10.0.0.1"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Host", "shop.example"),
        ]);
        forward(&mut headers, PROXY);
        let expected = [
            ("host", "inner"),
            ("x-forwarded-for", "203.0.113.1, 203.0.113.2, 192.0.2.7"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "shop.example"),
        ];
        assert_eq!(headers, self::headers(&expected));
    }

    #[test]
    fn an_answer_loses_what_was_about_the_other_connection() {
        let mut headers = headers(&[
            ("Connection", "x-hop, not a name"),
            ("X-Hop", "1"),
            ("Transfer-Encoding", "chunked"),
            ("X-Internal-Key", "k"),
            ("Content-Type", "text/plain"),
        ]);
        clean_response(&mut headers);
        assert_eq!(headers, self::headers(&[("content-type", "text/plain")]));
    }

    proptest! {
        #[test]
        fn no_spelling_of_a_reserved_name_survives(
            which in 0..RESERVED.len(),
            marks in proptest::collection::vec(proptest::sample::select(b"-_.~!#$%&'*+^`|".to_vec()), 2),
            upper in any::<u32>(),
        ) {
            let mut marks = marks.into_iter();
            let spelled: Vec<u8> = RESERVED[which]
                .as_str()
                .bytes()
                .enumerate()
                .map(|(index, byte)| match byte {
                    b'-' => marks.next().unwrap_or(b'-'),
                    other if upper & (1 << (index % 32)) != 0 => other.to_ascii_uppercase(),
                    other => other,
                })
                .collect();
            let mut headers = HeaderMap::new();
            headers.append(HeaderName::from_bytes(&spelled).unwrap(), HeaderValue::from_static("x"));
            prop_assert_eq!(clean_request(&mut headers), Ok(()));
            prop_assert!(headers.is_empty());
        }
    }
}
