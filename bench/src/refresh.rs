//! Sessions that go on: `POST /api/refresh` through the gateway of `stoa up`, by many sessions of different
//! users at once, each with the token that its last answer brought.
//!
//! What counts is refreshes a second of CPU time of the whole process, which has one core to itself. On SQLite
//! that is all there is; on PostgreSQL the server's own CPU time is told beside it. A refresh makes an access
//! token, so beside it stands what the cryptographic library alone signs a second.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use kit_token::Algorithm;
use serde::Deserialize;
use serde_json::json;

use crate::bare::bare_signing_rate;
use crate::call;
use crate::database::Database;
use crate::effort::Effort;
use crate::folders::Folders;
use crate::load::{Talker, talk};
use crate::machine::{Cores, core_count, pin};
use crate::program::{Program, Running, Under};
use crate::report::{Reach, Report, Row};
use crate::samples::Samples;
use crate::scene::{Embedded, Hashing, embedded, register, set};

/// How many sessions go on at once, each of another user.
const SESSIONS: usize = 64;

const A_CORE: f64 = 2000.0;

/// The platform's.
const DEFAULT: Algorithm = Algorithm::Rs256;

const ALGORITHMS: [Algorithm; 3] = [DEFAULT, Algorithm::Es256, Algorithm::EdDsa];

/// About what is signed of an access token, in bytes.
const SIGNED: usize = 480;

/// Measures.
pub(crate) fn run(folders: &Folders, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    pin(Cores::Others)?;
    let measured = ALGORITHMS
        .into_iter()
        .try_for_each(|algorithm| compare(folders, algorithm, effort, report));
    pin(Cores::All)?;
    measured
}

/// One algorithm on both databases. By the clock the default one is enough: times depend on the machine's
/// disk and on what else runs.
fn compare(
    folders: &Folders,
    algorithm: Algorithm,
    effort: &Effort,
    report: &mut Report,
) -> anyhow::Result<()> {
    let bare = Samples::take(effort.repeats, || bare_signing_rate(algorithm, SIGNED))?;
    for name in ["SQLite", "PostgreSQL"] {
        let database = (name == "PostgreSQL")
            .then(|| Database::create(folders))
            .transpose()?;
        let measured = measure(folders, algorithm, database.as_ref(), effort)?;
        let what = format!("{algorithm}, {name}");
        measured.report_cpu(&what, &bare, report);
        if algorithm == DEFAULT {
            measured.report_clock(&what, &bare, report);
        }
    }
    Ok(())
}

/// What was reached, over all repeats.
#[derive(Debug, Default)]
struct Measured {
    /// Refreshes a second of the process's CPU time.
    a_core: Vec<f64>,
    /// The same with the time of the database's server; empty where there is none.
    with_server: Vec<f64>,
    /// By the clock.
    rates: Vec<f64>,
    /// In milliseconds.
    slowest: Vec<f64>,
}

fn measure(
    folders: &Folders,
    algorithm: Algorithm,
    database: Option<&Database>,
    effort: &Effort,
) -> anyhow::Result<Measured> {
    let Embedded { mut program, gateway } = embedded(folders, &folders.fresh("refresh")?, Hashing::Cheap)?;
    set(&mut program.settings, "AUTH__ALGORITHM", &algorithm);
    set(&mut program.settings, "AUTH__TOKEN_ON_REGISTER", &"true");
    if let Some(database) = database {
        set(&mut program.settings, "DATABASE__URL", &database.url());
    }
    let mut sessions = begin_sessions(&program, gateway)?;
    program.cores = Cores::Measured;
    let process = program.start(Under::Nothing)?;
    process.settle()?;
    (_, sessions) = talk(gateway, sessions, effort.warm_up)?;
    let mut measured = Measured::default();
    for _ in 0..effort.repeats {
        sessions = measured.add(&process, database, effort.span / 2, (gateway, sessions))?;
    }
    process.stop()?;
    Ok(measured)
}

impl Measured {
    fn add(
        &mut self,
        process: &Running,
        database: Option<&Database>,
        span: Duration,
        (gateway, sessions): (SocketAddr, Vec<Session>),
    ) -> anyhow::Result<Vec<Session>> {
        let server = || database.map_or(Ok(0.0), Database::cpu_seconds);
        let (server_before, before) = (server()?, process.cpu_seconds()?);
        let (outcome, sessions) = talk(gateway, sessions, span)?;
        let (own, servers) = (process.cpu_seconds()? - before, server()? - server_before);
        let refreshes = outcome.rate() * outcome.seconds;
        self.a_core.push(refreshes / own);
        if database.is_some() {
            self.with_server.push(refreshes / (own + servers));
        }
        self.rates.push(outcome.rate());
        self.slowest.push(outcome.ninety_ninth());
        Ok(sessions)
    }

    fn report_cpu(&self, what: &str, bare: &Samples, report: &mut Report) {
        let what = format!("{what}, a core");
        report.add(
            row(what.clone(), "refreshes/s", &self.a_core)
                .against("bare signatures", bare)
                .reach(Reach::AtLeast(A_CORE)),
        );
        if !self.with_server.is_empty() {
            let what = format!("{what}, the server's part included");
            report.add(row(what, "refreshes/s", &self.with_server).against("bare signatures", bare));
        }
    }

    fn report_clock(&self, what: &str, bare: &Samples, report: &mut Report) {
        let what = format!("{what}, by the clock, {SESSIONS} at once");
        report.add(row(what.clone(), "refreshes/s", &self.rates).against("bare signatures", bare));
        report.add(row(format!("{what}, p99"), "ms", &self.slowest));
    }
}

fn row(what: String, unit: &'static str, values: &[f64]) -> Row {
    Row::new("refresh", what, unit, &Samples::of(values.to_vec()))
}

/// Registers everybody, which begins a session each, and ends the process again.
fn begin_sessions(program: &Program, gateway: SocketAddr) -> anyhow::Result<Vec<Session>> {
    let process = program.start(Under::Nothing)?;
    let names: Vec<usize> = (0..SESSIONS).collect();
    let share = SESSIONS.div_ceil(core_count());
    let sessions = thread::scope(|scope| {
        let threads: Vec<_> = names
            .chunks(share)
            .map(|names| {
                scope.spawn(move || names.iter().map(|name| Session::begin(gateway, *name)).collect())
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().ok().context("a thread panicked")?)
            .collect::<anyhow::Result<Vec<Vec<Session>>>>()
    })?;
    process.stop()?;
    Ok(sessions.into_iter().flatten().collect())
}

/// Somebody whose session goes on.
struct Session {
    newest: Answer,
    /// With the newest refresh token.
    request: Vec<u8>,
}

/// Of an answer, what the next request needs.
#[derive(PartialEq, Deserialize)]
struct Answer {
    refresh_token: String,
}

impl Session {
    fn begin(gateway: SocketAddr, number: usize) -> anyhow::Result<Self> {
        let answer: Answer = serde_json::from_value(register(gateway, &format!("ada{number}"))?)
            .context("a registration begins no session")?;
        Ok(Self::with(answer))
    }

    fn with(newest: Answer) -> Self {
        let body = json!({ "refresh_token": newest.refresh_token });
        Self {
            newest,
            request: call::post_request("/api/refresh", None, &body),
        }
    }
}

impl Talker for Session {
    fn request(&self) -> &[u8] {
        &self.request
    }

    fn receive(&mut self, body: &[u8]) -> anyhow::Result<()> {
        let answer: Answer = serde_json::from_slice(body).context("a refresh brings no token")?;
        ensure!(answer != self.newest, "a refresh token is not rotated");
        *self = Self::with(answer);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(token: &str) -> Session {
        Session::with(Answer {
            refresh_token: token.to_owned(),
        })
    }

    fn answer(token: &str) -> Vec<u8> {
        let answer = json!({ "token": "t", "refresh_token": token });
        answer.to_string().into_bytes()
    }

    #[test]
    fn the_next_request_has_the_token_of_the_last_answer() {
        let mut session = session("one");
        session.receive(&answer("two")).unwrap();
        let request = String::from_utf8(session.request).unwrap();
        assert!(request.starts_with("POST /api/refresh "), "{request}");
        assert!(request.ends_with("{\"refresh_token\":\"two\"}"), "{request}");
    }

    #[test]
    fn an_answer_without_a_new_token_ends_the_load() {
        assert!(session("one").receive(&answer("one")).is_err());
        assert!(session("one").receive(b"{\"token\":\"t\"}").is_err());
    }
}
