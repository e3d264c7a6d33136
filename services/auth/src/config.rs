//! What an operator may set.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use auth_api::Register;
use kit_config::{Check, Span};
use kit_runtime::Secret;

use crate::domain::{Credentials, DelayRules, PasswordRules};
use crate::hashing::Scheme;
use crate::service::GuessRules;

kit_config::config_choice! {
    /// How access tokens are signed.
    pub enum SigningAlgorithm {
        /// RSA with SHA-256: understood everywhere.
        Rs256 = "RS256",
        /// ECDSA on P-256: small.
        Es256 = "ES256",
        /// Ed25519: small and fast.
        EdDsa = "EdDSA",
    }
}

kit_config::config_choice! {
    /// How new passwords are hashed.
    pub enum PasswordHash {
        /// bcrypt.
        Bcrypt = "bcrypt",
        /// Argon2id (RFC 9106).
        Argon2id = "argon2id",
    }
}

kit_config::config! {
    /// Accounts, sign-in and access tokens.
    pub struct AuthConfig("auth") {
        /// Where the service listens when it has a port of its own.
        listen: SocketAddr = "127.0.0.1:8081",
        /// How access tokens are signed, unless `token.jwt_secret` is set.
        algorithm: SigningAlgorithm = "RS256",
        /// The private key, a PEM file; made on first start where there is none. In the data folder by default.
        signing_key_file: Option<PathBuf>,
        /// The secret that refresh tokens and stored keys are sealed with, at least 32 bytes; made on first start
        /// in the data folder by default. Processes of auth share it.
        secret: Option<Secret<String>>,
        /// For how long a new signing key is published before it signs, so that every verifier has it by then; at
        /// least 2 s. Verifiers look twice in a second, those with `token.revocation` off every 5 s.
        key_publish_ahead: Span = "15s",
        /// How long a session lives without being used.
        refresh_expiry: Span = "30d",
        /// Whether a registration begins a session at once.
        token_on_register: bool = "false",
        /// How new passwords are hashed; either kind is checked.
        #[key("password.hash")]
        password_hash: PasswordHash = "bcrypt",
        /// The cost of bcrypt; one more doubles the work.
        #[key("password.bcrypt_cost")]
        bcrypt_cost: u32 = "12",
        /// The memory of Argon2id, in KiB.
        #[key("password.argon2_kib")]
        argon2_kib: u32 = "19456",
        /// The passes of Argon2id.
        #[key("password.argon2_passes")]
        argon2_passes: u32 = "2",
        /// The lanes of Argon2id.
        #[key("password.argon2_lanes")]
        argon2_lanes: u32 = "1",
        /// How many passwords are checked at once; 0 takes the number of cores.
        #[key("password.threads")]
        password_threads: usize = "0",
        /// How many more may wait; past that a sign-in is answered 503.
        #[key("password.queue")]
        password_queue: usize = "64",
        /// Whether sign-ins are slowed down after failures.
        #[key("brute_force.enabled")]
        brute_force: bool = "true",
        /// From this failure of an account on, each costs time: a second, and twice as long each time.
        #[key("brute_force.account_failures")]
        account_failures: u32 = "5",
        /// The same for an address.
        #[key("brute_force.address_failures")]
        address_failures: u32 = "50",
        /// For how long a failure is remembered after the last one.
        #[key("brute_force.window")]
        brute_force_window: Span = "15m",
        /// The longest that one has to wait.
        #[key("brute_force.longest_delay")]
        longest_delay: Span = "30s",
        /// The name of the first admin, made at start where there is none.
        #[key("admin.username")]
        admin_username: Option<String>,
        /// The address of the first admin.
        #[key("admin.email")]
        admin_email: Option<String>,
        /// The password of the first admin.
        #[key("admin.password")]
        admin_password: Option<Secret<String>>,
    }
    validate(check)
}

/// Of what refresh tokens are sealed with, in bytes.
pub(crate) const SHORTEST_SECRET: usize = 32;

/// In less, a verifier may meet a token before its key.
const SHORTEST_PUBLISH_AHEAD: Duration = Duration::from_secs(2);

fn check(config: &AuthConfig, check: &mut Check<'_>) {
    if let Err(problem) = config.scheme().validate() {
        let key = match config.password_hash {
            PasswordHash::Bcrypt => "password.bcrypt_cost",
            PasswordHash::Argon2id => "password.argon2_kib",
        };
        check.refuse(key, &problem);
    }
    if Duration::from(config.refresh_expiry).is_zero() {
        check.refuse("refresh_expiry", "must not be 0");
    }
    if Duration::from(config.key_publish_ahead) < SHORTEST_PUBLISH_AHEAD {
        check.refuse("key_publish_ahead", "must be at least 2s");
    }
    let given = [
        config.admin_username.is_some(),
        config.admin_email.is_some(),
        config.admin_password.is_some(),
    ];
    if given.contains(&true) && given.contains(&false) {
        check.refuse(
            "admin.username",
            "the first admin needs a username, an e-mail address and a password",
        );
    }
    if let Some(admin) = config.first_admin()
        && let Err(errors) = Credentials::check(&admin, config.password_rules())
    {
        for error in errors {
            let key = format!("admin.{}", error.pointer.trim_start_matches('/'));
            check.refuse(
                &key,
                format!("the first admin cannot be made with it: {}", error.message),
            );
        }
    }
    if config
        .secret
        .as_ref()
        .is_some_and(|secret| secret.expose().len() < SHORTEST_SECRET)
    {
        check.refuse("secret", "must have at least 32 bytes");
    }
    if let Some(secret) = &config.secret {
        check.require_strong("secret", secret);
    }
}

impl AuthConfig {
    pub(crate) fn guess_rules(&self) -> Option<GuessRules> {
        let rules = |free| DelayRules {
            free,
            window: self.brute_force_window.into(),
            longest: self.longest_delay.into(),
        };
        let (account, address) = (rules(self.account_failures), rules(self.address_failures));
        self.brute_force.then_some(GuessRules { account, address })
    }

    pub(crate) fn scheme(&self) -> Scheme {
        match self.password_hash {
            PasswordHash::Bcrypt => Scheme::Bcrypt {
                cost: self.bcrypt_cost,
            },
            PasswordHash::Argon2id => Scheme::Argon2id {
                kib: self.argon2_kib,
                passes: self.argon2_passes,
                lanes: self.argon2_lanes,
            },
        }
    }

    /// The account that the configuration names, to be made where there is no admin.
    pub(crate) fn first_admin(&self) -> Option<Register> {
        Some(Register {
            username: self.admin_username.clone()?,
            email: self.admin_email.clone()?,
            password: self.admin_password.as_ref()?.expose().clone(),
        })
    }

    pub(crate) fn password_rules(&self) -> PasswordRules {
        match self.password_hash {
            PasswordHash::Bcrypt => PasswordRules::Bcrypt,
            PasswordHash::Argon2id => PasswordRules::Argon2id,
        }
    }
}
