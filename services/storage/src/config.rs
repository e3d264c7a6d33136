//! What an operator may set.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use kit_config::{BaseUrl, Check, Span};
use kit_minio::MinIoSettings;
use kit_runtime::Secret;

/// With fewer characters a secret could be guessed.
const SHORTEST_SECRET: usize = 32;

kit_config::config_choice! {
    /// What keeps the objects.
    pub enum BackendChoice {
        /// The object store that is built in.
        Embedded = "embedded",
        /// A MinIO, or a server that is compatible with it.
        MinIo = "minio",
    }
}

kit_config::config! {
    /// Storage that users subscribe to.
    pub struct StorageConfig("storage") {
        /// Where the service listens when it has a port of its own.
        listen: SocketAddr = "127.0.0.1:8089",
        /// What keeps the objects: `embedded`, an object store in this process, or `minio`, a MinIO or a compatible server.
        backend: BackendChoice = "embedded",
        /// The folder of the embedded object store, which one process may have; by default `objects` in the data folder.
        folder: Option<PathBuf>,
        /// Where the embedded object store answers clients of S3.
        s3_listen: SocketAddr = "127.0.0.1:9000",
        /// The address of the object store to clients of S3, without a path; by default `http://` and where it listens, or
        /// `storage.minio.endpoint`.
        s3_public_url: Option<BaseUrl>,
        /// Of what the secrets are made by which addresses are signed, 32 characters at least; by default a file in the
        /// data folder.
        signing_secret: Option<Secret<String>>,
        /// The name under which another platform may use the protocol of adapters (HTTP Basic).
        #[key("adapter.username")]
        adapter_username: Option<String>,
        /// The password that goes with it.
        #[key("adapter.password")]
        adapter_password: Option<Secret<String>>,
        /// How often it is looked for operations of adapters that a lost process has left.
        adapter_poll: Span = "1s",
        /// Where the MinIO is that keeps the objects (`storage.backend = "minio"`), without a path.
        #[key("minio.endpoint")]
        minio_endpoint: Option<BaseUrl>,
        /// The user of that MinIO which makes buckets, keys and policies; `docs/storage.md` says what it must be allowed.
        #[key("minio.access_key")]
        minio_access_key: Option<String>,
        /// The secret of that user.
        #[key("minio.secret_key")]
        minio_secret_key: Option<Secret<String>>,
        /// What buckets and policies are called before a hyphen: 3 to 22 lower-case letters, digits and hyphens, which
        /// nobody else uses there. It must stay the same.
        #[key("minio.bucket_prefix")]
        minio_bucket_prefix: String = "stoa",
        /// The region of that MinIO.
        #[key("minio.region")]
        minio_region: String = "us-east-1",
        /// How long one request to that MinIO may take.
        #[key("minio.time_limit")]
        minio_time_limit: Span = "10s",
        /// How often it is looked whether buckets of that MinIO hold more than they may, and whether its users may do what
        /// they should.
        #[key("minio.quota_check")]
        minio_quota_check: Span = "1m",
    }
    validate(check)
}

fn check(config: &StorageConfig, check: &mut Check<'_>) {
    let has_prefix = |url: &BaseUrl| !url.path_prefix().is_empty();
    if config.s3_public_url.as_ref().is_some_and(has_prefix) {
        check.refuse("s3_public_url", "must have no path");
    }
    let is_short = |secret: &Secret<String>| secret.expose().len() < SHORTEST_SECRET;
    if config.signing_secret.as_ref().is_some_and(is_short) {
        check.refuse("signing_secret", "must have at least 32 characters");
    }
    if config.adapter_username.is_some() != config.adapter_password.is_some() {
        check.refuse("adapter.password", "must be given with `adapter.username`");
    }
    if Duration::from(config.adapter_poll).is_zero() {
        check.refuse("adapter_poll", "must be more than 0");
    }
    if config.backend == BackendChoice::MinIo {
        check_minio(config, check);
    }
}

fn check_minio(config: &StorageConfig, check: &mut Check<'_>) {
    let needed = "must be set where `storage.backend` is `minio`";
    match &config.minio_endpoint {
        None => check.refuse("minio.endpoint", needed),
        Some(url) if !url.path_prefix().is_empty() => check.refuse("minio.endpoint", "must have no path"),
        Some(_) => {}
    }
    if config.minio_access_key.as_ref().is_none_or(String::is_empty) {
        check.refuse("minio.access_key", needed);
    }
    if config
        .minio_secret_key
        .as_ref()
        .is_none_or(|secret| secret.expose().is_empty())
    {
        check.refuse("minio.secret_key", needed);
    }
    if !is_bucket_prefix(&config.minio_bucket_prefix) {
        check.refuse(
            "minio.bucket_prefix",
            "must be 3 to 22 lower-case letters, digits and hyphens, and begin and end with none of the last",
        );
    }
    let is_part_of_scope = |sign: char| sign.is_ascii_alphanumeric() || sign == '-';
    if config.minio_region.is_empty() || !config.minio_region.chars().all(is_part_of_scope) {
        check.refuse("minio.region", "must be letters, digits and hyphens");
    }
    for (key, span) in [
        ("minio.time_limit", config.minio_time_limit),
        ("minio.quota_check", config.minio_quota_check),
    ] {
        if Duration::from(span).is_zero() {
            check.refuse(key, "must be more than 0");
        }
    }
}

/// With the rest of a bucket's name behind it there are 63 characters at most.
fn is_bucket_prefix(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (3..=22).contains(&text.len())
        && text.bytes().all(is_plain)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

impl StorageConfig {
    /// The folder of the embedded object store.
    pub(crate) fn objects_folder(&self, data: &Path) -> PathBuf {
        self.folder.clone().unwrap_or_else(|| data.join("objects"))
    }

    /// The address of the object store to clients, where it listens at `bound`.
    pub(crate) fn endpoint(&self, bound: SocketAddr) -> anyhow::Result<BaseUrl> {
        match &self.s3_public_url {
            Some(url) => Ok(url.clone()),
            None if bound.ip().is_unspecified() => {
                bail!(
                    "`storage.s3_listen` is {bound}, which no client can ask for; set `storage.s3_public_url`"
                )
            }
            None => Ok(format!("http://{bound}").parse()?),
        }
    }

    /// The MinIO, as it was checked.
    pub(crate) fn minio(&self) -> anyhow::Result<MinIoSettings> {
        let is_missing = "`storage.minio` is not set";
        Ok(MinIoSettings {
            endpoint: self.minio_endpoint.clone().context(is_missing)?,
            region: self.minio_region.clone(),
            access_key: self.minio_access_key.clone().context(is_missing)?,
            secret_key: self.minio_secret_key.clone().context(is_missing)?,
            time_limit: self.minio_time_limit.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_leaves_room_for_the_rest_of_a_buckets_name() {
        for fine in ["stoa", "s3a", "my-shop-2", &"a".repeat(22)] {
            assert!(is_bucket_prefix(fine), "{fine}");
        }
        for wrong in ["", "ab", "Stoa", "a_b", "-abc", "abc-", "a.b.c", &"a".repeat(23)] {
            assert!(!is_bucket_prefix(wrong), "{wrong}");
        }
    }
}
