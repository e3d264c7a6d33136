//! What buckets and objects may be called.

use super::Refusal;

const LONGEST_KEY: usize = 1024;

/// Three to 63 lower-case letters, digits and hyphens, a letter or digit at both ends. S3 allows dots too, which
/// only make names that are taken for host names and addresses.
pub(crate) fn check_bucket_name(name: &str) -> Result<(), Refusal> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let inner = name.bytes().all(|byte| plain(byte) || byte == b'-');
    let ends = name.bytes().next().is_some_and(plain) && name.bytes().next_back().is_some_and(plain);
    if (3..=63).contains(&name.len()) && inner && ends && !name.starts_with("xn--") {
        return Ok(());
    }
    Err(Refusal::InvalidBucketName)
}

/// Any UTF-8 of one to 1024 bytes but NUL, which PostgreSQL and XML cannot hold. A key is only ever a value:
/// `../x` and `a//b` are keys like others.
pub(crate) fn check_key(key: &str) -> Result<(), Refusal> {
    if key.len() > LONGEST_KEY {
        return Err(Refusal::KeyTooLong);
    }
    if key.is_empty() || key.contains('\0') {
        return Err(Refusal::InvalidKey);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_a_plain_name() {
        for name in ["abc", "a-b", "9lives", &"a".repeat(63)] {
            assert_eq!(check_bucket_name(name), Ok(()), "{name}");
        }
        for name in [
            "",
            "ab",
            "a.b",
            "-ab",
            "ab-",
            "Abc",
            "a_b",
            "ä-b-c",
            "xn--abc",
            &"a".repeat(64),
        ] {
            assert_eq!(check_bucket_name(name), Err(Refusal::InvalidBucketName), "{name}");
        }
    }

    #[test]
    fn a_key_may_be_nearly_anything() {
        for key in ["../x", "a//b", "/", "🦉", " ", "\n", &"ü".repeat(512)] {
            assert_eq!(check_key(key), Ok(()), "{key:?}");
        }
        assert_eq!(check_key(""), Err(Refusal::InvalidKey));
        assert_eq!(check_key("a\0b"), Err(Refusal::InvalidKey));
        assert_eq!(check_key(&"a".repeat(1025)), Err(Refusal::KeyTooLong));
    }
}
