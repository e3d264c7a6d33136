//! A server that is away, silent, or wrong.

use std::time::Duration;

use futures::future::join_all;
use kit_redis::{Away, RedisSettings};
use kit_runtime::Secret;
use kit_testing::{PrivateRedis, SilentServer, eventually, redis_url};
use tokio::time::timeout;

use crate::world::World;

/// Far more than a command may take.
const LONG: Duration = Duration::from_mins(1);

async fn until_open(world: &World) {
    eventually("nobody is sent there", async || {
        (!world.redis.is_asked()).then_some(())
    })
    .await;
}

async fn until_answered(world: &World) {
    // A loaded machine may be too slow for one command, or for connecting.
    eventually("it answers", async || world.echo("again").await.ok()).await;
}

#[tokio::test]
async fn a_dead_server_costs_nothing_and_is_found_when_it_comes() {
    let mut server = PrivateRedis::start().await;
    server.kill().await;
    let world = World::at(&server.url());
    for _ in 0..100 {
        assert!(matches!(world.echo("word").await, Err(Away::NotAsked)));
    }
    assert!(world.counts("stoa_redis_calls_total{call=\"echo\",outcome=\"not_asked\"} 100"));
    assert!(world.counts("stoa_redis_breaker_open 1"));
    server.start_again().await;
    until_answered(&world).await;
    assert!(world.counts("stoa_redis_breaker_open 0"));
    world.end().await;
}

#[tokio::test]
async fn a_server_that_is_killed_under_load_is_given_up_and_found_again() {
    let mut server = PrivateRedis::start().await;
    let world = World::at(&server.url());
    for _ in 0..3 {
        until_answered(&world).await;
        let load = async {
            while world.redis.is_asked() {
                join_all((0..50).map(|number| world.echo(if number % 2 == 0 { "a" } else { "b" }))).await;
            }
        };
        let ((), ended) = tokio::join!(server.kill(), timeout(LONG, load));
        ended.expect("each has an answer, or hears that there is none");
        server.start_again().await;
    }
    until_answered(&world).await;
    world.end().await;
}

#[tokio::test]
async fn a_server_that_stops_holds_up_a_few_and_then_nobody() {
    let server = PrivateRedis::start().await;
    let world = World::at(&server.url());
    until_answered(&world).await;
    server.stop();
    let mut held_up = 0;
    let asking = async {
        while world.redis.is_asked() {
            match world.echo("word").await {
                Err(Away::TooSlow(_)) => held_up += 1,
                Err(Away::NotAsked) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    timeout(LONG, asking).await.expect("it is given up");
    assert_eq!(held_up, 5, "as many as are set");
    // It takes connections, and none of its silence is a caller's business.
    for _ in 0..100 {
        assert!(matches!(world.echo("word").await, Err(Away::NotAsked)));
    }
    eventually("it is tried", async || {
        (world.failed_connects() > 0).then_some(())
    })
    .await;
    assert!(!world.redis.is_asked());
    server.go_on();
    until_answered(&world).await;
    world.end().await;
}

#[tokio::test]
async fn a_server_that_never_says_a_word_is_never_asked() {
    let server = SilentServer::start().await;
    let world = World::at(&server.url());
    eventually("it is tried twice", async || {
        assert!(matches!(world.echo("word").await, Err(Away::NotAsked)));
        (world.failed_connects() > 1).then_some(())
    })
    .await;
    world.end().await;
}

#[tokio::test]
async fn a_wrong_password_is_no_answer() {
    let right = redis_url();
    let (_, place) = right.split_once('@').expect("a password");
    let world = World::at(&format!("redis://:wrong@{place}"));
    eventually("it is tried", async || {
        (world.failed_connects() > 0).then_some(())
    })
    .await;
    assert!(matches!(world.echo("word").await, Err(Away::NotAsked)));
    let shown = format!("{:?}", RedisSettings::new(Secret::new(right.clone())));
    assert!(!shown.contains(&right));
    world.end().await;
}

#[tokio::test]
async fn a_server_that_cannot_be_written_to_is_given_up_like_a_silent_one() {
    let server = PrivateRedis::start().await;
    let world = World::patient(&server.url()).await;
    // As after a failover that this process has not heard of.
    let follow: String = world
        .redis
        .ask("replicaof", kit_redis::cmd("REPLICAOF").arg("127.0.0.1").arg(1))
        .await
        .unwrap();
    assert_eq!(follow, "OK");
    let mut refused = 0;
    let writing = async {
        while world.redis.is_asked() {
            let set = kit_redis::cmd("SET").arg("key").arg("value").to_owned();
            match world.redis.ask::<String>("set", &set).await {
                Err(Away::Broken(_)) => refused += 1,
                Err(Away::NotAsked) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    timeout(LONG, writing).await.expect("it is given up");
    assert_eq!(refused, 5);
    until_open(&world).await;
    world.end().await;
}
