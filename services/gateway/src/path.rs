//! The one normalised path: what is matched, authorised and forwarded.
//!
//! A gateway that matches one reading of a path and forwards another can be talked into letting a request
//! through under the wrong rule. So a path is read once, here, and whatever two readers could understand
//! differently is refused instead of repaired: an encoded slash, a backslash, a control character, a dot
//! segment in any spelling, an empty segment that is not the last, bytes that are not UTF-8.
//!
//! Invariants, held by property tests:
//! - normalising the normalised form changes nothing;
//! - [`NormalPath::decoded`] has as many segments as [`NormalPath::forwarded`], and none is `.`, `..` or
//!   empty, save the last.
//!
//! What stays open on purpose: percent encoded *reserved* characters are not turned into literal ones
//! (RFC 3986, section 2.2 calls the two different), and a percent sign that was itself encoded stays so,
//! because a second decoding would be somebody else's reading. The query is not looked at.

use std::borrow::Cow;

use thiserror::Error;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Why a path is refused; the gateway answers 400.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PathError {
    /// `*`, an authority, or nothing at all.
    #[error("the path does not begin with a slash")]
    NotAbsolute,
    /// `%` without two hexadecimal digits.
    #[error("the path holds an invalid percent encoding")]
    BadPercent,
    /// The decoded bytes are no UTF-8.
    #[error("the path is not valid UTF-8")]
    NotUtf8,
    /// A slash that is part of a segment.
    #[error("the path holds an encoded slash")]
    EncodedSlash,
    /// A backslash, which some systems take for a slash.
    #[error("the path holds a backslash")]
    Backslash,
    /// NUL or another control character.
    #[error("the path holds a control character")]
    Control,
    /// `.` or `..`, whatever its spelling.
    #[error("the path holds a dot segment")]
    DotSegment,
    /// `//`.
    #[error("the path holds an empty segment")]
    EmptySegment,
}

/// A path that has exactly one reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NormalPath<'a> {
    forwarded: Cow<'a, str>,
    decoded: Cow<'a, str>,
}

impl<'a> NormalPath<'a> {
    /// Reads the path of a request, without its query.
    pub(crate) fn parse(raw: &'a str) -> Result<Self, PathError> {
        if !raw.starts_with('/') {
            return Err(PathError::NotAbsolute);
        }
        if raw.bytes().all(is_plain) {
            check_segments(raw)?;
            return Ok(Self {
                forwarded: Cow::Borrowed(raw),
                decoded: Cow::Borrowed(raw),
            });
        }
        Self::parse_encoded(raw.as_bytes())
    }

    /// The slow way: something in the path has to be decoded or encoded.
    fn parse_encoded(raw: &[u8]) -> Result<Self, PathError> {
        let mut forwarded = String::with_capacity(raw.len() + 8);
        let mut decoded = Vec::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((&byte, tail)) = rest.split_first() {
            if byte == b'%' {
                let (value, tail) = percent(tail)?;
                check_byte(value)?;
                if value == b'/' {
                    return Err(PathError::EncodedSlash);
                }
                push(&mut forwarded, value, is_unreserved(value));
                decoded.push(value);
                rest = tail;
            } else {
                check_byte(byte)?;
                push(&mut forwarded, byte, is_plain(byte));
                decoded.push(byte);
                rest = tail;
            }
        }
        let decoded = String::from_utf8(decoded).map_err(|_| PathError::NotUtf8)?;
        if decoded.chars().any(char::is_control) {
            return Err(PathError::Control);
        }
        check_segments(&decoded)?;
        Ok(Self {
            forwarded: Cow::Owned(forwarded),
            decoded: Cow::Owned(decoded),
        })
    }

    /// As it goes out: percent encoded, in the one spelling.
    pub(crate) fn forwarded(&self) -> &str {
        &self.forwarded
    }

    /// As it is matched: decoded; a slash only ever separates segments.
    pub(crate) fn decoded(&self) -> &str {
        &self.decoded
    }
}

/// The value of two hexadecimal digits, and what follows them.
fn percent(tail: &[u8]) -> Result<(u8, &[u8]), PathError> {
    let (digits, rest) = tail.split_at_checked(2).ok_or(PathError::BadPercent)?;
    let high = hex(digits[0]).ok_or(PathError::BadPercent)?;
    let low = hex(digits[1]).ok_or(PathError::BadPercent)?;
    Ok((high << 4 | low, rest))
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn push(text: &mut String, byte: u8, literal: bool) {
    if literal {
        text.push(char::from(byte));
    } else {
        text.push('%');
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
}

const fn check_byte(byte: u8) -> Result<(), PathError> {
    match byte {
        b'\\' => Err(PathError::Backslash),
        0..=0x1F | 0x7F => Err(PathError::Control),
        _ => Ok(()),
    }
}

/// Looks at the decoded path. `..;x` counts as a dot segment, because some servers drop what follows the
/// semicolon before they look.
fn check_segments(decoded: &str) -> Result<(), PathError> {
    let mut segments = decoded.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() && segments.peek().is_some() {
            return Err(PathError::EmptySegment);
        }
        let name = segment.split_once(';').map_or(segment, |(name, _)| name);
        if name == "." || name == ".." {
            return Err(PathError::DotSegment);
        }
    }
    Ok(())
}

const fn is_unreserved(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~')
}

/// A byte that may stand in a path as it is (`pchar` of RFC 3986, and the slash).
const fn is_plain(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(
            byte,
            b'/' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn forwarded(raw: &str) -> String {
        NormalPath::parse(raw).unwrap().forwarded().to_owned()
    }

    fn refusal(raw: &str) -> PathError {
        NormalPath::parse(raw).unwrap_err()
    }

    #[test]
    fn a_plain_path_is_borrowed_as_it_is() {
        let path = NormalPath::parse("/api/users/7/").unwrap();
        assert!(matches!(path.forwarded, Cow::Borrowed("/api/users/7/")));
        assert_eq!(path.decoded(), path.forwarded());
    }

    #[test]
    fn needless_encodings_are_undone_and_needed_ones_have_one_spelling() {
        assert_eq!(forwarded("/%61pi/%7euser/caf%c3%a9"), "/api/~user/caf%C3%A9");
        assert_eq!(NormalPath::parse("/caf%c3%A9").unwrap().decoded(), "/café");
        assert_eq!(forwarded("/a\"{b}|c^`"), "/a%22%7Bb%7D%7Cc%5E%60");
        assert_eq!(forwarded("/é"), "/%C3%A9");
    }

    #[test]
    fn an_encoded_reserved_character_stays_encoded() {
        assert_eq!(forwarded("/a%2bb+c%3A:"), "/a%2Bb+c%3A:");
        assert_eq!(NormalPath::parse("/a%2bb").unwrap().decoded(), "/a+b");
    }

    #[test]
    fn a_double_encoding_is_decoded_once() {
        assert_eq!(forwarded("/%252e%252e/%252Fetc"), "/%252e%252e/%252Fetc");
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for (raw, why) in [
            ("*", PathError::NotAbsolute),
            ("", PathError::NotAbsolute),
            ("/a%2fb", PathError::EncodedSlash),
            ("/a%2Fb", PathError::EncodedSlash),
            ("/a\\b", PathError::Backslash),
            ("/a%5cb", PathError::Backslash),
            ("/a%00", PathError::Control),
            ("/a%0d%0ab", PathError::Control),
            ("/a%7f", PathError::Control),
            ("/a%c2%85", PathError::Control),
            ("/a/../b", PathError::DotSegment),
            ("/a/..", PathError::DotSegment),
            ("/./a", PathError::DotSegment),
            ("/a/%2e%2E/b", PathError::DotSegment),
            ("/a/.%2e", PathError::DotSegment),
            ("/a/..;x=1/b", PathError::DotSegment),
            ("/a/%2e%2e%3bx/b", PathError::DotSegment),
            ("//a", PathError::EmptySegment),
            ("/a//b", PathError::EmptySegment),
            ("/a//", PathError::EmptySegment),
            ("/a%", PathError::BadPercent),
            ("/a%4", PathError::BadPercent),
            ("/a%zz", PathError::BadPercent),
            ("/a%u0041", PathError::BadPercent),
            ("/a%ff", PathError::NotUtf8),
            ("/a%c0%af", PathError::NotUtf8),
            ("/a%c0%ae%c0%ae", PathError::NotUtf8),
        ] {
            assert_eq!(refusal(raw), why, "{raw}");
        }
    }

    #[test]
    fn dots_inside_a_name_are_fine() {
        for raw in ["/.well-known/jwks.json", "/a/...", "/a/..b", "/a/b..", "/a.b"] {
            assert_eq!(forwarded(raw), raw);
        }
    }

    /// Paths that are likely to be interesting, not only random text.
    fn paths() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("/".to_owned()),
            Just("..".to_owned()),
            Just(".".to_owned()),
            Just(";".to_owned()),
            Just("%".to_owned()),
            "[a-z]{1,3}",
            "%[0-9a-fA-F]{2}",
            "%25[0-9a-f]{2}",
            ".",
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(raw in paths()) {
            if let Ok(once) = NormalPath::parse(&raw) {
                let twice = NormalPath::parse(once.forwarded());
                prop_assert_eq!(twice.as_ref().map(NormalPath::forwarded), Ok(once.forwarded()));
                prop_assert_eq!(twice.as_ref().map(NormalPath::decoded), Ok(once.decoded()));
            }
        }

        #[test]
        fn what_is_matched_is_what_is_forwarded(raw in paths()) {
            if let Ok(path) = NormalPath::parse(&raw) {
                let matched: Vec<&str> = path.decoded().split('/').collect();
                let sent: Vec<String> = path
                    .forwarded()
                    .split('/')
                    .map(|part| percent_encoding::percent_decode_str(part).decode_utf8().unwrap().into_owned())
                    .collect();
                prop_assert_eq!(&matched, &sent);
                let inner = &matched[1..matched.len() - 1];
                prop_assert!(inner.iter().all(|part| !part.is_empty()));
                prop_assert!(matched.iter().all(|part| *part != "." && *part != ".."));
                prop_assert!(path.forwarded().bytes().all(|byte| byte == b'%' || is_plain(byte)));
            }
        }
    }
}
