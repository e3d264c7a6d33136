//! Redis goes away, and nobody gets an error or waits for it.

use std::thread;
use std::time::{Duration, Instant};

use e2e::{Client, Person, Server, Stoa, Topology};

const REQUESTS: usize = 1_500;
const READERS: usize = 3;
/// Each compares times of a busy machine, which may be busier in one part of it than in another. That five in a
/// row are unlucky is not to be believed.
const ROUNDS: usize = 5;

/// A user who reads their profile and others': each request is counted in Redis by the gateway, and each profile
/// is looked up there.
struct Reader {
    at: Client,
    paths: Vec<String>,
}

/// The time that 99 of 100 requests take at most. A process that meets a silent Redis loses a few requests'
/// time before it asks no more; they are among the others, and so many that they are less than one in a hundred.
fn p99(readers: &[Reader]) -> Duration {
    let mut times: Vec<Duration> = thread::scope(|scope| {
        let reading: Vec<_> = readers
            .iter()
            .map(|reader| scope.spawn(|| read(reader)))
            .collect();
        reading
            .into_iter()
            .flat_map(|thread| thread.join().expect("times"))
            .collect()
    });
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

fn read(reader: &Reader) -> Vec<Duration> {
    let paths = reader.paths.iter().cycle().take(REQUESTS / READERS);
    let timed = |path: &String| {
        let begin = Instant::now();
        reader.at.get(path).expect(200);
        begin.elapsed()
    };
    paths.map(timed).collect()
}

#[test]
fn without_redis_everything_is_answered_and_nearly_as_fast() {
    let mut redis = Server::start("redis");
    let stoa = Stoa::start_with(Topology::Split, |setup| {
        let setup = setup.env("REDIS_URL", &redis.url());
        let setup = setup.set("gateway.rate_limit.enabled", "true");
        ["address", "user", "strict"].iter().fold(setup, |setup, limit| {
            setup.set(&format!("gateway.rate_limit.{limit}"), "100000/s burst 100000")
        })
    });
    let gateway = stoa.gateway();
    let people: Vec<Person> = (0..READERS).map(|_| Person::join(&gateway, "reader")).collect();
    for person in &people {
        person.make_profile(&gateway, "hello");
    }
    let others = people.iter().map(|person| format!("/api/users/{}", person.id));
    let paths: Vec<String> = others.chain(["/api/profile".to_owned()]).collect();
    let readers: Vec<Reader> = people
        .iter()
        .map(|person| Reader {
            at: person.at(&gateway),
            paths: paths.clone(),
        })
        .collect();
    // Warm.
    p99(&readers);
    let mut seen = Vec::new();
    for _ in 0..ROUNDS {
        let with = p99(&readers);
        redis.pause();
        let silent = p99(&readers);
        redis.resume();
        redis.kill();
        let without = p99(&readers);
        redis.start_again();
        seen.push((with, silent, without));
        if silent.max(without) < 2 * with {
            return;
        }
    }
    panic!("p99 with Redis, with a silent one, and without: {seen:?}");
}
