//! Which services there are, as data. A new service is a line in each of these tables and a block in
//! `compose`.

use std::fmt;
use std::str::FromStr;

use kit_db::Migrations;
use kit_event::{EventDoc, Topic};
use kit_http::RouteTable;

/// A service that this binary can host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Service {
    Gateway,
    Auth,
    Users,
    Payments,
    Analytics,
}

impl Service {
    /// All of them, in dependency order.
    pub(crate) const ALL: [Self; 5] = [
        Self::Auth,
        Self::Users,
        Self::Payments,
        Self::Analytics,
        Self::Gateway,
    ];

    /// Its name in commands and configuration.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Auth => "auth",
            Self::Users => "users",
            Self::Payments => "payments",
            Self::Analytics => "analytics",
        }
    }

    /// Its name in messages to clients (`Auth service unavailable`).
    pub(crate) const fn display(self) -> &'static str {
        match self {
            Self::Gateway => "Gateway",
            Self::Auth => "Auth",
            Self::Users => "User",
            Self::Payments => "Payment",
            Self::Analytics => "Analytics",
        }
    }

    /// What it is for, in a few words.
    pub(crate) const fn purpose(self) -> &'static str {
        match self {
            Self::Gateway => "the one entry point",
            Self::Auth => "accounts, sign-in and access tokens",
            Self::Users => "profiles of users",
            Self::Payments => "transactions and the ledger",
            Self::Analytics => "statistics of transactions and of visitors",
        }
    }

    /// What it serves; nothing for the gateway, which serves what the others do.
    pub(crate) fn routes(self) -> Option<RouteTable> {
        match self {
            Self::Gateway => None,
            Self::Auth => Some(auth_api::routes()),
            Self::Users => Some(users_api::routes()),
            Self::Payments => Some(payments_api::routes()),
            Self::Analytics => Some(analytics_api::routes()),
        }
    }

    /// The topics it publishes.
    pub(crate) const fn topics(self) -> &'static [&'static Topic] {
        match self {
            Self::Gateway | Self::Analytics => &[],
            Self::Auth => auth_api::TOPICS,
            Self::Users => users_api::TOPICS,
            Self::Payments => payments_api::TOPICS,
        }
    }

    /// The events it publishes.
    pub(crate) fn events(self) -> Vec<EventDoc> {
        match self {
            Self::Gateway | Self::Analytics => Vec::new(),
            Self::Auth => auth_api::events(),
            Self::Users => users_api::events(),
            Self::Payments => payments_api::events(),
        }
    }

    /// The migrations of its database, where it has one.
    pub(crate) fn migrations(self) -> Option<Migrations> {
        match self {
            Self::Gateway => None,
            Self::Auth => Some(auth::migrations()),
            Self::Users => Some(users::migrations()),
            Self::Payments => Some(payments::migrations()),
            Self::Analytics => Some(analytics::migrations()),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Service {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL
            .into_iter()
            .find(|service| service.name() == text.trim());
        found.ok_or_else(|| format!("there is no service `{text}`; there are {}", known()))
    }
}
