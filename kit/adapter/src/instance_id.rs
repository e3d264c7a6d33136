//! Names that the other side chooses.

/// The longest name of an instance or a binding, in characters.
const LONGEST: usize = 100;

/// Whether a name may be used: the unreserved characters of RFC 3986, so that it is the same in a path and out of it, and
/// leads to no other folder.
pub(crate) fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(is_allowed) && !matches!(text, "." | "..")
}
