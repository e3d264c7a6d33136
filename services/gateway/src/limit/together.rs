//! Who is due when, counted by all gateways together: the moments are in Redis, and Redis decides.
//!
//! One script reads the moment, decides as [`gcra`](crate::limit::gcra) does, and writes it, by Redis's own
//! clock. So of requests at many gateways at once exactly as many pass as the rate says. What Redis tells is
//! remembered here as well: a caller's moment only ever moves on, so whoever is refused by what is remembered
//! would be refused by Redis, which is not bothered by those who do not stop.

use std::sync::LazyLock;

use kit_redis::{Away, Redis, Script};

use crate::limit::caller::Caller;
use crate::limit::gcra::Quota;

/// Arguments: from one request to the next, the intervals of a burst, and how far ahead of a burst a moment was
/// written by a clock that has been set back since; all in microseconds, which a Lua number holds exactly. Gives
/// back whether it passes, and how far ahead the moment is.
static SPEND: LazyLock<Script> = LazyLock::new(|| Script::new("rate_limit", SPEND_TEXT));

const SPEND_TEXT: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, depth, set_back = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local due = tonumber(redis.pcall('GET', KEYS[1]) or '') or now
if due < now or due > now + depth + set_back then due = now end
local next = due + interval
if next > now + depth then return {0, due - now} end
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000))
return {1, next - now}
";

const SET_BACK: u64 = 10_000_000;

/// What Redis has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SharedDecision {
    pub(crate) passes: bool,
    /// How far ahead the caller's moment is, in nanoseconds.
    pub(crate) ahead: u64,
}

/// The moments of all gateways.
pub(crate) struct Together(pub(crate) Redis);

impl Together {
    /// Decides about a request now. The quota is one of whole microseconds.
    pub(crate) async fn decide(&self, caller: Caller, quota: Quota) -> Result<SharedDecision, Away> {
        let key = self.0.key("rate", caller);
        let (interval, depth) = quota.micros();
        let spent = self.0.run(&SPEND, &key, (interval, depth, SET_BACK)).await;
        if let Err(Away::Refused(reason)) = &spent {
            tracing::error!(%reason, "redis refuses to count requests");
        }
        let (passes, ahead): (bool, u64) = spent?;
        Ok(SharedDecision {
            passes,
            ahead: ahead.saturating_mul(1000),
        })
    }
}
