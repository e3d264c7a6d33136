//! Free ports.
//!
//! They lie below the range from which systems take the near ends of outgoing connections: a process that is
//! down for a while finds its port free when it comes back, and a client that knocks meanwhile cannot be
//! connected to itself.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

const FIRST: u16 = 18_000;
const COUNT: u16 = 14_000;

static TAKEN: AtomicU16 = AtomicU16::new(0);

/// An address that nobody listens on, and that no other test of this run is given.
///
/// # Panics
/// When all are in use.
pub fn free_address() -> SocketAddr {
    // Runs beside this one begin elsewhere, and far away though their numbers are close.
    let spread = std::process::id().wrapping_mul(2_654_435_761);
    let start = u16::try_from(spread % u32::from(COUNT)).unwrap_or(0);
    for _ in 0..COUNT {
        let next = TAKEN.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (start + next % COUNT) % COUNT;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
    panic!("no port is free");
}
