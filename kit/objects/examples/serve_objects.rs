//! Serves an object store for the tests, which kill it: `serve_objects FOLDER BUCKET ACCESS_KEY SECRET FAULT HIT`. Says
//! its port once it serves, and aborts when it passes the failpoint so often from then on; never for `none`.

use std::error::Error;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};

use kit_http::server::{Server, ServerSettings, Stack};
use kit_objects::{ObjectDeps, ObjectError, ObjectSettings, ObjectStore};
use kit_runtime::{Clock, Ids, Lifecycle, Secret};
use kit_telemetry::Metrics;

const QUOTA: u64 = 10 * 1024 * 1024 * 1024;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, bucket, access_key, secret, fault, hit] = &arguments[..] else {
        return Err("which folder, bucket, access key, secret, failpoint and hit?".into());
    };
    let lifecycle = Lifecycle::new();
    let deps = ObjectDeps {
        tasks: lifecycle.tasks(),
        clock: Clock::system(),
        ids: Ids::system(),
        metrics: None,
    };
    let sealing = Secret::new("the secret of the tests".to_owned());
    let store = ObjectStore::open(ObjectSettings::new(folder, sealing), &deps).await?;
    match store.create_bucket(bucket, QUOTA).await {
        Ok(()) | Err(ObjectError::BucketExists) => {}
        Err(error) => return Err(error.into()),
    }
    store
        .put_key(access_key, Secret::new(secret.clone()), bucket)
        .await?;
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::bind(anywhere, ServerSettings::default()).await?;
    let port = server.address()?.port();
    server.serve(
        store.endpoint(),
        Stack::new(Ids::system(), &Metrics::new()),
        &deps.tasks,
    );
    if fault != "none" {
        abort_at(fault, hit.parse()?)?;
    }
    let mut out = std::io::stdout();
    writeln!(out, "{port}")?;
    out.flush()?;
    std::future::pending().await
}

fn abort_at(fault: &str, hit: u32) -> Result<(), String> {
    let passed = AtomicU32::new(0);
    fail::cfg_callback(fault, move || {
        if passed.fetch_add(1, Ordering::SeqCst) + 1 == hit {
            std::process::abort();
        }
    })
}
