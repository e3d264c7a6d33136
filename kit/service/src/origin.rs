//! Where a request came from.

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

    pub(crate) fn of(parts: &Parts) -> Self {
        let device = parts
            .headers
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        // The gateway tells whose request it hands on; on the service's own port the peer is the client.
        let client = parts.extensions.get::<ClientAddress>().map(|client| client.0);
        let peer = || parts.extensions.get::<PeerAddress>().map(|peer| peer.0.ip());
        let ip = client.or_else(peer).map(|ip| ip.to_string()).unwrap_or_default();
        Self {
            device: device.chars().take(LONGEST_DEVICE).collect(),
            ip,
        }
    }
}
