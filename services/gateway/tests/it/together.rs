//! How often somebody may ask two gateways that count together, and what becomes of it while Redis is away.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share is written like the tests themselves"
)]

use std::time::Duration;

use futures::future::join_all;
use kit_redis::{Redis, RedisDeps, RedisSettings};
use kit_runtime::{Ids, Lifecycle, Secret};
use kit_testing::{PrivateRedis, SilentServer, eventually, redis_url};

use crate::live::Live;
use crate::wire::Answer;

/// Two gateways, each with its own connection to the same Redis.
struct Pair {
    gateways: [Live; 2],
    redis: [Redis; 2],
    lifecycle: Lifecycle,
}

impl Pair {
    /// On the test server, and patient enough for a loaded machine.
    async fn start(keys: &[(&str, &str)]) -> Self {
        let pair = Self::at(&redis_url(), Duration::from_mins(1), keys).await;
        pair.until_asked().await;
        pair
    }

    async fn at(url: &str, limit: Duration, keys: &[(&str, &str)]) -> Self {
        let lifecycle = Lifecycle::new();
        let mut settings = RedisSettings::new(Secret::new(url.to_owned()));
        settings.prefix = format!("test-{}", Ids::system().uuid().simple());
        settings.limit = limit;
        settings.first_pause = Duration::from_millis(20);
        settings.longest_pause = Duration::from_millis(200);
        let open = || {
            let deps = RedisDeps {
                tasks: lifecycle.tasks(),
                ids: Ids::system(),
                metrics: None,
            };
            Redis::open(settings.clone(), deps).unwrap()
        };
        let redis = [open(), open()];
        let gateways = [
            Live::start_counting(keys, redis[0].clone()).await,
            Live::start_counting(keys, redis[1].clone()).await,
        ];
        Self {
            gateways,
            redis,
            lifecycle,
        }
    }

    async fn until_asked(&self) {
        eventually("both ask redis", async || {
            self.redis.iter().all(Redis::is_asked).then_some(())
        })
        .await;
    }

    /// So many requests to each at once; how many each let pass. All others must be told that they are too many.
    async fn passed(&self, each: usize, line: &str, headers: &[&str]) -> [usize; 2] {
        let ask = |gateway: usize| {
            let asked = (0..each).map(move |_| self.gateways[gateway].ask(line, headers));
            async move {
                let statuses: Vec<u16> = join_all(asked).await.iter().map(Answer::status).collect();
                assert!(
                    statuses.iter().all(|status| [200, 429].contains(status)),
                    "{statuses:?}"
                );
                statuses.iter().filter(|status| **status == 200).count()
            }
        };
        let (one, other) = tokio::join!(ask(0), ask(1));
        [one, other]
    }

    fn alone(&self, gateway: usize) -> u64 {
        let text = self.gateways[gateway].metrics.encode();
        let count = text
            .lines()
            .find_map(|line| line.strip_prefix("stoa_gateway_rate_limit_alone_total "));
        count.unwrap().parse().unwrap()
    }

    async fn end(self) {
        for gateway in self.gateways {
            gateway.end().await;
        }
        self.lifecycle.end().await;
    }
}

#[tokio::test]
async fn of_fifty_at_once_at_two_gateways_exactly_the_limit_passes() {
    let pair = Pair::start(&[
        ("gateway.rate_limit.strict", "10/h burst 10"),
        ("gateway.rate_limit.user", "15/h burst 15"),
    ])
    .await;
    let user = pair.gateways[0].user.authorization.clone();
    for (line, headers, limit) in [
        ("POST /api/near/guess", &[][..], 10),
        ("GET /api/near/mine", &[user.as_str()][..], 15),
    ] {
        let passed = pair.passed(25, line, headers).await;
        assert_eq!(passed[0] + passed[1], limit, "{line}");
        assert_eq!(pair.passed(1, line, headers).await, [0, 0], "{line}");
    }
    assert_eq!((pair.alone(0), pair.alone(1)), (0, 0));
    pair.end().await;
}

#[tokio::test]
async fn an_address_has_one_limit_at_all_gateways() {
    let pair = Pair::start(&[("gateway.rate_limit.address", "10/h burst 10")]).await;
    let passed = pair.passed(25, "GET /api/near/plain", &[]).await;
    assert_eq!(passed[0] + passed[1], 10);
    for gateway in &pair.gateways {
        let refused = gateway.ask("GET /api/far/plain", &[]).await;
        assert_eq!(refused.error(), (429, "too many requests".to_owned()));
        assert_eq!(refused.json()["code"], "rate_limited");
        let seconds: u32 = refused.head.header("retry-after").unwrap().parse().unwrap();
        assert!((300..=360).contains(&seconds), "one every six minutes: {seconds}");
        assert!(
            gateway
                .metrics
                .encode()
                .contains("stoa_gateway_rate_limited_total{limit=\"address\"}")
        );
    }
    pair.end().await;
}

#[tokio::test]
async fn what_has_been_waited_for_passes_again_at_either_gateway() {
    let pair = Pair::start(&[("gateway.rate_limit.strict", "5/s burst 1")]).await;
    let line = "POST /api/near/guess";
    let passed = pair.passed(1, line, &[]).await;
    assert!((1..=2).contains(&(passed[0] + passed[1])));
    for gateway in &pair.gateways {
        eventually("it passes", async || {
            (gateway.ask(line, &[]).await.status() == 200).then_some(())
        })
        .await;
    }
    pair.end().await;
}

#[tokio::test]
async fn while_redis_is_away_each_gateway_allows_its_share() {
    let mut dead = PrivateRedis::start().await;
    dead.kill().await;
    let silent = SilentServer::start().await;
    let limit = ("gateway.rate_limit.strict", "10/h burst 10");
    for url in [dead.url(), silent.url()] {
        for (gateways, share) in [("1", 10), ("2", 5), ("20", 1)] {
            let keys = [limit, ("gateway.rate_limit.gateways", gateways)];
            let pair = Pair::at(&url, Duration::from_millis(50), &keys).await;
            let passed = pair.passed(25, "POST /api/near/guess", &[]).await;
            assert_eq!(passed, [share, share], "{gateways} gateways");
            // The address of each, at least.
            assert!(pair.alone(0) >= 25 && pair.alone(1) >= 25);
            pair.end().await;
        }
    }
}

#[tokio::test]
async fn who_is_over_the_limit_stays_so_when_redis_goes_away() {
    let mut server = PrivateRedis::start().await;
    let keys = [
        ("gateway.rate_limit.strict", "10/h burst 10"),
        ("gateway.rate_limit.gateways", "2"),
    ];
    let pair = Pair::at(&server.url(), Duration::from_mins(1), &keys).await;
    pair.until_asked().await;
    let line = "POST /api/near/guess";
    let passed = pair.passed(25, line, &[]).await;
    assert_eq!(passed[0] + passed[1], 10);
    // Both have been told by Redis.
    assert_eq!(pair.passed(1, line, &[]).await, [0, 0]);
    server.kill().await;
    assert_eq!(pair.passed(25, line, &[]).await, [0, 0]);

    // An empty Redis knows of nobody; what a gateway remembers is enough.
    server.start_again().await;
    pair.until_asked().await;
    assert_eq!(pair.passed(25, line, &[]).await, [0, 0]);
    pair.end().await;
}

#[tokio::test]
async fn a_redis_that_stops_under_load_neither_fails_nor_frees_anybody() {
    let server = PrivateRedis::start().await;
    let keys = [
        ("gateway.rate_limit.address", "1000/h burst 1000"),
        ("gateway.rate_limit.strict", "20/h burst 20"),
    ];
    // It begins once Redis has counted all of it: a busy machine may be too slow for the limit, and what was counted
    // without an answer is counted twice.
    let pair = loop {
        let pair = Pair::at(&server.url(), Duration::from_millis(50), &keys).await;
        pair.until_asked().await;
        let before = pair.passed(5, "POST /api/near/guess", &[]).await;
        assert_eq!(before, [5, 5]);
        if (pair.alone(0), pair.alone(1)) == (0, 0) {
            break pair;
        }
        pair.end().await;
    };
    server.stop();
    let mut passed = [5, 5];
    for _ in 0..3 {
        let more = pair.passed(20, "POST /api/near/guess", &[]).await;
        passed = [passed[0] + more[0], passed[1] + more[1]];
    }
    // Each goes on from what it knows and lets no more pass than one gateway would.
    assert!(
        passed.iter().all(|passed| (10..=20).contains(passed)),
        "{passed:?}"
    );
    let asked = eventually("both have given up", async || {
        pair.passed(1, "GET /api/near/plain", &[]).await;
        pair.redis.iter().all(|redis| !redis.is_asked()).then_some(())
    });
    asked.await;
    server.go_on();
    pair.until_asked().await;
    assert_eq!(pair.passed(1, "POST /api/near/guess", &[]).await, [0, 0]);
    pair.end().await;
}
