//! A process for a test: everything a service asks of its node, with keys of the test's own.

use std::net::SocketAddr;
use std::time::Duration;

use kit_http::server::{Endpoint, Server, ServerSettings, Stack};
use kit_rpc::pool::PoolSettings;
use kit_rpc::{InternalKeys, Remote, RpcPool};
use kit_runtime::{Clock, FakeClock, Ids, Lifecycle, Readiness, Secret, Timestamp};
use kit_telemetry::Metrics;
use kit_token::{KeySet, SigningKey, Verifier, VerifierRules};

use crate::client::Client;
use crate::identity::Identity;
use crate::waiting::eventually;

/// `iss` of the tests' tokens.
pub const ISSUER: &str = "http://test.stoa.example";
/// `aud` of the tests' tokens.
pub const AUDIENCE: &str = "stoa-test";

const SECRET: &[u8] = b"the tests' own signing secret, which is long enough";
const INTERNAL_KEY: &str = "the-internal-key-of-the-tests-is-long-enough";
/// 2030-01-01: a time that no machine has yet, so that a clock read by mistake shows.
const START: i64 = 1_893_456_000;

/// What a service under test runs in. Time stands still until [`FakeClock::advance`].
pub struct TestProcess {
    /// Starts tasks; ends with the test.
    pub lifecycle: Lifecycle,
    /// The time, in the test's hand.
    pub time: FakeClock,
    /// Where services say that they work.
    pub readiness: Readiness,
    /// What they count.
    pub metrics: Metrics,
    /// Believes tokens that [`TestProcess::sign_in`] makes.
    pub verifier: Verifier,
    signing_key: SigningKey,
}

impl Default for TestProcess {
    fn default() -> Self {
        Self::new()
    }
}

impl TestProcess {
    /// A process in which nothing runs yet, on the first day of 2030.
    #[must_use]
    pub fn new() -> Self {
        Self::at(FakeClock::at(Timestamp::from_seconds(START)))
    }

    /// As [`TestProcess::new`], at another time.
    ///
    /// # Panics
    /// When the tests' own key is refused.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without keys cannot go on")]
    pub fn at(time: FakeClock) -> Self {
        let verifier = Verifier::new(Self::rules(), time.clock()).expect("the rules are sound");
        let secret = Secret::new(SECRET.to_vec());
        verifier.replace_keys(KeySet::from_secret(&secret).expect("the secret is long enough"));
        Self {
            lifecycle: Lifecycle::new(),
            time,
            readiness: Readiness::new(),
            metrics: Metrics::new(),
            verifier,
            signing_key: SigningKey::hs256(&secret).expect("the secret is long enough"),
        }
    }

    /// What the tests' tokens are held to.
    #[must_use]
    pub fn rules() -> VerifierRules {
        VerifierRules {
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            max_lifetime: Duration::from_hours(24),
            leeway: Duration::from_secs(30),
        }
    }

    /// The clock that services take.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.time.clock()
    }

    /// The keys of calls between services.
    ///
    /// # Panics
    /// When the tests' own key is refused.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without keys cannot go on")]
    pub fn internal_keys(&self) -> InternalKeys {
        InternalKeys::new(vec![Secret::new(INTERNAL_KEY.to_owned())]).expect("the key is long enough")
    }

    /// Signs a token for somebody.
    #[must_use]
    pub fn sign_in(&self, identity: &Identity) -> String {
        self.signing_key.sign(&identity.claims(self.clock().now()))
    }

    /// Serves a router (or any endpoint) on a free port, behind the real stack.
    ///
    /// # Panics
    /// When no port is to be had.
    #[expect(clippy::expect_used, reason = "a test without a server cannot go on")]
    pub async fn serve<E: Endpoint>(&self, endpoint: E) -> SocketAddr {
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = Server::bind(anywhere, ServerSettings::default())
            .await
            .expect("a free port");
        let address = server.address().expect("a bound socket has an address");
        server.serve(
            endpoint,
            Stack::new(Ids::system(), &self.metrics),
            &self.lifecycle.tasks(),
        );
        address
    }

    /// Returns once everything in the process works.
    ///
    /// # Panics
    /// When it does not within a minute.
    pub async fn ready(&self) {
        let ready = async || self.readiness.report().await.ready.then_some(());
        eventually("the process is ready", ready).await;
    }

    /// A client without a token.
    #[must_use]
    pub fn client(&self, address: SocketAddr) -> Client {
        Client::new(address, self.lifecycle.tasks())
    }

    /// A client signed in as somebody.
    #[must_use]
    pub fn client_of(&self, address: SocketAddr, identity: &Identity) -> Client {
        self.client(address).with_token(&self.sign_in(identity))
    }

    /// The way to a contract that is served at an address.
    ///
    /// # Panics
    /// When the address is none.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test without a peer cannot go on")]
    pub fn remote(&self, address: SocketAddr) -> Remote {
        let pool = RpcPool::new(PoolSettings::default(), self.lifecycle.tasks());
        let base = format!("http://{address}")
            .parse()
            .expect("a socket's address is a base address");
        Remote::new(&pool, &base, self.internal_keys()).expect("plain HTTP needs no certificates")
    }
}
