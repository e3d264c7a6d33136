//! Where a request came from.

use std::net::IpAddr;

use http::HeaderValue;
use http::header::USER_AGENT;
use http::request::Parts;
use kit_http::server::{ClientAddress, PeerAddress};

/// Longer than any real one; the rest of a `User-Agent` says nothing to a person.
const LONGEST_DEVICE: usize = 200;

/// Where a request came from, as far as it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// What it was sent with: the first 200 characters of its `User-Agent`.
    pub device: String,
    /// The client's IP address; empty where there is none, as on the command line.
    pub ip: String,
}

impl Origin {
    /// Of something that no client asked for, such as the command line.
    pub fn internal(device: &str) -> Self {
        Self {
            device: device.to_owned(),
            ip: String::new(),
        }
    }
}

/// An origin before anybody asks for it, which few use cases do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sender {
    user_agent: Option<HeaderValue>,
    ip: Option<IpAddr>,
}

impl Sender {
    pub(crate) fn of(parts: &Parts) -> Self {
        // The gateway tells whose request it hands on; on the service's own port the peer is the client.
        let client = parts.extensions.get::<ClientAddress>().map(|client| client.0);
        let peer = || parts.extensions.get::<PeerAddress>().map(|peer| peer.0.ip());
        Self {
            user_agent: parts.headers.get(USER_AGENT).cloned(),
            ip: client.or_else(peer),
        }
    }

    pub(crate) fn origin(&self) -> Origin {
        let device = self.user_agent.as_ref().and_then(|value| value.to_str().ok());
        Origin {
            device: device.unwrap_or_default().chars().take(LONGEST_DEVICE).collect(),
            ip: self.ip.map(|ip| ip.to_string()).unwrap_or_default(),
        }
    }
}
