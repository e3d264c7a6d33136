//! Sign-ins through the gateway beside bare password hashes on the same cores, and what sign-ins do to others.
//!
//! A sign-in is a bcrypt hash of the default cost and little more, so the hash alone is the bound. Both are measured in
//! turn, on every core; CPU time tells the same where neighbours take a part of the cores. Meanwhile somebody lists
//! users at a steady pace far below the limit: their 99th percentile with sign-ins beside that without tells whether
//! hashing starves other requests.

use std::hint::black_box;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::call;
use crate::effort::Effort;
use crate::folders::Folders;
use crate::load::{Load, Outcome};
use crate::machine::{core_count, thread_seconds};
use crate::program::Under;
use crate::report::{Reach, Report, Row};
use crate::samples::Samples;
use crate::scene::{Hashing, PASSWORD, User, credentials, embedded, make_user};

/// The platform's default.
const COST: u32 = 12;

/// Who signs in at once.
const CLIENTS: u64 = 4;

/// How many hashes are timed alone.
const HASHES: u32 = 5;

/// A sign-in takes long, so that a span of requests holds too few.
const SPANS: u32 = 2;

/// The pause between two requests of the one who lists users.
const PACE: Duration = Duration::from_millis(5);

/// Measures.
pub(crate) fn run(folders: &Folders, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    let scene = embedded(folders, &folders.fresh("login")?, Hashing::Real)?;
    let process = scene.program.start(Under::Nothing)?;
    let user = make_user(scene.gateway, "ada")?;
    process.settle()?;
    let span = effort.span * SPANS;
    let hash = bcrypt::hash(PASSWORD, COST)?;
    let (mut raw, mut logins, mut quiet, mut busy) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut hash_cpu, mut login_cpu) = (Vec::new(), Vec::new());
    lister(&user, scene.gateway).for_span(effort.warm_up)?;
    for _ in 0..effort.repeats {
        raw.push(raw_rate(&hash, span)?);
        hash_cpu.push(hash_milliseconds(&hash)?);
        let idle = process.cpu_seconds()?;
        quiet.push(lister(&user, scene.gateway).for_span(span)?.ninety_ninth());
        let begin = process.cpu_seconds()?;
        let (signed_in, listed) = both(&user, scene.gateway, span)?;
        // What listing alone takes in such a span is not the sign-ins'.
        let taken = process.cpu_seconds()? - begin - (begin - idle);
        login_cpu.push(taken * 1e3 / (signed_in.rate() * signed_in.seconds));
        logins.push(signed_in.rate());
        busy.push(listed.ninety_ninth());
    }
    let threads = core_count();
    report.add(
        Row::new(
            "login",
            format!("POST /api/login, {CLIENTS} at once"),
            "logins/s",
            &Samples::of(logins),
        )
        .against(
            format!("bare bcrypt of cost {COST} on {threads} threads"),
            &Samples::of(raw),
        )
        .reach(Reach::RatioAtLeast(0.9)),
    );
    report.add(
        Row::new("login", "CPU: a sign-in", "ms", &Samples::of(login_cpu))
            .against("a bare hash", &Samples::of(hash_cpu))
            .reach(Reach::RatioAtMost(1.11)),
    );
    report.add(
        Row::new("login", "GET /api/users meanwhile, p99", "ms", &Samples::of(busy))
            .against("the same without logins", &Samples::of(quiet)),
    );
    Ok(())
}

/// Hashes a second, on as many threads as auth has for them.
fn raw_rate(hash: &str, span: Duration) -> anyhow::Result<f64> {
    let begin = Instant::now();
    let count_until = || {
        let mut count = 0_u32;
        while begin.elapsed() < span {
            black_box(bcrypt::non_truncating_verify(PASSWORD, hash)?);
            count += 1;
        }
        anyhow::Ok(count)
    };
    let counts = thread::scope(|scope| {
        let threads: Vec<_> = (0..core_count()).map(|_| scope.spawn(count_until)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().ok().context("a hashing thread panicked")?)
            .collect::<anyhow::Result<Vec<u32>>>()
    })?;
    Ok(f64::from(counts.iter().sum::<u32>()) / begin.elapsed().as_secs_f64())
}

/// CPU time of a hash.
fn hash_milliseconds(hash: &str) -> anyhow::Result<f64> {
    let begin = thread_seconds()?;
    for _ in 0..HASHES {
        black_box(bcrypt::non_truncating_verify(PASSWORD, hash)?);
    }
    Ok((thread_seconds()? - begin) * 1e3 / f64::from(HASHES))
}

fn both(user: &User, gateway: SocketAddr, span: Duration) -> anyhow::Result<(Outcome, Outcome)> {
    let logins = Load::new(
        gateway,
        call::post_request("/api/login", None, &credentials(&user.name)),
    )
    .on(CLIENTS);
    thread::scope(|scope| {
        let logins = scope.spawn(|| logins.for_span(span));
        let listed = lister(user, gateway).for_span(span)?;
        let logins = logins.join().ok().context("the load panicked")??;
        Ok((logins, listed))
    })
}

fn lister(user: &User, gateway: SocketAddr) -> Load {
    Load {
        pause: PACE,
        ..user.load(gateway, "/api/users")
    }
}
