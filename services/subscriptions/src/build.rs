//! Putting the service together: everything that can fail, before anything runs.

use anyhow::Context as _;
use kit_config::secret_file;
use kit_rpc::RpcPool;
use kit_rpc::pool::PoolSettings;
use kit_runtime::Secret;
use kit_service::{Home, Hosted, Peers, Service, start_steps};
use kit_webhooks::{WebhookKey, secret_of};
use subscriptions_api::SubscriptionsClient;

use crate::adapters::{Adapters, AdaptersDeps};
use crate::config::SubscriptionsConfig;
use crate::consumers;
use crate::http::{HttpState, InvoicePage, router};
use crate::service::{SubscriptionsDeps, SubscriptionsService};
use crate::store::{FACTS, INVARIANTS};

/// Subscriptions, for the process that hosts it.
pub fn service() -> Service {
    Service::new(
        "subscriptions",
        "subscriptions, their invoices, and the services provisioned for them",
        build,
    )
    .serving(subscriptions_api::routes())
    .publishing(subscriptions_api::TOPICS, subscriptions_api::events)
    .keeping(kit_db::migrations!["0001_subscriptions.sql"])
    .verified_by(INVARIANTS, FACTS)
}

/// Builds it.
pub async fn build(
    config: SubscriptionsConfig,
    home: Home,
    peers: Peers,
) -> anyhow::Result<Hosted<SubscriptionsClient>> {
    let adapters = Adapters::new(
        &config,
        AdaptersDeps {
            pool: RpcPool::new(PoolSettings::default(), home.tasks.clone()),
            internal_keys: home.internal_keys.clone(),
            peers: peers.clone(),
        },
    )?;
    adapters.start(&home.tasks);
    let service = SubscriptionsService::new(SubscriptionsDeps {
        units: home.units()?,
        ids: home.ids.clone(),
        payments: peers.client()?,
        adapters,
        times: config.times(),
        public_url: home.public_url()?,
        callback_keys: callback_keys(&config, &home)?,
    });
    consumers::start(&home.bus()?, &service)?;
    start_steps(&home.tasks, "subscriptions.steps", config.poll.into(), &service);
    let state = HttpState {
        service: service.clone(),
        page: InvoicePage::new()?,
    };
    Ok(Hosted::new(
        SubscriptionsClient::local(service.clone()),
        router(state, home.guard())?,
        SubscriptionsClient::router(service, home.internal_keys.clone()),
    ))
}

/// The keys of callbacks: those that are configured, else that of payments, else the file that payments of this data
/// folder make or have made. Where payments have another, no callback is taken, and their events do the same.
fn callback_keys(config: &SubscriptionsConfig, home: &Home) -> anyhow::Result<Vec<WebhookKey>> {
    let mut secrets = config.callback_secrets.clone();
    if secrets.is_empty() {
        let of_payments: Option<Secret<String>> = home.config.value("payments.callback_secret")?;
        secrets.push(if let Some(secret) = of_payments {
            secret
        } else {
            let path = home.data.join("keys/payments.callback.secret");
            secret_file::read_or_create_text(&path, || secret_of(&home.ids.random::<32>()).expose().clone())?
        });
    }
    let keys = secrets.iter().map(WebhookKey::parse);
    keys.collect::<Option<_>>()
        .context("a secret of callbacks is not valid")
}
