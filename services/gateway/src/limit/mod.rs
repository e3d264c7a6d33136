//! How often somebody may ask: by address, by user, and by address and route where a route is strict.
//!
//! The address is judged before the token, so that guessing tokens is limited; and what is refused costs
//! whoever asks nothing, so that nobody is locked out by trying. An IPv6 client owns a network of 64 bits
//! and counts as one; who owns more of them has as many limits.
//!
//! There are no `RateLimit` headers on answers that pass: they would be written for every request and read
//! by hardly any client. Whoever is refused learns from `Retry-After` when to come back.
//!
//! Where there is a Redis all gateways count together ([`together`]). While it is away each counts by itself and
//! allows its share only: a limit divided by the number of gateways that the configuration names. With the right
//! number they let pass no more than together, wherever a client sends its requests; with the number 1, which is
//! the default, a client that sends to N gateways gets N times the limit. There is never none.
//!
//! What it deliberately does not do: know an account that is signed in to. That is the auth service's, which
//! knows whether a password was right.

mod caller;
mod counters;
mod gcra;
mod rate;
mod together;

use std::net::IpAddr;
use std::num::NonZero;

use http::StatusCode;
use kit_http::ApiError;
use kit_http::server::ClientNetwork;
use kit_redis::Redis;
use kit_runtime::Clock;
use kit_telemetry::Metrics;
use kit_token::Principal;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

pub(crate) use caller::RouteName;
pub(crate) use gcra::Quota;
pub use rate::{Rate, RateError};

use caller::Caller;
use counters::Counters;
use gcra::{Decision, Moment};
use together::Together;

/// What a route says of how often it may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RouteRate {
    /// As often as all others together.
    Normal,
    /// As often as strict routes may be.
    Strict(RouteName),
    /// As often as the configuration says of it.
    Own(RouteName, Quota),
}

/// The rates of a gateway.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    pub(crate) address: Rate,
    pub(crate) user: Rate,
    pub(crate) strict: Rate,
    /// Who share them while they cannot count together.
    pub(crate) gateways: NonZero<u32>,
}

/// Limits how often somebody asks, or lets everything pass.
pub(crate) struct Limiter(Option<Limits>);

struct Limits {
    address: Quota,
    user: Quota,
    strict: Quota,
    gateways: NonZero<u32>,
    counters: Counters,
    together: Option<Together>,
    clock: Clock,
    refused: Refused,
    alone: Counter,
}

/// The rate limits that one request has to pass.
#[derive(Clone, Copy)]
pub(crate) struct RateCheck<'a>(Option<CheckedRequest<'a>>);

#[derive(Clone, Copy)]
struct CheckedRequest<'a> {
    limits: &'a Limits,
    network: ClientNetwork,
    now: Moment,
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
    /// One that counts what it refuses; together with other gateways, where there is a Redis.
    pub(crate) fn new(rates: Rates, redis: Option<Redis>, clock: Clock, metrics: &Metrics) -> Self {
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
            gateways: rates.gateways,
            counters: Counters::new(),
            together: redis.map(Together),
            clock,
            refused: Refused {
                address: counter("address"),
                user: counter("user"),
                route: counter("route"),
            },
            alone: metrics.register(
                "gateway_rate_limit_alone",
                "Limits that this gateway judged by itself because Redis was away",
                Counter::default(),
            ),
        }))
    }

    /// One that lets everything pass.
    pub(crate) fn off() -> Self {
        Self(None)
    }

    /// Begins the check of a request from an address.
    pub(crate) fn check(&self, client: IpAddr) -> RateCheck<'_> {
        RateCheck(self.0.as_ref().map(|limits| CheckedRequest {
            limits,
            network: ClientNetwork::of(client),
            now: limits.now(),
        }))
    }
}

impl RateCheck<'_> {
    /// All requests of the address.
    pub(crate) async fn of_address(self) -> Result<(), ApiError> {
        let Some(CheckedRequest { limits, network, now }) = self.0 else {
            return Ok(());
        };
        let caller = Caller::Address(network);
        let passes = limits.spend(caller, limits.address, now).await;
        limits.refused.count(passes, |refused| &refused.address)
    }

    /// The requests of the address for this route.
    pub(crate) async fn of_route(self, rate: RouteRate) -> Result<(), ApiError> {
        let Some(CheckedRequest { limits, network, now }) = self.0 else {
            return Ok(());
        };
        let (name, quota) = match rate {
            RouteRate::Normal => return Ok(()),
            RouteRate::Strict(name) => (name, limits.strict),
            RouteRate::Own(name, quota) => (name, quota),
        };
        let passes = limits.spend(Caller::Route(network, name), quota, now).await;
        limits.refused.count(passes, |refused| &refused.route)
    }

    /// All requests of the user, from wherever they come.
    pub(crate) async fn of_user(self, user: &Principal) -> Result<(), ApiError> {
        let Some(CheckedRequest { limits, now, .. }) = self.0 else {
            return Ok(());
        };
        let passes = limits.spend(Caller::User(user.user_id), limits.user, now).await;
        limits.refused.count(passes, |refused| &refused.user)
    }
}

impl Limits {
    fn now(&self) -> Moment {
        u64::try_from(self.clock.now().as_micros())
            .unwrap_or(0)
            .saturating_mul(1000)
    }

    /// Whether a request passes; else after how many nanoseconds one would.
    async fn spend(&self, caller: Caller, quota: Quota, now: Moment) -> Result<(), u64> {
        let decision = match &self.together {
            None => self.counters.decide(&caller, quota.share_of(self.gateways), now),
            Some(together) => self.decide_together(together, caller, quota, now).await,
        };
        match decision {
            Decision::Pass { .. } => Ok(()),
            Decision::Refuse { wait } => Err(wait),
        }
    }

    async fn decide_together(
        &self,
        together: &Together,
        caller: Caller,
        quota: Quota,
        now: Moment,
    ) -> Decision {
        let quota = quota.in_whole_micros();
        if let Some(wait) = self.counters.wait(&caller, quota, now) {
            return Decision::Refuse { wait };
        }
        let Ok(shared) = together.decide(caller, quota).await else {
            self.alone.inc();
            return self.counters.decide(&caller, quota.share_of(self.gateways), now);
        };
        // From when it was asked, so that what is remembered is never later than it is.
        let due = now.saturating_add(shared.ahead);
        self.counters.raise(&caller, due);
        if shared.passes {
            Decision::Pass { due }
        } else {
            let wait = quota.wait(due, now).unwrap_or(1);
            Decision::Refuse { wait }
        }
    }
}

impl Refused {
    fn count(&self, passes: Result<(), u64>, which: impl FnOnce(&Self) -> &Counter) -> Result<(), ApiError> {
        passes.map_err(|wait| {
            which(self).inc();
            too_many(wait)
        })
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
            gateways: NonZero::<u32>::MIN,
        };
        (Limiter::new(rates, None, time.clock(), &metrics), time, metrics)
    }

    fn check<'a>(limiter: &'a Limiter, client: &str) -> RateCheck<'a> {
        limiter.check(client.parse().unwrap())
    }

    #[tokio::test]
    async fn whoever_is_refused_is_told_when_to_come_back_in_whole_seconds() {
        assert!(format!("{:?}", too_many(1)).contains("429"));
        let (limiter, time, metrics) = limiter("40/m burst 1", "1/m");
        assert!(check(&limiter, CLIENT).of_address().await.is_ok());
        time.advance(Duration::from_millis(200));
        let refusal = check(&limiter, CLIENT).of_address().await.unwrap_err();
        assert_eq!((refusal.status().as_u16(), refusal.code()), (429, "rate_limited"));
        time.advance(Duration::from_millis(1299));
        assert!(check(&limiter, CLIENT).of_address().await.is_err());
        time.advance(Duration::from_millis(1));
        assert!(check(&limiter, CLIENT).of_address().await.is_ok());
        assert!(
            metrics
                .encode()
                .contains("stoa_gateway_rate_limited_total{limit=\"address\"} 2")
        );
    }

    #[tokio::test]
    async fn strict_routes_count_apart_by_address_and_route() {
        let (limiter, ..) = limiter("1000/s", "1/h");
        let route = |route| RouteRate::Strict(RouteName::of("auth", route));
        assert!(check(&limiter, CLIENT).of_route(route("login")).await.is_ok());
        assert!(check(&limiter, CLIENT).of_route(route("login")).await.is_err());
        assert!(check(&limiter, CLIENT).of_route(route("register")).await.is_ok());
        assert!(
            check(&limiter, "192.0.2.8")
                .of_route(route("login"))
                .await
                .is_ok()
        );
        for _ in 0..1000 {
            assert!(check(&limiter, CLIENT).of_route(RouteRate::Normal).await.is_ok());
        }
        let own = RouteRate::Own(
            RouteName::of("external", "GET /own"),
            "1/h burst 2".parse::<Rate>().unwrap().into(),
        );
        assert!(
            check(&limiter, CLIENT).of_route(own).await.is_ok()
                && check(&limiter, CLIENT).of_route(own).await.is_ok()
        );
        assert!(check(&limiter, CLIENT).of_route(own).await.is_err());
    }

    #[tokio::test]
    async fn what_is_off_refuses_nothing() {
        let limiter = Limiter::off();
        for _ in 0..10_000 {
            assert!(check(&limiter, CLIENT).of_address().await.is_ok());
        }
    }
}
