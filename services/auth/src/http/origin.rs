//! Where a request came from.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::USER_AGENT;
use http::request::Parts;
use kit_http::server::{ClientAddress, PeerAddress};

use crate::service::Origin;

/// Longer than any real one; the rest of a `User-Agent` says nothing to a person.
const LONGEST_DEVICE: usize = 200;

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let device = parts
            .headers
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        // The gateway tells whose request it hands on; on auth's own port the peer is the client.
        let client = parts.extensions.get::<ClientAddress>().map(|client| client.0);
        let peer = || parts.extensions.get::<PeerAddress>().map(|peer| peer.0.ip());
        let ip = client.or_else(peer).map(|ip| ip.to_string()).unwrap_or_default();
        Ok(Self {
            device: device.chars().take(LONGEST_DEVICE).collect(),
            ip,
        })
    }
}
