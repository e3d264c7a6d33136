//! Putting the service together: everything that can fail, before anything runs.

use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::Context;
use auth_api::{AuthClient, TokenConfig};
use kit_db::{Reader, Tx};
use kit_runtime::{Secret, Tasks, WorkerPool};
use kit_service::{Home, Hosted, Notice, Peers, Service};

use crate::AuthConfig;
use crate::command;
use crate::config::SHORTEST_SECRET;
use crate::hashing::Hasher;
use crate::http::{internal_router, router};
use crate::mail_task::MailTask;
use crate::service::{AuthService, Guesses, Inner, SessionOnRegister, SetUpLink, Settings};
use crate::signing::{BootKey, Seal, SigningError, SigningKeys};
use crate::store;

const CLEAN_UP_PERIOD: Duration = Duration::from_mins(10);

/// Auth, for the process that hosts it.
pub fn service() -> Service {
    Service::new("auth", "accounts, sign-in and access tokens", build)
        .serving(auth_api::routes())
        .publishing(auth_api::TOPICS, auth_api::events)
        .keeping(kit_db::migrations![
            "0001_accounts.sql",
            "0002_revocations_keys_audit.sql",
            "0003_known_addresses.sql",
            "0004_mail.sql"
        ])
        .commanding(command::keys())
        .commanding(command::admin())
}

/// Builds it, and makes the configured first admin.
pub async fn build(config: AuthConfig, home: Home, peers: Peers) -> anyhow::Result<Hosted<AuthClient>> {
    let auth = use_cases(&config, &home).await?;
    let hasher = auth.hasher.clone();
    home.tasks
        .spawn("auth.warm-up", async move { hasher.warm_up().await });
    start_clean_up(&auth, &home.tasks);
    let mail = MailTask {
        auth: auth.clone(),
        peers,
        ids: home.ids.clone(),
    };
    mail.start(&home.tasks);
    make_first_admin(&config, &auth)
        .await
        .context("the first admin could not be made")?;
    let set_up = auth.open_set_up(&home.ids).await?.map(|secret| Notice {
        text: "There is no admin yet. Make one here; the link works once:",
        path: Secret::new(format!("/api/setup?token={}", secret.expose())),
    });
    let keys = home.internal_keys.clone();
    let internal = AuthClient::router(auth.clone(), keys.clone()).merge(internal_router(auth.clone(), keys));
    Ok(Hosted {
        notices: set_up.into_iter().collect(),
        ..Hosted::new(
            AuthClient::local(auth.clone()),
            router(auth, home.guard())?,
            internal,
        )
    })
}

/// The use cases on their database.
pub(crate) async fn use_cases(config: &AuthConfig, home: &Home) -> anyhow::Result<AuthService> {
    let token: TokenConfig = home.section()?;
    let threads = match config.password_threads {
        0 => available_parallelism().map_or(2, usize::from),
        threads => threads,
    };
    let pool = WorkerPool::start("hash", threads, config.password_queue)
        .context("the threads that check passwords could not start")?;
    let hasher = Hasher::new(config.scheme(), pool, home.ids.clone());
    Ok(AuthService::new(Inner {
        units: home.units()?,
        hasher,
        keys: signing_keys(config, &token, home).await?,
        guesses: Guesses::new(config.guess_rules(), home.clock.clone()),
        verifier: home.verifier.clone(),
        settings: settings(config, token),
        set_up_link: SetUpLink::default(),
    }))
}

/// The keys of the database, with the one of the file added where it is wanted. Processes that start at once
/// find the same ones.
async fn signing_keys(config: &AuthConfig, token: &TokenConfig, home: &Home) -> anyhow::Result<SigningKeys> {
    let seal = Seal::new(&secret(config, home)?);
    if let Some(shared) = SigningKeys::shared(token, &seal)? {
        return Ok(shared);
    }
    let (db, now) = (home.db()?, home.clock.now());
    let boot = BootKey::load(config, &home.data)?;
    let read = async move |reader: &mut Reader| store::list_keys(reader).await;
    let mut rows = db.read(read).await?;
    if let Some(row) = boot.new_row(&rows, &seal, now, config.key_publish_ahead.into()) {
        db.write(async move |tx: &mut Tx| store::insert_key(tx, &row).await)
            .await?;
        rows = db.read(read).await?;
    }
    Ok(SigningKeys::pairs(seal, token.expiry.into(), &rows, now)?)
}

fn secret(config: &AuthConfig, home: &Home) -> Result<Secret<String>, SigningError> {
    if let Some(secret) = &config.secret {
        return Ok(secret.clone());
    }
    let secret = home.secret("auth")?;
    // A file that was cut short would otherwise be a secret that anybody can guess.
    if secret.expose().len() < SHORTEST_SECRET {
        let path = home.data.join("keys/auth.secret");
        return Err(SigningError::ShortSecret { path });
    }
    Ok(secret)
}

fn start_clean_up(auth: &AuthService, tasks: &Tasks) {
    let auth = auth.clone();
    tasks.repeat("auth.clean-up", CLEAN_UP_PERIOD, move || {
        let auth = auth.clone();
        async move { auth.clean_up().await.map(|()| false) }
    });
}

async fn make_first_admin(config: &AuthConfig, auth: &AuthService) -> anyhow::Result<()> {
    if let Some(admin) = config.first_admin() {
        auth.ensure_admin(&admin).await?;
    }
    Ok(())
}

fn settings(config: &AuthConfig, token: TokenConfig) -> Settings {
    let session_on_register = if config.token_on_register {
        SessionOnRegister::Yes
    } else {
        SessionOnRegister::No
    };
    Settings {
        issuer: token.issuer,
        audience: token.audience,
        token_expiry: token.expiry.into(),
        refresh_expiry: config.refresh_expiry.into(),
        password_rules: config.password_rules(),
        session_on_register,
        algorithm: config.algorithm,
        key_publish_ahead: config.key_publish_ahead.into(),
    }
}
