//! Redis goes away, and nobody gets an error or waits for it. What it costs is measured by `bench`.

use e2e::{Client, Node, Person, Server, Stoa, Topology, eventually};

/// More than the calls that may fail before a process asks no more.
const REQUESTS: usize = 50;

/// Each is counted in Redis by the gateway, and each profile is looked up there by users.
fn read(ada: &Client, paths: &[String]) {
    for path in paths.iter().cycle().take(REQUESTS) {
        ada.get(path).expect(200);
    }
}

/// The commands of a process to Redis that ended so.
fn calls(node: &Node, outcome: &str) -> f64 {
    node.metric("stoa_redis_calls_total", &[&format!("outcome=\"{outcome}\"")])
}

/// Every request is answered, and in the end without a single command that is sent and waited for.
fn goes_on_without_it(stoa: &Stoa, ada: &Client, paths: &[String]) {
    for node in ["gateway", "users"].map(|name| stoa.node(name)) {
        eventually("Redis is not asked any more", || {
            read(ada, paths);
            (node.metric("stoa_redis_breaker_open", &[]) > 0.0).then_some(())
        });
        let sent = || {
            let outcomes = ["answered", "too_slow", "broken", "refused"];
            outcomes.iter().map(|outcome| calls(node, outcome)).sum::<f64>()
        };
        let (before, unsent) = (sent(), calls(node, "not_asked"));
        read(ada, paths);
        assert!(
            (sent() - before).abs() < 0.5,
            "{before} were sent, then {}",
            sent()
        );
        assert!(calls(node, "not_asked") > unsent);
    }
}

fn is_asked_again(stoa: &Stoa, ada: &Client, paths: &[String]) {
    for node in ["gateway", "users"].map(|name| stoa.node(name)) {
        let before = calls(node, "answered");
        eventually("Redis is asked again", || {
            read(ada, paths);
            (calls(node, "answered") > before).then_some(())
        });
    }
}

#[test]
fn without_redis_everything_is_answered_and_nobody_waits() {
    let mut redis = Server::start("redis");
    let stoa = Stoa::start_with(Topology::Split, |setup| {
        let setup = setup.env("REDIS_URL", &redis.url());
        let setup = setup.set("gateway.rate_limit.enabled", "true");
        ["address", "user", "strict"].iter().fold(setup, |setup, limit| {
            setup.set(&format!("gateway.rate_limit.{limit}"), "100000/s burst 100000")
        })
    });
    let gateway = stoa.gateway();
    let [ada, other] = ["ada", "grace"].map(|name| Person::join(&gateway, name));
    for person in [&ada, &other] {
        person.make_profile(&gateway, "hello");
    }
    let paths = ["/api/profile".to_owned(), format!("/api/users/{}", other.id)];
    let ada = ada.at(&gateway);

    is_asked_again(&stoa, &ada, &paths);
    redis.pause();
    goes_on_without_it(&stoa, &ada, &paths);
    redis.resume();
    is_asked_again(&stoa, &ada, &paths);
    redis.kill();
    goes_on_without_it(&stoa, &ada, &paths);
    redis.start_again();
    is_asked_again(&stoa, &ada, &paths);
}
