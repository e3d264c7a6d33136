//! Putting the service together: everything that can fail, before anything runs.

use std::sync::Arc;

use anyhow::Context as _;
use kit_config::{BaseUrl, secret_file};
use kit_rpc::pool::{Pool, PoolSettings};
use kit_runtime::Secret;
use kit_service::{Home, Hosted, Peers, Service};
use kit_webhooks::{WebhookKey, secret_of};
use payments_api::PaymentsClient;

use crate::config::{PaymentsConfig, ProviderChoice};
use crate::consumers;
use crate::domain::{Limit, Origins, ReconciliationRules};
use crate::http::router;
use crate::janitor;
use crate::provider::Provider;
use crate::provider::sandbox::{Chaos, Receiver, Sandbox, SandboxSettings};
use crate::provider::stripe::{Stripe, StripeSettings};
use crate::service::{CallbackSender, PaymentRules, PaymentsService, ReconciliationMetrics};
use crate::store::{FACTS, INVARIANTS};

/// Payments, for the process that hosts it.
pub fn service() -> Service {
    Service::new(
        "payments",
        "payments of orders and invoices, transactions and the ledger",
        build,
    )
    .serving(payments_api::routes())
    .publishing(payments_api::TOPICS, payments_api::events)
    .keeping(kit_db::migrations![
        "0001_transactions.sql",
        "0002_ledger.sql",
        "0003_payments.sql",
        "0004_sandbox.sql",
        "0005_webhooks.sql",
        "0006_stripe.sql",
        "0007_guests.sql",
        "0008_reconciliation.sql",
        "0009_held_charges.sql",
        "0010_invoices.sql"
    ])
    .verified_by(INVARIANTS, FACTS)
}

/// Builds it.
pub async fn build(config: PaymentsConfig, home: Home, _: Peers) -> anyhow::Result<Hosted<PaymentsClient>> {
    let limit = Limit {
        most: config.transaction_limit,
        counts: config.limit_counts,
    };
    let public = home.public_url()?;
    let rules = PaymentRules {
        most_declines: config.most_declines.into(),
        provider_timeout: config.provider_timeout.into(),
        reconciliation: ReconciliationRules {
            period: config.reconcile_period.into(),
            window: config.reconcile_window.into(),
        },
        origins: Arc::new(origins(&config, &public)),
    };
    let provider = provider(&config, &home, &public)?;
    let service = PaymentsService::new(
        home.units()?,
        home.tasks.clone(),
        provider.clone(),
        (limit, rules),
        (
            ReconciliationMetrics::new(&home.metrics),
            callbacks(&config, &home)?,
        ),
    );
    let period = config.janitor_period.into();
    if let Provider::Sandbox(sandbox) = &provider {
        sandbox.start_sending(&home.tasks, receiver(&config, &home, &service)?, period);
    }
    consumers::start(&home.bus()?, &service)?;
    janitor::start(&home.tasks, &service, period);
    Ok(Hosted::new(
        PaymentsClient::local(service.clone()),
        router(service.clone(), home.guard())?,
        PaymentsClient::router(service, home.internal_keys.clone()),
    ))
}

fn origins(config: &PaymentsConfig, public: &BaseUrl) -> Origins {
    let own = public.as_str().strip_suffix(public.path_prefix());
    let own = own.unwrap_or(public.as_str()).to_owned();
    let listed = config.return_origins.iter().map(ToString::to_string);
    Origins(std::iter::once(own).chain(listed).collect())
}

fn provider(config: &PaymentsConfig, home: &Home, public: &BaseUrl) -> anyhow::Result<Provider> {
    Ok(match config.provider {
        ProviderChoice::Sandbox => Provider::Sandbox(sandbox(config, home, public)?),
        ProviderChoice::Stripe => Provider::Stripe(stripe(config, home, public)?),
    })
}

fn stripe(config: &PaymentsConfig, home: &Home, public: &BaseUrl) -> anyhow::Result<Stripe> {
    let secret_key = config.stripe_secret_key.as_ref();
    let settings = StripeSettings {
        secret_key: secret_key.context("`payments.stripe.secret_key` is missing")?,
        api_version: &config.stripe_api_version,
        webhook_secrets: &config.stripe_webhook_secrets,
        return_url: config.stripe_return_url.as_ref().unwrap_or(public).join("/"),
        patience: config.provider_timeout.into(),
    };
    let url = &config.stripe_api;
    let server = Pool::new(PoolSettings::default(), home.tasks.clone()).upstream(url)?;
    Stripe::new(home.units()?, (server, url), settings)
}

fn sandbox(config: &PaymentsConfig, home: &Home, public: &BaseUrl) -> anyhow::Result<Sandbox> {
    let settings = SandboxSettings {
        secret: sandbox_secret(config, home)?,
        pages: public.join("/api/checkout/"),
        webhook_keys: config
            .sandbox_webhook_secrets
            .iter()
            .filter_map(WebhookKey::parse)
            .collect(),
        chaos: Chaos {
            duplicate: config.sandbox_duplicate,
            drop: config.sandbox_drop,
            reorder: config.sandbox_reorder,
            delay: config.sandbox_delay.into(),
        },
    };
    Ok(Sandbox::new(home.units()?, home.ids.clone(), settings))
}

/// Says that invoices are paid.
fn callbacks(config: &PaymentsConfig, home: &Home) -> anyhow::Result<CallbackSender> {
    let secret = match &config.callback_secret {
        Some(secret) => secret.clone(),
        None => secret_file::read_or_create_text(&home.data.join("keys/payments.callback.secret"), || {
            secret_of(&home.ids.random::<32>()).expose().clone()
        })?,
    };
    let key = WebhookKey::parse(&secret).context("`payments.callback_secret` is not valid")?;
    let pool = Pool::new(PoolSettings::default(), home.tasks.clone());
    Ok(CallbackSender { pool, key })
}

/// Who takes the sandbox's webhooks.
fn receiver(config: &PaymentsConfig, home: &Home, payments: &PaymentsService) -> anyhow::Result<Receiver> {
    let Some(url) = config.sandbox_webhook_url.clone() else {
        return Ok(Receiver::Local(payments.clone().into()));
    };
    let server = Pool::new(PoolSettings::default(), home.tasks.clone()).upstream(&url)?;
    // A base address ends without a slash.
    let path = Some(url.path_prefix()).filter(|path| !path.is_empty());
    let path = path.unwrap_or("/").parse()?;
    Ok(Receiver::Http { server, path })
}

/// Processes that serve the pages of one sandbox need the same.
fn sandbox_secret(config: &PaymentsConfig, home: &Home) -> anyhow::Result<Secret<String>> {
    match &config.sandbox_secret {
        Some(secret) => Ok(secret.clone()),
        None => Ok(home.secret("payments.sandbox")?),
    }
}
