//! `scheme://user:password@host:port/path`, as far as the published files use it: no escapes, no options.

use std::fmt;
use std::str::FromStr;

use anyhow::Context as _;

/// The account tests use, wherever a server has accounts.
pub(super) const USER: &str = "stoa";

/// The address of a server.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) scheme: String,
    /// Empty where the server knows a password only.
    pub(super) user: String,
    pub(super) password: String,
    pub(super) host: String,
    pub(super) port: u16,
    /// What follows the address, without its `/`: a database, say. Often empty.
    pub(super) path: String,
}

/// With the password: this is what the published file holds.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scheme,
            user,
            password,
            host,
            port,
            path,
        } = self;
        write!(f, "{scheme}://{user}:{password}@{host}:{port}")?;
        if !path.is_empty() {
            write!(f, "/{path}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}://{}@{}:{}/{}",
            self.scheme, self.user, self.host, self.port, self.path
        )
    }
}

impl FromStr for Url {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        (|| {
            let (scheme, rest) = text.split_once("://")?;
            let (account, rest) = rest.split_once('@')?;
            let (user, password) = account.split_once(':')?;
            let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
            let (host, port) = address.split_once(':')?;
            Some(Self {
                scheme: scheme.to_owned(),
                user: user.to_owned(),
                password: password.to_owned(),
                host: host.to_owned(),
                port: port.parse().ok()?,
                path: path.to_owned(),
            })
        })()
        .context("not `scheme://user:password@host:port/path`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        for text in [
            "postgres://stoa:secret@127.0.0.1:15432/postgres",
            "redis://:secret@127.0.0.1:16379/0",
            "amqp://stoa:secret@127.0.0.1:15673/%2F",
            "kafka://stoa:secret@127.0.0.1:19092",
        ] {
            assert_eq!(text.parse::<Url>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for text in [
            "",
            "postgres://",
            "postgres://a:b@c:port/d",
            "postgres://a@c:1/d",
            "postgres://a:b@c/d",
        ] {
            assert!(text.parse::<Url>().is_err(), "{text}");
        }
    }

    #[test]
    fn debug_output_hides_the_password() {
        let url: Url = "kafka://stoa:secret@127.0.0.1:19092".parse().unwrap();
        assert!(!format!("{url:?}").contains("secret"));
    }
}
