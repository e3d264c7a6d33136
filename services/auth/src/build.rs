//! Putting the service together: everything that can fail, before anything runs.

use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

use auth_api::{AuthClient, Register, TokenConfig};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit_config::secret_file;
use kit_db::{Db, Migrations, Reader, StoreError, Tx};
use kit_http::{Guard, HandlersError};
use kit_rpc::{Hosted, InternalKeys};
use kit_runtime::{Clock, Ids, Readiness, Secret, Tasks};
use kit_token::Verifier;
use thiserror::Error;

use crate::AuthConfig;
use crate::config::SHORTEST_SECRET;
use crate::hashing::{HashPool, Hasher};
use crate::http::{internal_router, router};
use crate::service::{AuthService, Guesses, Inner, SessionOnRegister, SetUpLink, Settings};
use crate::signing::{BootKey, Seal, SigningError, SigningKeys};
use crate::store;

const UPKEEP_PERIOD: Duration = Duration::from_mins(10);

/// What auth needs from its process.
pub struct Deps {
    /// Its database.
    pub db: Db,
    /// What every process agrees on about tokens.
    pub token: TokenConfig,
    /// Verifies tokens on auth's own routes.
    pub verifier: Verifier,
    /// Who may call the contract's routes.
    pub internal_keys: InternalKeys,
    /// Where generated keys are kept.
    pub data: PathBuf,
    /// The time.
    pub clock: Clock,
    /// Identifiers and secrets.
    pub ids: Ids,
    /// Where background work runs.
    pub tasks: Tasks,
    /// Where the service says that it works.
    pub readiness: Readiness,
}

/// Why auth could not be built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// No keys to sign with.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The keys of the database could not be read.
    #[error("the signing keys cannot be read: {0}")]
    Store(#[from] StoreError),
    /// Routes and handlers do not agree.
    #[error(transparent)]
    Routes(#[from] HandlersError),
    /// The threads that check passwords could not start.
    #[error("the threads that check passwords could not start: {0}")]
    Threads(#[from] std::io::Error),
    /// The configured first admin could not be made.
    #[error("the first admin could not be made: {0}")]
    Admin(String),
}

/// Auth as its process hosts it.
pub struct AuthHosted {
    /// The service's face.
    pub hosted: Hosted<AuthClient>,
    /// The secret of the set-up link, while nobody is admin.
    pub setup: Option<Secret<String>>,
}

/// Auth's migrations.
pub fn migrations() -> Migrations {
    kit_db::migrations![
        "0001_accounts.sql",
        "0002_revocations_keys_audit.sql",
        "0003_known_addresses.sql"
    ]
}

/// Builds the service and makes the configured first admin.
pub async fn build(config: &AuthConfig, deps: Deps) -> Result<AuthHosted, BuildError> {
    let service = service(config, &deps).await?;
    let db = deps.db.clone();
    deps.readiness.check("auth.database", move || {
        let db = db.clone();
        async move { db.check().await }
    });
    start_upkeep(&service, &deps.tasks);
    let setup = first_admin(config, &service).await?;
    let client = AuthClient::local(service.clone());
    let internal = AuthClient::router(service.clone(), deps.internal_keys.clone())
        .merge(internal_router(service.clone(), deps.internal_keys));
    let routes = router(service, Guard::new(deps.verifier))?;
    Ok(AuthHosted {
        hosted: Hosted {
            client,
            routes,
            internal,
        },
        setup,
    })
}

/// The use cases on their database.
pub(crate) async fn service(config: &AuthConfig, deps: &Deps) -> Result<AuthService, BuildError> {
    let keys = signing_keys(config, deps).await?;
    let threads = match config.password_threads {
        0 => available_parallelism().map_or(2, usize::from),
        threads => threads,
    };
    let pool = HashPool::start(threads, config.password_queue)?;
    let hasher = Hasher::new(config.scheme(), pool, deps.ids.clone());
    let warming = hasher.clone();
    deps.tasks
        .spawn("auth.warm-up", async move { warming.warm_up().await });
    let inner = Inner {
        hasher,
        keys,
        guesses: Guesses::new(config.guess_rules()),
        verifier: deps.verifier.clone(),
        clock: deps.clock.clone(),
        ids: deps.ids.clone(),
        settings: settings(config, &deps.token),
        setup: SetUpLink::default(),
    };
    Ok(AuthService::new(deps.db.clone(), inner))
}

/// The keys of the database, with the one of the file added where it is wanted. Processes that start at once
/// find the same ones.
async fn signing_keys(config: &AuthConfig, deps: &Deps) -> Result<SigningKeys, BuildError> {
    let seal = Seal::new(&secret(config, deps)?);
    if let Some(shared) = SigningKeys::shared(&deps.token, &seal)? {
        return Ok(shared);
    }
    let now = deps.clock.now();
    let boot = BootKey::load(config, &deps.data)?;
    let read = async move |reader: &mut Reader| store::list_keys(reader).await;
    let rows = deps.db.read(read).await?;
    if let Some(row) = boot.wanted(&rows, &seal, now, config.key_publish_ahead.into()) {
        let unit = async move |tx: &mut Tx| store::insert_key(tx, &row).await;
        deps.db.write(unit).await.map_err(StoreError::from)?;
    }
    let rows = deps.db.read(read).await?;
    Ok(SigningKeys::pairs(seal, deps.token.expiry.into(), &rows, now)?)
}

fn secret(config: &AuthConfig, deps: &Deps) -> Result<Secret<String>, SigningError> {
    if let Some(secret) = &config.secret {
        return Ok(secret.clone());
    }
    let path = deps.data.join("keys/auth.secret");
    let secret = secret_file::read_or_create_text(&path, || URL_SAFE_NO_PAD.encode(deps.ids.random::<32>()))?;
    // A file that was cut short would otherwise be a secret that anybody can guess.
    if secret.expose().len() < SHORTEST_SECRET {
        return Err(SigningError::ShortSecret { path });
    }
    Ok(secret)
}

/// Forgets what no token can meet any more.
fn start_upkeep(service: &AuthService, tasks: &Tasks) {
    let service = service.clone();
    tasks.supervise("auth.upkeep", move |stop| {
        let service = service.clone();
        async move {
            loop {
                service.forget().await?;
                if !stop.sleep(UPKEEP_PERIOD).await {
                    return Ok(());
                }
            }
        }
    });
}

async fn first_admin(
    config: &AuthConfig,
    service: &AuthService,
) -> Result<Option<Secret<String>>, BuildError> {
    let failed = |error: &dyn std::fmt::Display| BuildError::Admin(error.to_string());
    if let (Some(username), Some(email), Some(password)) = (
        &config.admin_username,
        &config.admin_email,
        &config.admin_password,
    ) {
        let wanted = Register {
            username: username.clone(),
            email: email.clone(),
            password: password.expose().clone(),
        };
        service
            .ensure_admin(&wanted)
            .await
            .map_err(|error| failed(&error))?;
    }
    service.open_setup().await.map_err(|error| failed(&error))
}

fn settings(config: &AuthConfig, token: &TokenConfig) -> Settings {
    let session_on_register = if config.token_on_register {
        SessionOnRegister::Yes
    } else {
        SessionOnRegister::No
    };
    Settings {
        issuer: token.issuer.clone(),
        audience: token.audience.clone(),
        token_expiry: token.expiry.into(),
        refresh_expiry: config.refresh_expiry.into(),
        password_rules: config.password_rules(),
        session_on_register,
        algorithm: config.algorithm,
        key_publish_ahead: config.key_publish_ahead.into(),
    }
}
