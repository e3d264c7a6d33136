//! How often somebody may ask: by address, by user, and by address and route where a route is strict.
//!
//! The address is judged before the token, so that guessing tokens is limited; and what is refused costs
//! whoever asks nothing, so that nobody is locked out by trying. An IPv6 client owns a network of 64 bits
//! and counts as one; who owns more of them has as many limits.
//!
//! There are no `RateLimit` headers on answers that pass: they would be written for every request and read
//! by hardly any client. Whoever is refused learns from `Retry-After` when to come back.
//!
//! What it deliberately does not do: count together with other gateways, or know an account that is signed
//! in to. The latter is the auth service's, which knows whether a password was right.

mod gcra;
mod ledger;
mod rate;

use std::net::IpAddr;

use http::StatusCode;
use kit_http::ApiError;
use kit_runtime::Clock;
use kit_telemetry::Metrics;
use kit_token::{Principal, UserId};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

pub(crate) use gcra::Quota;
pub use rate::{Rate, RateError};

use gcra::{Decision, Moment};
use ledger::Ledger;

/// What a route says of how often it may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RouteRate {
    /// As often as all others together.
    Normal,
    /// As often as strict routes may be.
    Strict(RouteNumber),
    /// As often as the configuration says of it.
    Own(RouteNumber, Quota),
}

/// What a strict route is counted by, whatever its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RouteNumber {
    /// The target's.
    pub(crate) target: usize,
    /// Of the routes of the target.
    pub(crate) route: usize,
}

/// The rates of a gateway.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    pub(crate) address: Rate,
    pub(crate) user: Rate,
    pub(crate) strict: Rate,
}

/// Judges how often somebody asks, or lets everything pass.
pub(crate) struct Limiter(Option<Limits>);

struct Limits {
    address: Quota,
    user: Quota,
    strict: Quota,
    ledger: Ledger,
    clock: Clock,
    refused: Refused,
}

/// What one request may still have to pass.
#[derive(Clone, Copy)]
pub(crate) struct Turn<'a>(Option<Asked<'a>>);

#[derive(Clone, Copy)]
struct Asked<'a> {
    limits: &'a Limits,
    block: Block,
    now: Moment,
}

/// The addresses that count as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Block {
    V4(u32),
    /// The upper half: what a subscriber is given at least.
    V6(u64),
}

#[derive(Hash)]
enum Caller {
    Address(Block),
    User(UserId),
    Route(Block, RouteNumber),
}

/// How many were refused, by what they were too many of.
struct Refused {
    address: Counter,
    user: Counter,
    route: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusedLabels {
    limit: &'static str,
}

impl Limiter {
    /// One that counts what it refuses.
    pub(crate) fn new(rates: Rates, clock: Clock, metrics: &Metrics) -> Self {
        let help = "Requests that were too many, by the limit they met";
        let refused = metrics.register(
            "gateway_rate_limited",
            help,
            Family::<RefusedLabels, Counter>::default(),
        );
        let counter = |limit| refused.get_or_create_owned(&RefusedLabels { limit });
        Self(Some(Limits {
            address: rates.address.into(),
            user: rates.user.into(),
            strict: rates.strict.into(),
            ledger: Ledger::new(),
            clock,
            refused: Refused {
                address: counter("address"),
                user: counter("user"),
                route: counter("route"),
            },
        }))
    }

    /// One that lets everything pass.
    pub(crate) fn off() -> Self {
        Self(None)
    }

    /// A request from somewhere has come.
    pub(crate) fn turn(&self, client: IpAddr) -> Turn<'_> {
        Turn(self.0.as_ref().map(|limits| Asked {
            limits,
            block: Block::of(client),
            now: limits.now(),
        }))
    }
}

impl Turn<'_> {
    /// All requests of the address.
    pub(crate) fn of_address(self) -> Result<(), ApiError> {
        self.0.map_or(Ok(()), |Asked { limits, block, now }| {
            limits.spend(
                &Caller::Address(block),
                limits.address,
                &limits.refused.address,
                now,
            )
        })
    }

    /// The requests of the address for this route.
    pub(crate) fn of_route(self, rate: RouteRate) -> Result<(), ApiError> {
        let Some(Asked { limits, block, now }) = self.0 else {
            return Ok(());
        };
        let (number, quota) = match rate {
            RouteRate::Normal => return Ok(()),
            RouteRate::Strict(number) => (number, limits.strict),
            RouteRate::Own(number, quota) => (number, quota),
        };
        limits.spend(&Caller::Route(block, number), quota, &limits.refused.route, now)
    }

    /// All requests of the user, from wherever they come.
    pub(crate) fn of_user(self, user: &Principal) -> Result<(), ApiError> {
        self.0.map_or(Ok(()), |Asked { limits, now, .. }| {
            limits.spend(
                &Caller::User(user.user_id),
                limits.user,
                &limits.refused.user,
                now,
            )
        })
    }
}

impl Limits {
    fn now(&self) -> Moment {
        u64::try_from(self.clock.now().as_micros())
            .unwrap_or(0)
            .saturating_mul(1000)
    }

    fn spend(&self, caller: &Caller, quota: Quota, refused: &Counter, now: Moment) -> Result<(), ApiError> {
        match self.ledger.decide(caller, quota, now) {
            Decision::Pass { .. } => Ok(()),
            Decision::Refuse { wait } => {
                refused.inc();
                Err(too_many(wait))
            }
        }
    }
}

impl Block {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            // The upper half of 128 bits fits in 64.
            IpAddr::V6(address) => Self::V6(u64::try_from(address.to_bits() >> 64).unwrap_or(0)),
        }
    }
}

/// 429, to be tried again after these nanoseconds. Whole seconds, rounded up: rounded down they would send
/// the client back too early.
fn too_many(wait: u64) -> ApiError {
    let seconds = u32::try_from(wait.div_ceil(1_000_000_000)).unwrap_or(u32::MAX);
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "too many requests")
        .with_retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kit_runtime::{FakeClock, Timestamp};

    use super::*;

    const CLIENT: &str = "192.0.2.7";

    fn limiter(address: &str, strict: &str) -> (Limiter, FakeClock, Metrics) {
        let (time, metrics) = (
            FakeClock::at(Timestamp::from_seconds(1_700_000_000)),
            Metrics::new(),
        );
        let rates = Rates {
            address: address.parse().unwrap(),
            user: "1/m".parse().unwrap(),
            strict: strict.parse().unwrap(),
        };
        (Limiter::new(rates, time.clock(), &metrics), time, metrics)
    }

    fn turn<'a>(limiter: &'a Limiter, client: &str) -> Turn<'a> {
        limiter.turn(client.parse().unwrap())
    }

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
    fn whoever_is_refused_is_told_when_to_come_back_in_whole_seconds() {
        assert!(format!("{:?}", too_many(1)).contains("429"));
        let (limiter, time, metrics) = limiter("40/m burst 1", "1/m");
        assert!(turn(&limiter, CLIENT).of_address().is_ok());
        time.advance(Duration::from_millis(200));
        let refusal = turn(&limiter, CLIENT).of_address().unwrap_err();
        assert_eq!((refusal.status().as_u16(), refusal.code()), (429, "rate_limited"));
        time.advance(Duration::from_millis(1299));
        assert!(turn(&limiter, CLIENT).of_address().is_err());
        time.advance(Duration::from_millis(1));
        assert!(turn(&limiter, CLIENT).of_address().is_ok());
        assert!(
            metrics
                .encode()
                .contains("stoa_gateway_rate_limited_total{limit=\"address\"} 2")
        );
    }

    #[test]
    fn strict_routes_count_apart_by_address_and_route() {
        let (limiter, ..) = limiter("1000/s", "1/h");
        let route = |route| RouteRate::Strict(RouteNumber { target: 0, route });
        assert!(turn(&limiter, CLIENT).of_route(route(1)).is_ok());
        assert!(turn(&limiter, CLIENT).of_route(route(1)).is_err());
        assert!(turn(&limiter, CLIENT).of_route(route(2)).is_ok());
        assert!(turn(&limiter, "192.0.2.8").of_route(route(1)).is_ok());
        assert!((0..1000).all(|_| turn(&limiter, CLIENT).of_route(RouteRate::Normal).is_ok()));
        let own = RouteRate::Own(
            RouteNumber { target: 1, route: 0 },
            "1/h burst 2".parse::<Rate>().unwrap().into(),
        );
        assert!(turn(&limiter, CLIENT).of_route(own).is_ok() && turn(&limiter, CLIENT).of_route(own).is_ok());
        assert!(turn(&limiter, CLIENT).of_route(own).is_err());
    }

    #[test]
    fn what_is_off_refuses_nothing() {
        let limiter = Limiter::off();
        assert!((0..10_000).all(|_| turn(&limiter, CLIENT).of_address().is_ok()));
    }
}
