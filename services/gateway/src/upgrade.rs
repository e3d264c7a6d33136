//! WebSocket connections (RFC 6455) on their way through.
//!
//! `websocket` is the one protocol that a connection may be turned over to. Everything else a client names
//! in `Upgrade`, `h2c` above all, is left out as RFC 9110 (section 7.8) allows, and the request is answered
//! as what it is: behind a tunnel of HTTP/2 the gateway's rules would not hold.
//!
//! There is a tunnel only when the other side has answered 101 *and* the key: a status alone can be made by
//! whoever talks a service into repeating one, and a gateway that believes it lets the rest of the
//! connection pass unread. Until then, and after any other answer, the connection speaks HTTP.
//!
//! How long a tunnel may be silent, and that it ends with the process, is the business of the server that
//! owns the client's socket; see [`kit_http::server::ServerSettings`].

use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use kit_http::ApiError;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use crate::body::Announced;

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
/// RFC 6455, section 1.3: what a server proves its knowledge of the protocol with.
const WEBSOCKET_ID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// How long the one direction of a tunnel may go on when the other has ended.
const LINGER: Duration = Duration::from_secs(5);

/// A client's request to speak WebSocket.
#[derive(Debug)]
pub(crate) struct Handshake {
    /// The connection, once it has been turned over.
    pub(crate) client: OnUpgrade,
    pub(crate) expected: ExpectedAnswer,
}

/// By what it shows that the other side agreed.
#[derive(Debug)]
pub(crate) struct ExpectedAnswer(String);

impl Handshake {
    /// Takes the handshake out of a request, before its headers are cleaned. Whatever else the request wants the
    /// connection to become is out of reach from here on.
    pub(crate) fn take(parts: &mut Parts, body: Announced) -> Result<Option<Self>, ApiError> {
        if !parts.headers.contains_key(UPGRADE) {
            return Ok(None);
        }
        let client = parts.extensions.remove::<OnUpgrade>();
        let (Some(client), true) = (client, is_handshake(parts)) else {
            return Ok(None);
        };
        if !body.has_ended || parts.headers.contains_key(TRANSFER_ENCODING) {
            return Err(refuse("a WebSocket handshake has no body"));
        }
        let key = sole(&parts.headers, &SEC_WEBSOCKET_KEY)
            .ok_or_else(|| refuse("a WebSocket handshake has one `Sec-WebSocket-Key`"))?;
        let expected = ExpectedAnswer(answer_to(key.as_bytes()));
        Ok(Some(Self { client, expected }))
    }
}

impl ExpectedAnswer {
    /// Whether the head of an answer 101 is one to this handshake.
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        let says = |name: &HeaderName| sole(headers, name).map(HeaderValue::as_bytes);
        says(&UPGRADE).is_some_and(|value| value.eq_ignore_ascii_case(WEBSOCKET.as_bytes()))
            && says(&SEC_WEBSOCKET_ACCEPT) == Some(self.0.as_bytes())
    }
}

/// Writes what is said anew on each connection, and was removed from the message with everything else that
/// is about one.
pub(crate) fn announce(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, WEBSOCKET);
}

/// Lets bytes pass both ways until both have ended, or one some time ago.
pub(crate) async fn join(client: OnUpgrade, upstream: OnUpgrade) {
    let (client, upstream) = match tokio::try_join!(client, upstream) {
        Ok(both) => both,
        Err(error) => return tracing::debug!(%error, "a tunnel did not come about"),
    };
    let (from_client, to_client) = tokio::io::split(TokioIo::new(client));
    let (from_upstream, to_upstream) = tokio::io::split(TokioIo::new(upstream));
    let (up, down) = (pass(from_client, to_upstream), pass(from_upstream, to_client));
    tokio::pin!(up, down);
    // Whichever is left is cut off when it takes too long, which is no less of an end.
    let _ = tokio::select! {
        () = &mut up => tokio::time::timeout(LINGER, down).await,
        () = &mut down => tokio::time::timeout(LINGER, up).await,
    };
}

/// One direction, and word of its end. How it ended, nobody here can mend.
async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let _ = tokio::io::copy(&mut from, &mut to).await;
    let _ = to.shutdown().await;
}

fn is_handshake(parts: &Parts) -> bool {
    let requested = sole(&parts.headers, &UPGRADE);
    let connection = parts.headers.get_all(CONNECTION).iter();
    parts.method == Method::GET
        && parts.version == Version::HTTP_11
        && requested.is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(WEBSOCKET.as_bytes()))
        && connection
            .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
            .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
}

fn sole<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

fn answer_to(key: &[u8]) -> String {
    let mut hash = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    hash.update(key);
    hash.update(WEBSOCKET_ID);
    STANDARD.encode(hash.finish())
}

fn refuse(message: &'static str) -> ApiError {
    ApiError::bad_request("invalid_upgrade", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From RFC 6455, section 1.3.
    const KEY: &[u8] = b"dGhlIHNhbXBsZSBub25jZQ==";
    const ANSWER: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    fn head(lines: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::builder().uri("/");
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn the_answer_to_a_key_is_the_standards() {
        assert_eq!(answer_to(KEY), ANSWER);
    }

    #[test]
    fn an_answer_is_believed_if_it_names_protocol_and_key() {
        let expected = ExpectedAnswer(ANSWER.to_owned());
        let answers = |lines: &[(&str, &str)]| expected.is_in(&head(lines).headers);
        assert!(answers(&[
            ("upgrade", "WebSocket"),
            ("sec-websocket-accept", ANSWER)
        ]));
        assert!(!answers(&[("upgrade", "websocket")]));
        assert!(!answers(&[("sec-websocket-accept", ANSWER)]));
        assert!(!answers(&[("upgrade", "h2c"), ("sec-websocket-accept", ANSWER)]));
        assert!(!answers(&[
            ("upgrade", "websocket"),
            ("sec-websocket-accept", "x")
        ]));
        assert!(!answers(&[
            ("upgrade", "websocket"),
            ("sec-websocket-accept", ANSWER),
            ("sec-websocket-accept", "x"),
        ]));
    }

    #[test]
    fn only_websocket_alone_is_a_handshake() {
        assert!(is_handshake(&head(&[
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket")
        ])));
        assert!(is_handshake(&head(&[
            ("connection", "keep-alive"),
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
        ])));
        for lines in [
            [("connection", "upgrade"), ("upgrade", "h2c")],
            [("connection", "upgrade"), ("upgrade", "websocket, h2c")],
            [("connection", "upgrade"), ("upgrade", "websocket/13")],
            [("connection", "keep-alive"), ("upgrade", "websocket")],
            [("connection", "upgraded"), ("upgrade", "websocket")],
        ] {
            assert!(!is_handshake(&head(&lines)), "{lines:?}");
        }
        let mut post = head(&[("connection", "upgrade"), ("upgrade", "websocket")]);
        post.method = Method::POST;
        assert!(!is_handshake(&post));
        let mut old = head(&[("connection", "upgrade"), ("upgrade", "websocket")]);
        old.version = Version::HTTP_10;
        assert!(!is_handshake(&old));
    }
}
