//! Which addresses a pool connects to.
//!
//! Where somebody else chooses the address (a webhook, a callback), it must not lead to what only we can reach: this
//! machine, the operator's network, the metadata of a cloud. A name is therefore resolved here, all of its addresses
//! are looked at, and the connection is made to one of *those*: there is no second resolution that could answer
//! otherwise (DNS rebinding). `Host` and the name in the certificate stay those of the name.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use thiserror::Error;

/// Which addresses a pool connects to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Any: whoever configured them knows.
    #[default]
    Anywhere,
    /// Those of the public internet. A name that has any other address as well is refused as a whole.
    Public,
}

/// A name leads, or may lead, to where only we can go.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub struct NotPublic {
    host: String,
    address: IpAddr,
}

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, address } = self;
        if host.parse() == Ok(*address) {
            write!(f, "`{host}` is not a public address")
        } else {
            write!(f, "`{host}` has the address {address}, which is not public")
        }
    }
}

impl Reach {
    /// The addresses of a host, each of which may be connected to; [`NotPublic`] in an error of kind
    /// `PermissionDenied` where one may not.
    pub async fn resolve(self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let addresses: Vec<_> = tokio::net::lookup_host((host, port)).await?.collect();
        if self == Self::Public {
            refuse_private(host, &addresses)?;
        }
        Ok(addresses)
    }
}

fn refuse_private(host: &str, addresses: &[SocketAddr]) -> io::Result<()> {
    let private = addresses.iter().find(|address| !is_public(address.ip()));
    private.map_or(Ok(()), |address| {
        let refusal = NotPublic {
            host: host.to_owned(),
            address: address.ip(),
        };
        Err(io::Error::new(io::ErrorKind::PermissionDenied, refusal))
    })
}

/// Whether an address is one of the public internet, by IANA's registries of special-purpose addresses.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Networks that are not public: the first address, and how many bits of it count.
const SPECIAL_V4: [(Ipv4Addr, u32); 16] = [
    // "This network", which systems take for themselves.
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Carrier-grade NAT; a cloud keeps its metadata at 100.100.100.200.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local; most clouds keep their metadata at 169.254.169.254.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    // Protocols; a cloud keeps its metadata at 192.0.0.192.
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // A cloud's own services, at an address that is public elsewhere.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_in = |(network, bits): &(Ipv4Addr, u32)| {
        let mask = u32::MAX << (32 - bits);
        address.to_bits() & mask == network.to_bits()
    };
    !SPECIAL_V4.iter().any(is_in)
}

/// Networks in the part of IPv6 that is given out (`2000::/3`) and not public.
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    // Protocols: Teredo, which holds an IPv4 address, benchmarks, ORCHID.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4, which holds an IPv4 address.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn is_public_v6(address: Ipv6Addr) -> bool {
    let is_in = |network: Ipv6Addr, bits: u32| {
        let mask = u128::MAX << (128 - bits);
        address.to_bits() & mask == network.to_bits()
    };
    // Networks that have IPv6 alone reach IPv4 by this prefix (RFC 6052), and a connection to a mapped address is
    // one to the IPv4 address in it.
    let translated = is_in(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    if translated {
        let [.., a, b, c, d] = address.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    is_in(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)
        && !SPECIAL_V6.iter().any(|(network, bits)| is_in(*network, *bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(address: &str) -> bool {
        is_public(address.parse().unwrap())
    }

    #[test]
    fn what_only_we_can_reach_is_not_public() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::808:808",
            "100::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn what_everybody_can_reach_is_public() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "168.63.129.17",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
            "2a00:1450:4001:80f::200e",
        ] {
            assert!(public(address), "{address}");
        }
    }

    #[test]
    fn one_private_address_of_a_name_is_one_too_many() {
        let addresses = |texts: &[&str]| {
            let parse = |text: &&str| SocketAddr::new(text.parse().unwrap(), 443);
            texts.iter().map(parse).collect::<Vec<_>>()
        };
        let checked = |texts: &[&str]| refuse_private("hooks.example.com", &addresses(texts));
        assert!(checked(&["8.8.8.8", "2606:4700::1"]).is_ok());
        let error = checked(&["8.8.8.8", "::ffff:10.0.0.1"]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert_eq!(
            error.to_string(),
            "`hooks.example.com` has the address ::ffff:10.0.0.1, which is not public"
        );
    }

    #[tokio::test]
    async fn a_name_is_looked_up_and_an_address_is_one_already() {
        let resolve = async |reach: Reach, host| reach.resolve(host, 443).await;
        let found = resolve(Reach::Anywhere, "localhost").await.unwrap();
        assert!(
            found
                .iter()
                .all(|address| address.ip().is_loopback() && address.port() == 443)
        );
        // The system's resolver takes more for an address than it looks like.
        for host in [
            "localhost",
            "127.0.0.1",
            "::1",
            "2130706433",
            "0x7f.1",
            "127.1",
            "0",
        ] {
            let error = resolve(Reach::Public, host).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{host}: {error}");
        }
        let refused = resolve(Reach::Public, "127.0.0.1").await.unwrap_err();
        assert_eq!(refused.to_string(), "`127.0.0.1` is not a public address");
        assert!(resolve(Reach::Public, "8.8.8.8").await.is_ok());
    }
}
