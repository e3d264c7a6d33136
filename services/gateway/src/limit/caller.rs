//! Who is counted.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use kit_token::UserId;

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    Address(Block),
    User(UserId),
    Route(Block, RouteName),
}

/// The addresses that count as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Block {
    V4(u32),
    /// The upper half: what a subscriber is given at least.
    V6(u64),
}

/// What a strict route is counted by, whatever its address: a hash of its name, which is the same in every
/// gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RouteName(u64);

impl Block {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            // The upper half of 128 bits fits in 64.
            IpAddr::V6(address) => Self::V6(u64::try_from(address.to_bits() >> 64).unwrap_or(0)),
        }
    }
}

impl RouteName {
    /// FNV-1a. Names are chosen by whoever runs the gateway, so nothing is lost by everybody knowing the hash.
    pub(crate) fn of(owner: &str, name: &str) -> Self {
        let bytes = owner.bytes().chain([b' ']).chain(name.bytes());
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }
}

/// As it is called in Redis.
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(block) => write!(f, "address:{block}"),
            Self::User(user) => write!(f, "user:{user}"),
            Self::Route(block, RouteName(name)) => write!(f, "route:{name:016x}:{block}"),
        }
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::V4(address) => write!(f, "{}", std::net::Ipv4Addr::from_bits(address)),
            Self::V6(half) => write!(f, "{}/64", Ipv6Addr::from_bits(u128::from(half) << 64)),
        }
    }
}

#[cfg(test)]
mod tests {
    use kit_values::Uuid;

    use super::*;

    fn block(address: &str) -> Block {
        Block::of(address.parse().unwrap())
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        assert_eq!(
            block("2001:db8:1:2::1"),
            block("2001:db8:1:2:ffff:ffff:ffff:ffff")
        );
        assert_ne!(block("2001:db8:1:2::1"), block("2001:db8:1:3::1"));
        assert_eq!(block("::ffff:192.0.2.7"), block("192.0.2.7"));
        assert_ne!(block("192.0.2.7"), block("192.0.2.8"));
        assert_ne!(block("0.0.0.1"), block("::1"));
    }

    #[test]
    fn every_gateway_calls_a_caller_the_same() {
        let route = RouteName::of("auth", "login");
        let user = UserId::from(Uuid::nil());
        for (caller, name) in [
            (Caller::Address(block("192.0.2.7")), "address:192.0.2.7"),
            (
                Caller::Address(block("2001:db8:1:2::9")),
                "address:2001:db8:1:2::/64",
            ),
            (Caller::User(user), "user:00000000-0000-0000-0000-000000000000"),
            (
                Caller::Route(block("192.0.2.7"), route),
                "route:b9ee43510fa6107a:192.0.2.7",
            ),
        ] {
            assert_eq!(caller.to_string(), name);
        }
        assert_ne!(route, RouteName::of("auth", "register"));
        assert_ne!(RouteName::of("a", "b c"), RouteName::of("a b", "d"));
    }
}
