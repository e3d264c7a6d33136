//! The two stores, each with a bucket: ours is bought and paid for as a customer does it.

use std::net::SocketAddr;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use kit_minio::signature::Signer;
use kit_runtime::{Ids, Secret};
use serde_json::{Value, json};

use super::Kind;
use super::clients::{Bucket, Client};
use crate::call;
use crate::folders::{Folders, find_minio};
use crate::load::Load;
use crate::machine::Cores;
use crate::program::{Program, Ready, Running, Under, free_address};
use crate::samples::Samples;
use crate::scene::{ADMIN, Embedded, Hashing, embedded, has_admin, make_user, set, sign_in};

/// More than is ever put.
const QUOTA: u64 = 1 << 40;

/// With which the sandbox pays.
const CARD: &str = "4242424242424242";

/// A bucket, or a server, is there within this.
const PATIENCE: Duration = Duration::from_secs(30);

/// A store that runs, and a bucket in it.
pub(super) struct Store {
    pub(super) process: Running,
    pub(super) address: SocketAddr,
    bucket: Bucket,
}

impl Store {
    /// `stoa up` with a customer who has storage.
    pub(super) fn ours(folders: &Folders) -> anyhow::Result<Self> {
        let Embedded { mut program, gateway } =
            embedded(folders, &folders.fresh("objects")?, Hashing::Cheap)?;
        has_admin(&mut program.settings);
        set(&mut program.settings, "STORAGE__S3_LISTEN", &free_address()?);
        let process = program.start(Under::Nothing)?;
        let bucket = buy(gateway)?;
        process.settle()?;
        Ok(Self::of(process, bucket))
    }

    /// A MinIO with one disk, where it was built on this machine.
    pub(super) fn minio(folders: &Folders) -> anyhow::Result<Option<Self>> {
        let Some(binary) = find_minio() else {
            return Ok(None);
        };
        let (folder, address) = (folders.fresh("minio")?, free_address()?);
        let (user, password) = ("bench", Ids::system().uuid().simple().to_string());
        let settings = [
            ("MINIO_ROOT_USER", user),
            ("MINIO_ROOT_PASSWORD", &password),
            ("MINIO_BROWSER", "off"),
            ("MINIO_UPDATE", "off"),
        ];
        let program = Program {
            name: "minio",
            binary,
            args: ["server", "--quiet", "--address", &address.to_string(), "data"]
                .map(str::to_owned)
                .to_vec(),
            settings: settings
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .to_vec(),
            folder,
            cores: Cores::All,
            ready: Ready::Answers(address, "/minio/health/ready"),
        };
        let bucket = Bucket {
            address,
            name: "bench".to_owned(),
            signer: signer(user, &password, "us-east-1"),
        };
        let process = program.start(Under::Nothing)?;
        // It is ready before it takes buckets.
        let make = Load::new(address, bucket.request("PUT", "", b""));
        until("MinIO takes no bucket", || Ok(make.for_requests(1).ok()))?;
        process.settle()?;
        Ok(Some(Self::of(process, bucket)))
    }

    fn of(process: Running, bucket: Bucket) -> Self {
        Self {
            address: bucket.address,
            process,
            bucket,
        }
    }

    /// Those who have put nothing yet.
    pub(super) fn clients(&self, kind: Kind, repeat: usize) -> Vec<Client> {
        let body: Rc<[u8]> = std::iter::repeat_n(b'x', kind.bytes).collect();
        let client = |number| {
            let prefix = format!("{}-{repeat}-{number}", kind.bytes);
            Client::new(self.bucket.clone(), kind, prefix, body.clone())
        };
        (0..kind.clients).map(client).collect()
    }

    /// The most it ever had, in MiB.
    pub(super) fn most_memory(&self) -> anyhow::Result<Samples> {
        Ok(Samples::one(self.process.mebibytes("status", "VmHWM:")?))
    }
}

fn signer(access_key: &str, secret_key: &str, region: &str) -> Rc<Signer> {
    Rc::new(Signer {
        access_key: access_key.to_owned(),
        secret_key: Secret::new(secret_key.to_owned()),
        region: region.to_owned(),
    })
}

/// Offers a plan, buys it, pays and waits for the bucket.
fn buy(gateway: SocketAddr) -> anyhow::Result<Bucket> {
    let admin = sign_in(gateway, ADMIN)?;
    let plan = json!({
        "sku": "bench", "name": "Bench", "price": { "amount_minor": 499, "currency": "USD" },
        "duration_days": 30, "quota_bytes": QUOTA,
    });
    call::send(gateway, "POST /api/storage/plans", Some(admin.token()), &plan)?;
    let customer = make_user(gateway, "ada")?;
    let send = |line: &str, body: &Value| call::send(gateway, line, Some(customer.token()), body);
    let bought = send("POST /api/storage/plans/bench/purchase", &json!({}))?;
    send(
        "POST /api/pay",
        &json!({ "invoice_id": bought["invoice_id"], "method": CARD }),
    )?;
    let service = until("the bucket does not come", || {
        find_active(gateway, customer.token())
    })?;
    let key = send("POST /api/storage/service/credentials/rotate", &json!({}))?;
    let text = |value: &Value| {
        value
            .as_str()
            .map(str::to_owned)
            .context("a service without a text")
    };
    let endpoint = text(&service["endpoint"])?;
    let address = endpoint.strip_prefix("http://").context("another endpoint")?;
    Ok(Bucket {
        address: address.parse()?,
        name: text(&service["bucket"])?,
        signer: signer(
            &text(&key["access_key_id"])?,
            &text(&key["secret_access_key"])?,
            &text(&service["region"])?,
        ),
    })
}

fn find_active(gateway: SocketAddr, token: &str) -> anyhow::Result<Option<Value>> {
    let (status, body) = call::get(gateway, "/api/storage/service", Some(token))?;
    if status != 200 {
        return Ok(None);
    }
    let service: Value = serde_json::from_str(&body)?;
    Ok((service["status"] == "active").then_some(service))
}

fn until<T>(complaint: &str, look: impl Fn() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    let begin = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        ensure!(begin.elapsed() < PATIENCE, "{complaint}");
        thread::sleep(Duration::from_millis(20));
    }
}
