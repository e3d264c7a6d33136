//! Who is counted.

use std::fmt;

use kit_http::server::ClientNetwork;
use kit_token::UserId;

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    Address(ClientNetwork),
    User(UserId),
    Route(ClientNetwork, RouteName),
}

/// What a strict route is counted by, whatever its address: a hash of its name, which is the same in every
/// gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RouteName(u64);

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
            Self::Address(network) => write!(f, "address:{network}"),
            Self::User(user) => write!(f, "user:{user}"),
            Self::Route(network, RouteName(name)) => write!(f, "route:{name:016x}:{network}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use kit_values::Uuid;

    use super::*;

    fn network(address: &str) -> ClientNetwork {
        ClientNetwork::of(address.parse().unwrap())
    }

    #[test]
    fn every_gateway_calls_a_caller_the_same() {
        let route = RouteName::of("auth", "login");
        let user = UserId::from(Uuid::nil());
        for (caller, name) in [
            (Caller::Address(network("192.0.2.7")), "address:192.0.2.7"),
            (
                Caller::Address(network("2001:db8:1:2::9")),
                "address:2001:db8:1:2::/64",
            ),
            (Caller::User(user), "user:00000000-0000-0000-0000-000000000000"),
            (
                Caller::Route(network("192.0.2.7"), route),
                "route:b9ee43510fa6107a:192.0.2.7",
            ),
        ] {
            assert_eq!(caller.to_string(), name);
        }
        assert_ne!(route, RouteName::of("auth", "register"));
        assert_ne!(RouteName::of("a", "b c"), RouteName::of("a b", "d"));
    }
}
