//! A server that does as it should.

use futures::FutureExt;
use futures::future::join_all;
use kit_redis::{Away, Redis, RedisDeps, RedisSettings, Script, cmd};
use kit_runtime::{Ids, Lifecycle, Secret};
use kit_testing::redis_url;

use crate::client::TestClient;

#[tokio::test]
async fn commands_and_scripts_are_answered() {
    let client = TestClient::patient(&redis_url()).await;
    let redis = &client.redis;
    assert_eq!(client.echo("hello").await.unwrap(), "hello");

    let add = Script::new("add", "return redis.call('INCRBY', KEYS[1], ARGV[1] + ARGV[2])");
    let key = redis.key("sums", 7);
    assert_eq!(redis.run::<i64>(&add, &key, (2, 3)).await.unwrap(), 5);
    assert_eq!(redis.run::<i64>(&add, &key, (4, 1)).await.unwrap(), 10);
    let removed: i64 = redis.ask("del", cmd("DEL").arg(&key)).await.unwrap();
    assert_eq!(removed, 1);

    assert!(client.counts("stoa_redis_calls_total{call=\"add\",outcome=\"answered\"} 2"));
    assert!(client.counts("stoa_redis_call_seconds_count{call=\"add\"} 2"));
    assert!(client.counts("stoa_redis_breaker_open 0"));
    client.end().await;
}

#[tokio::test]
async fn a_script_that_the_server_has_forgotten_is_sent_again() {
    let client = TestClient::patient(&redis_url()).await;
    let new = Ids::system().uuid().simple().to_string();
    let script = Script::new("new", &format!("return '{new}' .. ARGV[1]"));
    for number in 0..2 {
        let said: String = client.redis.run(&script, "any", number).await.unwrap();
        assert_eq!(said, format!("{new}{number}"));
    }
    client.end().await;
}

#[tokio::test]
async fn each_of_many_at_once_gets_the_own_answer_also_beside_those_who_left() {
    let client = TestClient::patient(&redis_url()).await;
    for round in 0..5 {
        let left = format!("left {round}");
        // Sent, and never waited for.
        assert!(client.echo(&left).now_or_never().is_none());
        let words: Vec<String> = (0..200).map(|number| format!("{round}.{number}")).collect();
        let said = join_all(words.iter().map(|word| client.echo(word))).await;
        let said: Vec<String> = said.into_iter().map(Result::unwrap).collect();
        assert_eq!(said, words);
    }
    client.end().await;
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    let client = TestClient::patient(&redis_url()).await;
    let key = client.redis.key("words", "list");
    let pushed: i64 = client
        .redis
        .ask("push", cmd("RPUSH").arg(&key).arg(1))
        .await
        .unwrap();
    assert_eq!(pushed, 1);
    for _ in 0..20 {
        let refused = client.redis.ask::<String>("get", cmd("GET").arg(&key)).await;
        assert!(matches!(refused, Err(Away::Refused(_))), "{refused:?}");
        let odd = client.redis.ask::<i64>("echo", cmd("ECHO").arg("word")).await;
        assert!(matches!(odd, Err(Away::Refused(_))), "{odd:?}");
    }
    assert!(client.redis.is_asked());
    assert!(client.counts("stoa_redis_calls_total{call=\"get\",outcome=\"refused\"} 20"));
    let _: i64 = client.redis.ask("del", cmd("DEL").arg(&key)).await.unwrap();
    client.end().await;
}

#[tokio::test]
async fn keys_begin_with_the_installations_prefix() {
    let lifecycle = Lifecycle::new();
    let deps = RedisDeps {
        tasks: lifecycle.tasks(),
        ids: Ids::system(),
        metrics: None,
    };
    let settings = RedisSettings::new(Secret::new("redis://127.0.0.1:1".to_owned()));
    let redis = Redis::open(settings, deps.clone()).unwrap();
    assert_eq!(redis.key("profiles", 17), "stoa:profiles:17");

    for url in [
        "",
        "127.0.0.1",
        "http://secret@127.0.0.1",
        "redis://:secret@127.0.0.1:x",
    ] {
        let bad = RedisSettings::new(Secret::new(url.to_owned()));
        let error = Redis::open(bad, deps.clone()).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains("secret"), "{text}");
    }
    lifecycle.end().await;
}
