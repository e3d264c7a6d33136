//! What an operator may set.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use kit_config::{BaseUrl, ByteSize, Check, Span};
use kit_runtime::Secret;

use crate::pictures::{PictureStore, S3Settings};

kit_config::config! {
    /// Products, categories and stock.
    pub struct CatalogConfig("catalog") {
        /// Where the service listens when it has a port of its own.
        listen: SocketAddr = "127.0.0.1:8085",
        /// How long stock is held for an order before orders are asked what became of it. Longer than they wait for a
        /// payment.
        reservation_time_to_live: Span = "1h",
        /// How often it is looked for reservations whose time is over.
        reservation_sweep: Span = "10s",
        /// How many products a process keeps in memory for customers who look at them, and how many pages of lists. 0
        /// keeps none: each look is one at the database.
        cached_products: usize = "10000",
        /// How much memory that takes at most.
        cached_bytes: ByteSize = "64MiB",
        /// The object store of pictures, which speaks S3, such as `https://s3.example.com`. Without one they are kept in
        /// a folder, `images` in the data folder, which all processes that host this service must share.
        #[key("pictures.endpoint")]
        pictures_endpoint: Option<BaseUrl>,
        /// The bucket, which must be there; nothing else may be kept in it.
        #[key("pictures.bucket")]
        pictures_bucket: Option<String>,
        /// The region by which requests are signed.
        #[key("pictures.region")]
        pictures_region: String = "us-east-1",
        /// Whether the bucket's name stands in the path of addresses, and not before the endpoint's name.
        #[key("pictures.path_style")]
        pictures_path_style: bool = "true",
        /// The identifier of the key by which requests are signed; it may read, write and remove objects of the bucket.
        #[key("pictures.key_id")]
        pictures_key_id: Option<String>,
        /// The key itself.
        #[key("pictures.secret")]
        pictures_secret: Option<Secret<String>>,
        /// How long the object store may take for a picture, in all its sizes and with everything that is sent again.
        #[key("pictures.time_limit")]
        pictures_time_limit: Span = "10s",
    }
    validate(check)
}

impl CatalogConfig {
    /// Where pictures are kept.
    pub(crate) fn picture_store(&self, data: &Path) -> anyhow::Result<PictureStore> {
        let Some(endpoint) = self.pictures_endpoint.clone() else {
            return Ok(PictureStore::Folder(data.join("images")));
        };
        let incomplete = "the object store of pictures is not described";
        Ok(PictureStore::S3(S3Settings {
            endpoint,
            bucket: self.pictures_bucket.clone().context(incomplete)?,
            region: self.pictures_region.clone(),
            path_style: self.pictures_path_style,
            key_id: self.pictures_key_id.clone().context(incomplete)?,
            secret: self.pictures_secret.clone().context(incomplete)?,
            time_limit: self.pictures_time_limit.into(),
        }))
    }
}

fn check(config: &CatalogConfig, check: &mut Check<'_>) {
    check_pictures(config, check);
    for (key, span) in [
        ("reservation_time_to_live", config.reservation_time_to_live),
        ("reservation_sweep", config.reservation_sweep),
        ("pictures.time_limit", config.pictures_time_limit),
    ] {
        if std::time::Duration::from(span).is_zero() {
            check.refuse(key, "must be more than 0");
        }
    }
}

fn check_pictures(config: &CatalogConfig, check: &mut Check<'_>) {
    let secret = config.pictures_secret.as_ref();
    let members = [
        ("pictures.bucket", config.pictures_bucket.as_deref()),
        ("pictures.key_id", config.pictures_key_id.as_deref()),
        ("pictures.secret", secret.map(|secret| secret.expose().as_str())),
    ];
    let has_endpoint = config.pictures_endpoint.is_some();
    for (key, value) in members {
        match value {
            None if has_endpoint => check.refuse(key, "must be given with `pictures.endpoint`"),
            Some("") => check.refuse(key, "must not be empty"),
            Some(_) if !has_endpoint => check.refuse(key, "needs `pictures.endpoint`"),
            None | Some(_) => {}
        }
    }
    let endpoint = config.pictures_endpoint.as_ref();
    if endpoint.is_some_and(|endpoint| !endpoint.path_prefix().is_empty()) {
        check.refuse("pictures.endpoint", "must have no path");
    }
    if config
        .pictures_bucket
        .as_deref()
        .is_some_and(|bucket| !is_bucket(bucket))
    {
        check.refuse(
            "pictures.bucket",
            "must be 3 to 63 of `a-z 0-9 . -`, with a letter or digit at both ends",
        );
    }
}

/// The rules that all stores which speak S3 agree on.
fn is_bucket(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| is_inner(byte) || b".-".contains(&byte))
        && name.bytes().next().is_some_and(is_inner)
        && name.bytes().last().is_some_and(is_inner)
}

#[cfg(test)]
mod tests {
    use kit_config::{Catalog, Sources};

    use super::*;

    const STORE: [(&str, &str); 4] = [
        ("endpoint", "https://s3.example.com"),
        ("bucket", "pictures"),
        ("key_id", "a-key"),
        ("secret", "hunter2"),
    ];

    fn problems(settings: &[(&str, &str)]) -> String {
        let flag = |(key, value): &(&str, &str)| (format!("catalog.pictures.{key}"), (*value).to_owned());
        let sources = Sources {
            flags: settings.iter().map(flag).collect(),
            ..Sources::default()
        };
        let loaded = Catalog::new().section::<CatalogConfig>().load(sources);
        let read = loaded.and_then(|loaded| loaded.get::<CatalogConfig>());
        read.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_store_is_described_whole_or_not_at_all() {
        assert_eq!(problems(&[]), "");
        assert_eq!(problems(&STORE), "");
        for left_out in 0..STORE.len() {
            let mut settings = STORE.to_vec();
            let (key, _) = settings.remove(left_out);
            let problems = problems(&settings);
            assert!(
                problems.contains("pictures.") && !problems.contains("hunter2"),
                "{key}: {problems}"
            );
        }
    }

    #[test]
    fn what_is_no_store_is_found_at_start() {
        for (key, bad) in [
            ("endpoint", "s3.example.com"),
            ("endpoint", "https://s3.example.com/pictures"),
            ("bucket", ""),
            ("bucket", "ab"),
            ("bucket", "Pictures"),
            ("bucket", "-pictures"),
            ("bucket", "pictures/../other"),
            ("key_id", ""),
            ("secret", ""),
        ] {
            let mut settings = STORE.to_vec();
            settings.retain(|(known, _)| *known != key);
            settings.push((key, bad));
            let problems = problems(&settings);
            assert!(
                problems.contains(&format!("pictures.{key}")),
                "{key} {bad}: {problems}"
            );
        }
    }
}
