//! A MinIO, where each key is a user of it.
//!
//! A bucket's policy has the bucket's name, and its users have that policy. It is made last and removed before the bucket
//! is emptied: a bucket without it is one that nobody can have written to since, so what is in it is left over.
//!
//! What suspension and the check of quotas say of a key stands in policies beside that one, which deny. So neither undoes
//! the other, and a new secret undoes none of them, whatever is done at the same time or broken off: in the status of a
//! user, which is written together with its secret, it would be lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kit_adapter_shop::is_resource_name;
use kit_minio::{ListAsk, Listed, ListedObject, MinIo, MinIoError, User};
use kit_objects::{ListOptions, ListedPage, ObjectError};
use kit_runtime::{Secret, Timestamp};
use tokio::sync::Mutex;

use super::{MeasuredUsage, policies};

/// How many pages of a thousand objects are counted before it is asked what was counted last.
const PAGES_COUNTED: usize = 5;

/// For how long what was counted is not asked for again.
const COUNT_KEPT: Duration = Duration::from_secs(10);

/// A MinIO as a back end. A cheap handle.
#[derive(Clone)]
pub(crate) struct MinIoBackend {
    minio: MinIo,
    region: Arc<str>,
    prefix: Arc<str>,
    /// What its scanner has counted, and when it was asked.
    counted: Arc<Mutex<Option<(Timestamp, kit_minio::DataUsage)>>>,
}

/// What a key may do there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyStanding {
    /// Nothing.
    pub is_suspended: bool,
    /// Nothing that writes.
    pub is_over_quota: bool,
}

impl MinIoBackend {
    pub(crate) fn new(minio: MinIo, region: &str, prefix: &str) -> Self {
        Self {
            minio,
            region: region.into(),
            prefix: prefix.into(),
            counted: Arc::default(),
        }
    }

    pub(super) fn region(&self) -> &str {
        &self.region
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(super) async fn make_bucket(&self, bucket: &str, quota_bytes: u64) -> Result<(), ObjectError> {
        let made = async {
            if !self.minio.create_bucket(bucket).await? && !self.minio.has_policy(bucket).await? {
                self.minio.empty_bucket(bucket).await?;
            }
            self.minio.set_quota(bucket, quota_bytes).await?;
            self.minio.put_policy(bucket, &policies::of_bucket(bucket)).await
        };
        made.await.map_err(into_object_error)
    }

    pub(super) async fn remove_bucket(&self, bucket: &str) -> Result<(), ObjectError> {
        let removed = async {
            for (user, policies) in self.minio.list_users().await? {
                if policies.has_policy(bucket) {
                    self.minio.remove_user(&user).await?;
                }
            }
            // Refused where a user has come meanwhile, who is removed the next time.
            self.minio.remove_policy(bucket).await?;
            self.minio.delete_bucket(bucket).await
        };
        removed.await.map_err(into_object_error)
    }

    pub(super) async fn put_key(
        &self,
        id: &str,
        secret: &Secret<String>,
        bucket: &str,
    ) -> Result<(), ObjectError> {
        let put = async {
            self.minio.put_user(id, secret).await?;
            self.minio.attach_policy(bucket, id).await
        };
        if put.await.map_err(into_object_error)? {
            return Ok(());
        }
        // The policy is not there: it goes before the bucket, and a server that has just started may not have read it yet.
        match self.check_bucket(bucket).await {
            Ok(()) => Err(ObjectError::Unavailable),
            Err(ObjectError::NoSuchBucket) => {
                self.remove_key(id).await?;
                Err(ObjectError::NoSuchBucket)
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn enable_key(&self, id: &str) -> Result<(), ObjectError> {
        let enabled = self.minio.detach_policy(&self.suspended(), id).await;
        enabled.map(drop).map_err(into_object_error)
    }

    pub(crate) async fn disable_key(&self, id: &str) -> Result<(), ObjectError> {
        let name = self.suspended();
        let disabled = async {
            self.minio.put_policy(&name, &policies::suspended()).await?;
            self.minio.attach_policy(&name, id).await
        };
        disabled.await.map(drop).map_err(into_object_error)
    }

    pub(crate) async fn remove_key(&self, id: &str) -> Result<(), ObjectError> {
        self.minio.remove_user(id).await.map_err(into_object_error)
    }

    /// The keys to buckets of ours, and what they may do.
    pub(crate) async fn list_keys(&self) -> Result<BTreeMap<String, KeyStanding>, ObjectError> {
        let users = self.minio.list_users().await.map_err(into_object_error)?;
        let ours = users.into_iter().filter(|(_, user)| {
            let mut policies = user.policies();
            policies.any(|policy| is_resource_name(&self.prefix, policy))
        });
        let standing = |(id, user): (String, User)| {
            let standing = KeyStanding {
                is_suspended: user.has_policy(&self.suspended()),
                is_over_quota: user.has_policy(&self.over_quota()),
            };
            (id, standing)
        };
        Ok(ours.map(standing).collect())
    }

    /// Gives a key its bucket again, where the server has forgotten that; one that is not there stays away.
    pub(crate) async fn readmit_key(&self, id: &str, bucket: &str) -> Result<(), ObjectError> {
        let admitted = self.minio.attach_policy(bucket, id).await;
        admitted.map(drop).map_err(into_object_error)
    }

    /// Lets nothing be written by a key; one that is not there is no error.
    pub(crate) async fn forbid_writing(&self, id: &str) -> Result<(), ObjectError> {
        let name = self.over_quota();
        let forbidden = async {
            self.minio.put_policy(&name, &policies::over_quota()).await?;
            self.minio.attach_policy(&name, id).await
        };
        forbidden.await.map(drop).map_err(into_object_error)
    }

    /// Takes that back.
    pub(crate) async fn allow_writing(&self, id: &str) -> Result<(), ObjectError> {
        let allowed = self.minio.detach_policy(&self.over_quota(), id).await;
        allowed.map(drop).map_err(into_object_error)
    }

    pub(crate) async fn usage(&self, bucket: &str, now: Timestamp) -> Result<MeasuredUsage, ObjectError> {
        let mut count = Count::default();
        for _ in 0..PAGES_COUNTED {
            if self.count_page(bucket, &mut count).await? {
                return Ok(count.at(now));
            }
        }
        if let Some(usage) = self.counted_before(bucket, now).await? {
            return Ok(usage);
        }
        // It has grown faster than anything was counted.
        while !self.count_page(bucket, &mut count).await? {}
        Ok(count.at(now))
    }

    /// Counts another page; whether it was the last.
    async fn count_page(&self, bucket: &str, count: &mut Count) -> Result<bool, ObjectError> {
        let ask = ListAsk {
            after: count.after.take(),
            limit: 1000,
            ..ListAsk::default()
        };
        let page = self
            .minio
            .list_objects(bucket, &ask)
            .await
            .map_err(into_object_error)?;
        for object in page.objects {
            count.bytes += object.size;
            count.objects += 1;
        }
        count.after = page.next;
        Ok(count.after.is_none())
    }

    /// What was counted of a bucket last, if it was.
    async fn counted_before(
        &self,
        bucket: &str,
        now: Timestamp,
    ) -> Result<Option<MeasuredUsage>, ObjectError> {
        let mut counted = self.counted.lock().await;
        let usage = match counted.take() {
            Some((at, usage)) if now.since(at) < COUNT_KEPT => counted.insert((at, usage)),
            _ => counted.insert((now, self.minio.data_usage().await.map_err(into_object_error)?)),
        };
        let (_, usage) = usage;
        let of_bucket = usage.buckets.as_ref().and_then(|buckets| buckets.get(bucket));
        let measured = of_bucket.zip(usage.last_update);
        Ok(measured.map(|(found, measured_at)| MeasuredUsage {
            bytes: found.size,
            objects: found.objects_count,
            measured_at,
        }))
    }

    pub(super) async fn list_objects(
        &self,
        bucket: &str,
        options: ListOptions,
    ) -> Result<ListedPage, ObjectError> {
        let ask = ListAsk {
            prefix: options.prefix,
            delimiter: options.delimiter,
            after: options.after,
            limit: options.limit,
        };
        self.minio
            .list_objects(bucket, &ask)
            .await
            .map(page)
            .map_err(into_object_error)
    }

    /// Asks for a bucket that there is not, as the user that it is asked by.
    pub(super) async fn check(&self) -> Result<(), ObjectError> {
        self.check_bucket(&format!("{}-no-such-bucket", self.prefix))
            .await
    }

    /// Whether a bucket is there.
    async fn check_bucket(&self, bucket: &str) -> Result<(), ObjectError> {
        let ask = ListAsk {
            limit: 1,
            ..ListAsk::default()
        };
        let listed = self.minio.list_objects(bucket, &ask).await;
        listed.map(drop).map_err(into_object_error)
    }

    fn suspended(&self) -> String {
        format!("{}-suspended", self.prefix)
    }

    fn over_quota(&self) -> String {
        format!("{}-over-quota", self.prefix)
    }
}

/// What is counted so far.
#[derive(Default)]
struct Count {
    bytes: u64,
    objects: u64,
    after: Option<String>,
}

impl Count {
    const fn at(&self, now: Timestamp) -> MeasuredUsage {
        MeasuredUsage {
            bytes: self.bytes,
            objects: self.objects,
            measured_at: now,
        }
    }
}

fn page(listed: Listed) -> ListedPage {
    let object = |object: ListedObject| kit_objects::ListedObject {
        key: object.key,
        size: object.size,
        etag: object.etag,
        modified_at: object.modified_at,
        // A listing does not say it.
        content_type: None,
    };
    ListedPage {
        objects: listed.objects.into_iter().map(object).collect(),
        common_prefixes: listed.common_prefixes,
        next: listed.next,
    }
}

/// The cause goes to the log; there is no secret in it.
#[expect(clippy::needless_pass_by_value, reason = "it is what errors are mapped by")]
fn into_object_error(error: MinIoError) -> ObjectError {
    if error.is("NoSuchBucket") {
        return ObjectError::NoSuchBucket;
    }
    let cause = &error as &dyn std::error::Error;
    tracing::warn!(cause, "MinIO does not do what it is asked");
    match error {
        MinIoError::Unavailable(_) => ObjectError::Unavailable,
        MinIoError::Unanswered { .. } | MinIoError::Refused { .. } | MinIoError::Unreadable(_) => {
            ObjectError::Internal
        }
    }
}
