//! The composition root: every service in dependency order, here or elsewhere.

use anyhow::Context;
use auth_api::{AuthClient, KeyWatch, NoAuth, Revocation, TokenConfig};
use gateway::{Backend, Gateway, GatewayDeps};
use kit_cache::{CacheDeps, CacheMetrics};
use kit_redis::Redis;
use kit_rpc::Hosted;
use kit_rpc::pool::PoolSettings;
use kit_runtime::Secret;
use kit_token::Verifier;

use crate::node::Node;
use crate::redis;
use crate::services::Service;
use crate::settings::section;

/// What came of it.
pub(crate) struct Composed {
    /// The gateway, where this process hosts it.
    pub gateway: Option<Gateway>,
    /// The secret of the set-up link, while nobody is admin.
    pub setup: Option<Secret<String>>,
}

pub(crate) async fn compose(node: &mut Node) -> anyhow::Result<Composed> {
    let token: TokenConfig = section(&node.config)?;
    let verifier = Verifier::new(token.rules(), node.clock.clone())?;
    node.open_databases().await?;
    node.open_buses()?;
    let redis = redis::open(node)?;

    let mut setup = None;
    let independent = token.public_key_file.is_some() && token.revocation == Revocation::Off;
    let auth = if independent && !node.reaches(Service::Auth) {
        AuthClient::local(NoAuth)
    } else {
        node.place(Service::Auth, AuthClient::remote, async |node| {
            let built = auth::build(&section(&node.config)?, auth_deps(node, &token, &verifier)?).await?;
            setup = built.setup;
            Ok(built.hosted)
        })
        .await?
    };
    let watch = KeyWatch {
        verifier: verifier.clone(),
        gate: node.readiness.gate("token.keys"),
    };
    let ask_now = watch.start(&token, auth.clone(), &node.tasks)?;
    auth_api::measure_feed(&verifier, &node.metrics);
    // Any bus reads auth's log; a process without one asks twice a second, and that is enough.
    let bus = Service::ALL
        .into_iter()
        .find_map(|service| node.bus(service).ok());
    if let (Some(bus), Revocation::Feed) = (bus, token.revocation) {
        auth::hint_on_events(&bus, &ask_now)?;
    }

    node.host(Service::Users, async |node| {
        let deps = users::Deps {
            db: node.database(Service::Users)?,
            bus: node.bus(Service::Users)?,
            auth,
            verifier: verifier.clone(),
            internal_keys: node.internal_keys.clone(),
            clock: node.clock.clone(),
            cache: CacheDeps {
                tasks: node.tasks.clone(),
                clock: node.clock.clone(),
                ids: node.ids.clone(),
                metrics: Some(CacheMetrics::new(&node.metrics)),
            },
            redis: redis.clone(),
            readiness: node.readiness.clone(),
        };
        Ok(users::build(deps)?)
    })
    .await?;

    node.host(Service::Payments, async |node| {
        let deps = payments::Deps {
            db: node.database(Service::Payments)?,
            verifier: verifier.clone(),
            internal_keys: node.internal_keys.clone(),
            clock: node.clock.clone(),
            ids: node.ids.clone(),
            readiness: node.readiness.clone(),
        };
        Ok(payments::build(&section(&node.config)?, deps)?)
    })
    .await?;

    node.host(Service::Analytics, async |node| analytics(node, &verifier).await)
        .await?;

    let gateway = if node.hosts.contains(&Service::Gateway) {
        Some(gateway(node, verifier, redis)?)
    } else {
        None
    };
    Ok(Composed { gateway, setup })
}

/// What auth is built of, for serving it and for the command line.
pub(crate) fn auth_deps(node: &Node, token: &TokenConfig, verifier: &Verifier) -> anyhow::Result<auth::Deps> {
    Ok(auth::Deps {
        db: node.database(Service::Auth)?,
        token: token.clone(),
        verifier: verifier.clone(),
        internal_keys: node.internal_keys.clone(),
        data: node.data.clone(),
        clock: node.clock.clone(),
        ids: node.ids.clone(),
        tasks: node.tasks.clone(),
        readiness: node.readiness.clone(),
    })
}

async fn analytics(node: &Node, verifier: &Verifier) -> anyhow::Result<Hosted<()>> {
    let deps = analytics::Deps {
        db: node.database(Service::Analytics)?,
        bus: node.bus(Service::Analytics)?,
        verifier: verifier.clone(),
        clock: node.clock.clone(),
        ids: node.ids.clone(),
        tasks: node.tasks.clone(),
        readiness: node.readiness.clone(),
    };
    Ok(analytics::build(&section(&node.config)?, deps).await?)
}

fn gateway(node: &Node, verifier: Verifier, redis: Option<Redis>) -> anyhow::Result<Gateway> {
    let mut services = Vec::new();
    for service in Service::ALL {
        if let Some(table) = service.routes() {
            services.push(Backend {
                table,
                display: service.display(),
                place: node.backend(service)?,
            });
        }
    }
    let deps = GatewayDeps {
        verifier,
        services,
        internal_keys: node.internal_keys.clone(),
        tasks: node.tasks.clone(),
        connections: PoolSettings::default(),
        readiness: node.readiness.clone(),
        clock: node.clock.clone(),
        redis,
        metrics: node.metrics.clone(),
    };
    gateway::build(section(&node.config)?, deps).context("the gateway could not start")
}
