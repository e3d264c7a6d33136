//! Where a request came from.

use std::net::IpAddr;

use http::HeaderValue;
use http::header::USER_AGENT;
use http::request::Parts;
use kit_http::server::{ClientAddress, ClientNetwork, PeerAddress};

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

    /// What counts as one client with it; none where the address is unknown.
    pub fn network(&self) -> Option<ClientNetwork> {
        self.ip.parse().ok().map(ClientNetwork::of)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_one_client_and_a_mapped_address_is_what_it_maps() {
        for (ip, network) in [
            ("192.0.2.7", Some("192.0.2.7")),
            ("::ffff:192.0.2.7", Some("192.0.2.7")),
            ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1:2::/64")),
            ("", None),
        ] {
            let origin = Origin {
                ip: ip.to_owned(),
                ..Origin::default()
            };
            let known = origin.network().map(|network| network.to_string());
            assert_eq!(known.as_deref(), network, "{ip}");
        }
    }
}
