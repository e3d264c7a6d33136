//! A server that is away, silent, or wrong.

use std::time::Duration;

use futures::future::join_all;
use kit_redis::{Away, RedisSettings};
use kit_runtime::Secret;
use kit_testing::{PrivateRedis, SilentServer, eventually, redis_url};
use tokio::time::timeout;

use crate::client::TestClient;

/// Far more than a command may take.
const LONG: Duration = Duration::from_mins(1);

async fn until_open(client: &TestClient) {
    eventually("nobody is sent there", async || {
        (!client.redis.is_asked()).then_some(())
    })
    .await;
}

async fn until_answered(client: &TestClient) {
    // A loaded machine may be too slow for one command, or for connecting.
    eventually("it answers", async || client.echo("again").await.ok()).await;
}

#[tokio::test]
async fn a_dead_server_costs_nothing_and_is_found_when_it_comes() {
    let mut server = PrivateRedis::start().await;
    server.kill().await;
    let client = TestClient::at(&server.url());
    for _ in 0..100 {
        assert!(matches!(client.echo("word").await, Err(Away::NotAsked)));
    }
    assert!(client.counts("stoa_redis_calls_total{call=\"echo\",outcome=\"not_asked\"} 100"));
    assert!(client.counts("stoa_redis_breaker_open 1"));
    server.start_again().await;
    until_answered(&client).await;
    assert!(client.counts("stoa_redis_breaker_open 0"));
    client.end().await;
}

#[tokio::test]
async fn a_server_that_is_killed_under_load_is_given_up_and_found_again() {
    let mut server = PrivateRedis::start().await;
    let client = TestClient::at(&server.url());
    for _ in 0..3 {
        until_answered(&client).await;
        let load = async {
            while client.redis.is_asked() {
                join_all((0..50).map(|number| client.echo(if number % 2 == 0 { "a" } else { "b" }))).await;
            }
        };
        let ((), ended) = tokio::join!(server.kill(), timeout(LONG, load));
        ended.expect("each has an answer, or hears that there is none");
        server.start_again().await;
    }
    until_answered(&client).await;
    client.end().await;
}

#[tokio::test]
async fn a_server_that_stops_holds_up_a_few_and_then_nobody() {
    let server = PrivateRedis::start().await;
    let client = TestClient::at(&server.url());
    until_answered(&client).await;
    server.stop();
    let mut held_up = 0;
    let asking = async {
        while client.redis.is_asked() {
            match client.echo("word").await {
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
        assert!(matches!(client.echo("word").await, Err(Away::NotAsked)));
    }
    eventually("it is tried", async || {
        (client.failed_connects() > 0).then_some(())
    })
    .await;
    assert!(!client.redis.is_asked());
    server.go_on();
    until_answered(&client).await;
    client.end().await;
}

#[tokio::test]
async fn a_server_that_never_says_a_word_is_never_asked() {
    let server = SilentServer::start().await;
    let client = TestClient::at(&server.url());
    eventually("it is tried twice", async || {
        assert!(matches!(client.echo("word").await, Err(Away::NotAsked)));
        (client.failed_connects() > 1).then_some(())
    })
    .await;
    client.end().await;
}

#[tokio::test]
async fn a_wrong_password_is_no_answer() {
    let right = redis_url();
    let (_, address) = right.split_once('@').expect("a password");
    let client = TestClient::at(&format!("redis://:wrong@{address}"));
    eventually("it is tried", async || {
        (client.failed_connects() > 0).then_some(())
    })
    .await;
    assert!(matches!(client.echo("word").await, Err(Away::NotAsked)));
    let shown = format!("{:?}", RedisSettings::new(Secret::new(right.clone())));
    assert!(!shown.contains(&right));
    client.end().await;
}

#[tokio::test]
async fn a_server_that_cannot_be_written_to_is_given_up_like_a_silent_one() {
    let server = PrivateRedis::start().await;
    let client = TestClient::patient(&server.url()).await;
    // As after a failover that this process has not heard of.
    let follow: String = client
        .redis
        .ask("replicaof", kit_redis::cmd("REPLICAOF").arg("127.0.0.1").arg(1))
        .await
        .unwrap();
    assert_eq!(follow, "OK");
    let mut refused = 0;
    let writing = async {
        while client.redis.is_asked() {
            let set = kit_redis::cmd("SET").arg("key").arg("value").to_owned();
            match client.redis.ask::<String>("set", &set).await {
                Err(Away::Broken(_)) => refused += 1,
                Err(Away::NotAsked) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    timeout(LONG, writing).await.expect("it is given up");
    assert_eq!(refused, 5);
    until_open(&client).await;
    client.end().await;
}
