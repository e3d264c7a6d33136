//! `postgres://user:password@host:port/database`, as far as the `url` file uses it: no escapes, no options.

use std::fmt;
use std::str::FromStr;

use anyhow::Context as _;

/// The account tests use.
pub(super) const USER: &str = "stoa";

/// The address of a server.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) user: String,
    pub(super) password: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) database: String,
}

impl Url {
    /// Our own server on this port.
    pub(super) fn new(port: u16, password: String) -> Self {
        Self {
            user: USER.to_owned(),
            password,
            host: "127.0.0.1".to_owned(),
            port,
            database: "postgres".to_owned(),
        }
    }
}

/// With the password: this is what the `url` file holds.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            user,
            password,
            host,
            port,
            database,
        } = self;
        write!(f, "postgres://{user}:{password}@{host}:{port}/{database}")
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "postgres://{}@{}:{}/{}",
            self.user, self.host, self.port, self.database
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
            let (address, database) = rest.split_once('/')?;
            let (host, port) = address.split_once(':')?;
            ["postgres", "postgresql"].contains(&scheme).then_some(())?;
            Some(Self {
                user: user.to_owned(),
                password: password.to_owned(),
                host: host.to_owned(),
                port: port.parse().ok()?,
                database: database.to_owned(),
            })
        })()
        .context("not `postgres://user:password@host:port/database`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let url = Url::new(15432, "secret".to_owned());
        assert_eq!(url.to_string(), "postgres://stoa:secret@127.0.0.1:15432/postgres");
        assert_eq!(url.to_string().parse::<Url>().unwrap(), url);
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for text in [
            "",
            "postgres://",
            "mysql://a:b@c:1/d",
            "postgres://a:b@c:port/d",
            "postgres://a@c:1/d",
        ] {
            assert!(text.parse::<Url>().is_err(), "{text}");
        }
    }

    #[test]
    fn debug_output_hides_the_password() {
        assert!(!format!("{:?}", Url::new(15432, "secret".to_owned())).contains("secret"));
    }
}
