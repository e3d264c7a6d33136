//! Choosing a port.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::Context as _;

/// How many ports above the wanted one are tried: enough for a few checkouts on one machine.
const TRIED: u16 = 20;

/// The wanted port of the loopback address, or the nearest free one above it.
///
/// Another program can take it between this answer and its use; the server then fails to start and says so.
pub(super) fn free_from(wanted: u16) -> anyhow::Result<u16> {
    (wanted..wanted + TRIED)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .with_context(|| format!("no free port from {wanted} to {}", wanted + TRIED - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_somebody_holds_is_passed_over() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = held.local_addr().unwrap().port();
        let found = free_from(port).unwrap();
        assert!(found > port && found < port + TRIED, "{found} for {port}");
    }
}
