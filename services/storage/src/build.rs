//! Putting the service together: everything that can fail, before anything runs.

use kit_adapter::{AdapterHost, HostDeps};
use kit_config::BaseUrl;
use kit_db::Migrations;
use kit_http::server::{Server, ServerSettings, Stack};
use kit_minio::{MinIo, MinIoDeps};
use kit_objects::{ObjectDeps, ObjectSettings, ObjectStore};
use kit_runtime::Secret;
use kit_service::{Home, Hosted, Peers, Service};
use kit_telemetry::Metrics;

use crate::backend::{Backend, MinIoBackend};
use crate::config::{BackendChoice, StorageConfig};
use crate::domain::SigningSecret;
use crate::edge::{S3Edge, S3Requests};
use crate::http::router;
use crate::service::{StorageDeps, StorageService};
use crate::store::{FACTS, INVARIANTS};

/// Storage, for the process that hosts it.
pub fn service() -> Service {
    Service::new("storage", "storage that users subscribe to", build)
        .serving(storage_api::routes())
        .keeping(Migrations::new(&[
            kit_adapter::TABLES,
            (
                "0002_storage.sql",
                include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/migrations/0002_storage.sql"
                )),
            ),
        ]))
        .verified_by(INVARIANTS, FACTS)
}

/// Builds it. No other service calls it by a contract: it is an adapter.
pub async fn build(config: StorageConfig, home: Home, peers: Peers) -> anyhow::Result<Hosted<()>> {
    let opened = match config.backend {
        BackendChoice::Embedded => open_embedded(&config, &home).await?,
        BackendChoice::MinIo => open_minio(&config, &home)?,
    };
    let deps = StorageDeps {
        ids: home.ids.clone(),
        tasks: home.tasks.clone(),
        backend: opened.backend.clone(),
        endpoint: opened.endpoint,
        signing: SigningSecret::new(&signing_secret(&config, &home)?),
        subscriptions: peers.client()?,
    };
    let service = StorageService::new(home.units()?, deps);
    let others = (config.adapter_username, config.adapter_password);
    let host_deps = HostDeps::at(&home, others, config.adapter_poll.into())?;
    let host = AdapterHost::new(service.clone(), host_deps);
    let routes = router(service.clone(), home.guard())?.merge(host.router());
    host.start();
    if let Some((socket, objects)) = opened.socket {
        serve_s3(socket, &objects, &home)?;
    }
    if let Backend::MinIo(minio) = &opened.backend {
        service.keep_in_step(minio, config.minio_quota_check.into());
    }
    Ok(Hosted::without_contract(routes))
}

/// A back end that is there, though nothing was asked of it.
struct Opened {
    backend: Backend,
    /// Where clients of S3 find the objects.
    endpoint: BaseUrl,
    /// Where the embedded store is served.
    socket: Option<(Server, ObjectStore)>,
}

async fn open_embedded(config: &StorageConfig, home: &Home) -> anyhow::Result<Opened> {
    let objects = open_objects(config, home).await?;
    // Bound before anything is served, so that a port that is taken is known at the start.
    let socket = Server::bind(config.s3_listen, ServerSettings::default()).await?;
    Ok(Opened {
        backend: Backend::Embedded(objects.clone()),
        endpoint: config.endpoint(socket.address()?)?,
        socket: Some((socket, objects)),
    })
}

/// No socket of ours: clients ask the MinIO itself.
fn open_minio(config: &StorageConfig, home: &Home) -> anyhow::Result<Opened> {
    let settings = config.minio()?;
    let endpoint = config.s3_public_url.clone();
    let endpoint = endpoint.unwrap_or_else(|| settings.endpoint.clone());
    let deps = MinIoDeps {
        tasks: home.tasks.clone(),
        clock: home.clock.clone(),
        ids: home.ids.clone(),
    };
    let minio = MinIo::new(settings, deps)?;
    let backend = MinIoBackend::new(minio, &config.minio_region, &config.minio_bucket_prefix);
    Ok(Opened {
        backend: Backend::MinIo(backend),
        endpoint,
        socket: None,
    })
}

async fn open_objects(config: &StorageConfig, home: &Home) -> anyhow::Result<ObjectStore> {
    let secret = home.secret("storage.objects")?;
    let settings = ObjectSettings::new(config.objects_folder(&home.data), secret);
    let deps = ObjectDeps {
        tasks: home.tasks.clone(),
        clock: home.clock.clone(),
        ids: home.ids.clone(),
        metrics: None,
    };
    Ok(ObjectStore::open(settings, &deps).await?)
}

/// Serves clients of S3. The stack counts into a registry of its own, since each name is registered once; the requests
/// are counted at the edge.
fn serve_s3(socket: Server, objects: &ObjectStore, home: &Home) -> anyhow::Result<()> {
    let requests = S3Requests::new(&home.metrics);
    let edge = S3Edge::new(objects.endpoint(), &home.public_url()?, requests);
    let stack = Stack::new(home.ids.clone(), &Metrics::new()).traced(home.tracer.clone(), "storage");
    socket.serve(edge, stack, &home.tasks);
    Ok(())
}

/// Kept with the other keys, since what is signed has to be good after a restart.
fn signing_secret(config: &StorageConfig, home: &Home) -> anyhow::Result<Secret<String>> {
    match &config.signing_secret {
        Some(secret) => Ok(secret.clone()),
        None => Ok(home.secret("storage.signing")?),
    }
}
