//! How long an access token is accepted after its session was ended: by the gateway, and on the services' own
//! ports, each of which has accepted it before and so remembers that it is good.
//!
//! A figure is the milliseconds from the answer of `POST /api/logout` to the beginning of the last request that was
//! accepted anywhere; 0 where none was. What counts is when a request begins: how long a busy machine takes to
//! answer it is no part of the promise, which is that none that begins a second later is accepted.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::effort::Effort;
use crate::folders::Folders;
use crate::program::Under;
use crate::report::{Reach, Report, Row};
use crate::samples::Samples;
use crate::scene::{Embedded, Hashing, Split, User, embedded, register, sign_in};

/// The most that is promised, in milliseconds.
const PROMISE: f64 = 1000.0;

/// No token is waited for longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between two requests with one token to one route.
const PAUSE: Duration = Duration::from_millis(1);

/// How often processes ask what was revoked. A repeat begins when they have just asked, since the one before ended
/// with that; so each goes on at another moment of this span.
const FEED_INTERVAL: Duration = Duration::from_millis(500);

const NAME: &str = "ada";

/// Measures.
pub(crate) fn run(folders: &Folders, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    let Embedded { program, gateway } = embedded(folders, &folders.fresh("ending")?, Hashing::Cheap)?;
    let process = program.start(Under::Nothing)?;
    let whole = measure(gateway, &Route::behind(gateway), effort)?;
    process.stop()?;
    report.add(row("`stoa up`, at the gateway", &whole));

    let split = Split::new(folders, &folders.fresh("ending")?)?;
    let processes = split.start()?;
    let mut routes = Route::behind(split.gateway.address);
    routes.push(Route::new(split.auth.address, "/me"));
    routes.push(Route::new(split.users.address, "/users?limit=1"));
    let apart = measure(split.gateway.address, &routes, effort)?;
    drop(processes);
    report.add(row("split, at the gateway and on the services' ports", &apart));
    Ok(())
}

fn row(what: &str, samples: &Samples) -> Row {
    Row::new("ending", what, "ms", samples).reach(Reach::AtMost(PROMISE))
}

/// A GET that answers anybody who is signed in, and changes nothing.
#[derive(Clone, Copy, Debug)]
struct Route {
    address: SocketAddr,
    path: &'static str,
}

impl Route {
    fn new(address: SocketAddr, path: &'static str) -> Self {
        Self { address, path }
    }

    /// Those through the gateway, before auth and before users.
    fn behind(gateway: SocketAddr) -> Vec<Self> {
        vec![
            Self::new(gateway, "/api/me"),
            Self::new(gateway, "/api/users?limit=1"),
        ]
    }

    fn accepts(self, user: &User) -> anyhow::Result<bool> {
        user.is_accepted(self.address, self.path)
    }
}

/// Ends a session in each repeat; the longest of all routes counts.
fn measure(gateway: SocketAddr, routes: &[Route], effort: &Effort) -> anyhow::Result<Samples> {
    register(gateway, NAME)?;
    let repeats = u32::try_from(effort.repeats.max(1))?;
    let mut moments = (0..repeats).map(|repeat| FEED_INTERVAL * repeat / repeats);
    Samples::take(effort.repeats, || {
        thread::sleep(moments.next().unwrap_or_default());
        let user = sign_in(gateway, NAME)?;
        for route in routes {
            ensure!(route.accepts(&user)?, "{route:?} refuses a good token");
        }
        user.log_out(gateway)?;
        let longest = longest_accepted(routes, &user)?;
        for route in routes {
            ensure!(!route.accepts(&user)?, "{route:?} accepts again what it refused");
        }
        Ok(longest)
    })
}

/// Asks all routes at once, from now on, each until it refuses.
fn longest_accepted(routes: &[Route], user: &User) -> anyhow::Result<f64> {
    let ended = Instant::now();
    thread::scope(|scope| {
        let asking: Vec<_> = routes
            .iter()
            .map(|route| scope.spawn(move || last_accepted(ended, || route.accepts(user))))
            .collect();
        asking.into_iter().try_fold(0.0_f64, |longest, thread| {
            let last = thread.join().ok().context("a thread panicked")??;
            Ok(longest.max(last.as_secs_f64() * 1e3))
        })
    })
}

/// Asks again and again until the first refusal: how long after `ended` the last request began before it.
fn last_accepted(
    ended: Instant,
    mut is_accepted: impl FnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<Duration> {
    let mut last = Duration::ZERO;
    loop {
        let begin = ended.elapsed();
        if !is_accepted()? {
            return Ok(last);
        }
        last = begin;
        ensure!(
            begin < PATIENCE,
            "a token is accepted for {PATIENCE:?} after its end"
        );
        thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_at_once_was_never_accepted() {
        let last = last_accepted(Instant::now(), || Ok(false)).unwrap();
        assert_eq!(last, Duration::ZERO);
    }

    #[test]
    fn the_beginning_of_the_last_accepted_request_counts() {
        let ended = Instant::now();
        let mut begins = Vec::new();
        let last = last_accepted(ended, || {
            begins.push(ended.elapsed());
            Ok(begins.len() <= 3)
        });
        let last = last.unwrap();
        assert!(begins[1] < last && last <= begins[2], "{last:?} of {begins:?}");
    }

    #[test]
    fn a_route_that_answers_something_else_is_no_refusal() {
        assert!(last_accepted(Instant::now(), || anyhow::bail!("503")).is_err());
    }

    #[test]
    fn nobody_waits_for_a_token_without_an_end() {
        let ended = Instant::now().checked_sub(PATIENCE).unwrap();
        assert!(last_accepted(ended, || Ok(true)).is_err());
    }
}
