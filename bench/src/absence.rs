//! What Redis's absence costs those who read profiles through the gateway: the 99th percentile with a Redis that
//! answers, with one that is stopped, and with one that was killed.
//!
//! The gateway, auth and users are processes of their own, on SQLite. The gateway counts each request in Redis;
//! users looks a profile up there once a minute, and has it in memory meanwhile. Redis goes away between two
//! measurements, so that the requests which wait for it, until a process asks no more, are among those that are
//! measured. They are as many in a long run as in a short one, so requests are counted here, and not time.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::effort::Effort;
use crate::folders::Folders;
use crate::load::{Talker, talk, talk_for_requests};
use crate::machine::{Cores, pin};
use crate::program::{Program, Running, Under};
use crate::redis::redis;
use crate::report::{Reach, Report, Row};
use crate::samples::Samples;
use crate::scene::{Service, Split, User, make_user};

/// Who reads, each on a connection.
const READERS: [&str; 3] = ["ada", "grace", "radia"];

/// Of all readers together, in each measurement. Of a silent Redis, five commands are waited for and those that
/// are under way with them: far less than one in a hundred.
const REQUESTS: u64 = 3000;

/// The most that the 99th percentile may grow by.
const RATIO: f64 = 2.0;

/// Longer than the longest pause between two attempts to reach Redis.
const PATIENCE: Duration = Duration::from_secs(30);

/// Measures.
pub(crate) fn run(folders: &Folders, effort: &Effort, report: &mut Report) -> anyhow::Result<()> {
    let folder = folders.fresh("absence")?;
    let Some((redis, url)) = redis(&folder)? else {
        report.note(
            "`redis-server` is not installed (Debian's `redis-server`), so its absence is not measured",
        );
        return Ok(());
    };
    let mut split = Split::new(folders, &folder)?;
    split.set("REDIS__URL", &url);
    pin(Cores::Others)?;
    let measured = measure(&split, &redis, effort);
    pin(Cores::All)?;
    measured?.add_rows(report);
    Ok(())
}

/// 99th percentiles over all repeats, in milliseconds.
#[derive(Debug, Default)]
struct Measured {
    present: Vec<f64>,
    silent: Vec<f64>,
    gone: Vec<f64>,
}

fn measure(split: &Split, redis: &Program, effort: &Effort) -> anyhow::Result<Measured> {
    let _processes = split.start()?;
    let readers = Readers::make(split.gateway.address)?;
    let mut measured = Measured::default();
    for _ in 0..effort.repeats {
        let redis = redis.start(Under::Nothing)?;
        measured.add(&split.gateway, &readers, redis, effort.warm_up)?;
    }
    Ok(measured)
}

impl Measured {
    /// Measures each once; in the end the Redis is gone.
    fn add(
        &mut self,
        gateway: &Service,
        readers: &Readers,
        redis: Running,
        warm_up: Duration,
    ) -> anyhow::Result<()> {
        wait_until_asked(gateway)?;
        readers.read_for(warm_up)?;
        self.present.push(readers.ninety_ninth()?);
        ensure!(
            is_asked(gateway)?,
            "the gateway does not ask a Redis that answers"
        );
        redis.pause()?;
        self.silent.push(readers.ninety_ninth()?);
        ensure!(!is_asked(gateway)?, "the gateway asks a Redis that is silent");
        redis.resume()?;
        wait_until_asked(gateway)?;
        readers.read_for(warm_up)?;
        drop(redis);
        self.gone.push(readers.ninety_ninth()?);
        ensure!(!is_asked(gateway)?, "the gateway asks a Redis that is gone");
        Ok(())
    }

    fn add_rows(self, report: &mut Report) {
        let what = |redis: &str| format!("reading profiles, p99, {redis}");
        let present = Samples::of(self.present);
        report.add(Row::new("absence", what("with Redis"), "ms", &present));
        for (redis, values) in [
            ("a Redis that is stopped", self.silent),
            ("a Redis that was killed", self.gone),
        ] {
            report.add(
                Row::new("absence", what(redis), "ms", &Samples::of(values))
                    .against("the same with Redis", &present)
                    .reach(Reach::RatioAtMost(RATIO)),
            );
        }
    }
}

/// Whether requests are counted there at this moment.
fn is_asked(gateway: &Service) -> anyhow::Result<bool> {
    Ok(gateway.metric("stoa_redis_breaker_open")? < 0.5)
}

fn wait_until_asked(gateway: &Service) -> anyhow::Result<()> {
    let begin = Instant::now();
    while !is_asked(gateway)? {
        ensure!(begin.elapsed() < PATIENCE, "the gateway does not find its Redis");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Users who read their own profile and each other's.
struct Readers {
    gateway: SocketAddr,
    readers: Vec<Reader>,
}

impl Readers {
    fn make(gateway: SocketAddr) -> anyhow::Result<Self> {
        let users: Vec<User> = READERS
            .iter()
            .map(|name| make_user(gateway, name))
            .collect::<Result<_, _>>()?;
        let reader = |user: &User| {
            let others = users.iter().filter(|other| other.name != user.name);
            let paths = others.map(|other| format!("/api{}", other.profile_path()));
            let paths = paths.chain(["/api/profile".to_owned()]);
            Reader::new(paths.map(|path| user.request(&path)).collect())
        };
        let readers = users.iter().map(reader).collect();
        Ok(Self { gateway, readers })
    }

    fn read_for(&self, span: Duration) -> anyhow::Result<()> {
        talk(self.gateway, self.readers.clone(), span)?;
        Ok(())
    }

    /// In milliseconds.
    fn ninety_ninth(&self) -> anyhow::Result<f64> {
        let (outcome, _) = talk_for_requests(self.gateway, self.readers.clone(), REQUESTS)?;
        Ok(outcome.ninety_ninth())
    }
}

/// Sends its requests one after the other, and then from the first again.
#[derive(Clone)]
struct Reader {
    requests: Vec<Vec<u8>>,
    next: usize,
}

impl Reader {
    fn new(requests: Vec<Vec<u8>>) -> Self {
        Self { requests, next: 0 }
    }
}

impl Talker for Reader {
    fn request(&self) -> &[u8] {
        &self.requests[self.next]
    }

    fn receive(&mut self, _: &[u8]) -> anyhow::Result<()> {
        self.next = (self.next + 1) % self.requests.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_goes_round_its_requests() {
        let mut reader = Reader::new(vec![b"one".to_vec(), b"two".to_vec()]);
        let mut sent = Vec::new();
        for _ in 0..3 {
            sent.push(reader.request().to_vec());
            reader.receive(b"{}").unwrap();
        }
        assert_eq!(sent, [b"one", b"two", b"one"]);
    }
}
