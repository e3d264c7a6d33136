//! Stories of configuring a process: who wins, what is refused, what is told.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod layers;
mod problems;
mod reference;
mod secret_files;
mod values;

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use kit_config::{
    AliasKind, BaseUrl, Catalog, Check, ConfigErrors, Loaded, Map, Section, Sources, Span, Tables, config,
    config_choice,
};
use kit_runtime::Secret;
use serde::Deserialize;
use tempfile::TempDir;

config_choice! {
    /// How tokens are signed.
    pub enum Algorithm {
        /// RSA.
        Rs256 = "RS256",
        /// A shared secret.
        Hs256 = "HS256",
    }
}

config! {
    /// Sign-up, sign-in
    /// and tokens.
    pub struct AuthConfig("auth") {
        /// Where the service listens.
        listen: SocketAddr = "127.0.0.1:8081",
        /// How long an access token lives.
        token_expiry: Span = "24h",
        /// How tokens are signed: one | the other.
        algorithm: Algorithm = "RS256",
        /// The work factor of new hashes.
        #[key("password.bcrypt_cost")]
        bcrypt_cost: u32 = "12",
        /// Signs tokens when the algorithm is `HS256`.
        jwt_secret: Option<Secret<String>>,
        /// Who may call from a browser.
        origins: Vec<String>,
    }
    validate(check_auth)
}

fn check_auth(config: &AuthConfig, check: &mut Check<'_>) {
    match (&config.jwt_secret, config.algorithm) {
        (Some(secret), _) => check.require_strong("jwt_secret", secret),
        (None, Algorithm::Hs256) => check.refuse("jwt_secret", "is needed where `auth.algorithm` is `HS256`"),
        (None, Algorithm::Rs256) => {}
    }
}

/// A route of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Below which it matches.
    pub prefix: String,
    /// Where it leads.
    pub target: BaseUrl,
    /// How long it may take.
    pub timeout: Option<Span>,
}

config! {
    /// The way in.
    pub struct GatewayConfig("gateway") {
        /// Routes to other servers.
        routes: Tables<Route>,
    }
}

config! {
    /// Where other services are.
    pub struct PeersConfig("peers") {
        /// The address of the service of that name.
        #[key("*")]
        by_service: Map<BaseUrl>,
    }
}

/// The catalog of the stories.
fn catalog() -> Catalog {
    Catalog::new()
        .section::<AuthConfig>()
        .section::<GatewayConfig>()
        .section::<PeersConfig>()
        .reserved("auth.listen", "Taken by the section.")
        .reserved("orders.listen", "Where orders listens.")
        .reserved("redis.url", "The cache.")
        .alias("PORT", "port", AliasKind::Same)
        .alias("JWT_SECRET", "auth.jwt_secret", AliasKind::Same)
        .alias("TOKEN_EXPIRY", "auth.token_expiry", AliasKind::Hours)
        .alias("AUTH_SERVICE_URL", "peers.auth", AliasKind::Same)
        .alias("REDIS_URL", "redis.url", AliasKind::Same)
}

/// A machine on which a process is configured.
struct Machine {
    folder: TempDir,
    sources: Sources,
}

impl Machine {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            sources: Sources::default(),
        }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn file(mut self, text: &str) -> Self {
        self.sources.file = Some(self.write("stoa.toml", text));
        self
    }

    fn dotenv(mut self, text: &str) -> Self {
        self.sources.dotenv = Some(self.write(".env", text));
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn flag(mut self, path: &str, value: &str) -> Self {
        self.sources.flags.push((path.to_owned(), value.to_owned()));
        self
    }

    fn load(&self) -> Result<Loaded, ConfigErrors> {
        catalog().load(self.sources.clone())
    }

    fn get<S: Section>(&self) -> S {
        self.load().expect("no problem").get().expect("no problem")
    }

    /// The problems as they are told, without the folder.
    fn problems(&self) -> Vec<String> {
        let errors = match self.load() {
            Ok(loaded) => loaded.check().expect_err("something is wrong"),
            Err(errors) => errors,
        };
        let folder = format!("{}/", self.folder.path().display());
        errors
            .problems()
            .iter()
            .map(|problem| problem.to_string().replace(&folder, ""))
            .collect()
    }

    fn origin(&self, path: &str) -> String {
        let origin = self.load().expect("no problem").origin(path).expect("it has one");
        origin
            .to_string()
            .replace(&format!("{}/", self.folder.path().display()), "")
    }
}
