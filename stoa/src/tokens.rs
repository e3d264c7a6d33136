//! How this process knows which access tokens are good: auth's keys and revocations, wherever auth runs.

use std::time::Duration;

use auth_api::{AuthClient, KeyWatch, NoAuth, Revocation, TokenConfig};
use kit_runtime::Clock;
use kit_service::Peers;
use kit_token::Verifier;

use crate::node::Node;
use crate::settings::section;

/// The service that signs.
pub(crate) const SIGNER: &str = "auth";

/// A verifier that has no keys yet. Where this process is the only one that signs, no clock differs from its own.
pub(crate) fn verifier(token: &TokenConfig, clock: &Clock, signs_alone: bool) -> anyhow::Result<Verifier> {
    let mut rules = token.rules();
    if signs_alone {
        rules.leeway = Duration::ZERO;
    }
    Ok(Verifier::new(rules, clock.clone())?)
}

/// Lets a process do without auth that has a public key and asks for no revocations.
pub(crate) fn allow_absence(node: &Node, peers: &Peers) -> anyhow::Result<()> {
    let token: TokenConfig = section(&node.config)?;
    let independent = token.public_key_file.is_some() && token.revocation == Revocation::Off;
    if independent && !node.reaches(SIGNER) {
        peers.provide(AuthClient::local(NoAuth));
    }
    Ok(())
}

/// Begins to ask auth for keys and revocations.
pub(crate) fn follow(node: &Node, peers: &Peers) -> anyhow::Result<()> {
    let token: TokenConfig = section(&node.config)?;
    let watch = KeyWatch {
        verifier: node.verifier.clone(),
        gate: node.readiness.gate("token.keys"),
    };
    let ask_now = watch.start(&token, peers.client::<AuthClient>()?, &node.tasks)?;
    auth_api::measure_feed(&node.verifier, &node.metrics);
    // Any bus reads auth's log; a process without one asks twice a second, and that is enough.
    if let (Some(bus), Revocation::Feed) = (node.any_bus(), token.revocation) {
        auth::hint_on_events(&bus, &ask_now)?;
    }
    Ok(())
}
