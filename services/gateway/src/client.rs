//! Where a request began, as far as it can be known.

use std::net::IpAddr;

use http::HeaderMap;

use crate::headers::FORWARDED_FOR;
use crate::network::Network;

/// The other end of the connection, and whom it speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The address of the peer of the connection.
    pub(crate) peer: IpAddr,
    /// Whether it is one of `gateway.trusted_proxies`.
    pub(crate) is_proxy: bool,
    /// The address of the client, as far as trusted proxies name it.
    pub(crate) client: IpAddr,
}

impl Origin {
    /// Follows the chain of proxies back from the peer, for as long as each is one whose word is taken. What
    /// stands before the first that is not, its sender may have made up; so does a proxy that names something
    /// other than an address end the chain, at itself.
    pub(crate) fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let is_trusted = |address: IpAddr| trusted.iter().any(|block| block.contains(address));
        let peer = peer.to_canonical();
        let is_proxy = is_trusted(peer);
        let mut client = peer;
        if is_proxy {
            let values = headers.get_all(FORWARDED_FOR).iter().rev();
            let hops = values.flat_map(|value| value.as_bytes().rsplit(|&byte| byte == b','));
            for hop in hops {
                let Some(address) = address_of(hop) else { break };
                client = address;
                if !is_trusted(address) {
                    break;
                }
            }
        }
        Self {
            peer,
            is_proxy,
            client,
        }
    }
}

/// An address, with or without a port: proxies write both.
fn address_of(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop.trim_ascii()).ok()?;
    if let Ok(address) = hop.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let host = match hop.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?.0,
        None => hop.rsplit_once(':')?.0,
    };
    host.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const PROXY: &str = "10.0.0.1";

    fn origin(peer: &str, chain: &[&str]) -> Origin {
        let mut headers = HeaderMap::new();
        for value in chain {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(value).unwrap());
        }
        let trusted: Vec<Network> = ["10.0.0.0/8", "fd00::/8"]
            .into_iter()
            .map(|block| block.parse().unwrap())
            .collect();
        Origin::of(peer.parse().unwrap(), &headers, &trusted)
    }

    fn client(peer: &str, chain: &[&str]) -> String {
        origin(peer, chain).client.to_string()
    }

    #[test]
    fn who_is_no_listed_proxy_speaks_for_itself() {
        assert_eq!(client("192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
        assert_eq!(client("::ffff:192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
        assert!(!origin("192.0.2.7", &[]).is_proxy);
    }

    #[test]
    fn a_listed_proxy_speaks_for_the_last_it_was_asked_by() {
        assert_eq!(client(PROXY, &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert!(origin(PROXY, &[]).is_proxy);
        assert_eq!(client(PROXY, &[]), PROXY);
    }

    #[test]
    fn what_a_client_wrote_before_its_own_address_counts_for_nothing() {
        assert_eq!(client(PROXY, &["203.0.113.9, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(client(PROXY, &["10.0.0.9", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            client(PROXY, &["x", "203.0.113.9,198.51.100.1, 10.0.0.2"]),
            "198.51.100.1"
        );
    }

    #[test]
    fn a_chain_of_listed_proxies_begins_with_its_first() {
        assert_eq!(client(PROXY, &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
    }

    #[test]
    fn a_hop_that_is_no_address_ends_the_chain() {
        assert_eq!(client(PROXY, &["198.51.100.1, unknown"]), PROXY);
        assert_eq!(client(PROXY, &["198.51.100.1, _hidden, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client(PROXY, &["198.51.100.1,"]), PROXY);
    }

    #[test]
    fn ports_are_no_part_of_an_address() {
        assert_eq!(client(PROXY, &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client(PROXY, &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(client(PROXY, &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(client(PROXY, &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(client(PROXY, &["198.51.100.1, [fd00::2]:1"]), "198.51.100.1");
    }
}
