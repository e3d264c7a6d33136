//! Redis goes away, and nobody gets an error or waits for it. What it costs is measured by `bench`.

use e2e::{Client, Node, Person, Server, Stoa, Topology, eventually};
use serde_json::json;

/// More than the calls that may fail before a process asks no more.
const ROUNDS: usize = 30;

/// Changes a profile and reads it, again and again. Each request is counted in Redis by the gateway, and users has a
/// copy of the profile there, which every change makes anew.
fn change_and_read(ada: &Client) {
    for round in 0..ROUNDS {
        let bio = format!("round {round}");
        ada.put("/api/profile", &json!({ "bio": bio })).expect(200);
        assert_eq!(ada.get("/api/profile").expect(200)["bio"], bio.as_str());
    }
}

/// The commands of a process to Redis that ended so.
fn calls(node: &Node, outcome: &str) -> f64 {
    node.metric("stoa_redis_calls_total", &[&format!("outcome=\"{outcome}\"")])
}

/// Every request is answered, and in the end without a single command that is sent and waited for.
fn goes_on_without_it(stoa: &Stoa, ada: &Client) {
    for node in ["gateway", "users"].map(|name| stoa.node(name)) {
        eventually("Redis is not asked any more", || {
            change_and_read(ada);
            (node.metric("stoa_redis_breaker_open", &[]) > 0.0).then_some(())
        });
        let sent = || {
            let outcomes = ["answered", "too_slow", "broken", "refused"];
            outcomes.iter().map(|outcome| calls(node, outcome)).sum::<f64>()
        };
        let (before, unsent) = (sent(), calls(node, "not_asked"));
        change_and_read(ada);
        assert!(
            (sent() - before).abs() < 0.5,
            "{before} were sent, then {}",
            sent()
        );
        assert!(calls(node, "not_asked") > unsent);
    }
}

fn is_asked_again(stoa: &Stoa, ada: &Client) {
    for node in ["gateway", "users"].map(|name| stoa.node(name)) {
        let before = calls(node, "answered");
        eventually("Redis is asked again", || {
            change_and_read(ada);
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
    let ada = Person::join(&gateway, "ada").at(&gateway);

    is_asked_again(&stoa, &ada);
    redis.pause();
    goes_on_without_it(&stoa, &ada);
    redis.resume();
    is_asked_again(&stoa, &ada);
    redis.kill();
    goes_on_without_it(&stoa, &ada);
    redis.start_again();
    is_asked_again(&stoa, &ada);
}
