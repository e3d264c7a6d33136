//! Users, policies, quotas and usage, by the admin API.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Method;
use kit_runtime::{Secret, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::connection::{Ask, MinIo, MinIoError};

const NO_SUCH_USER: &str = "XMinioAdminNoSuchUser";
const NO_SUCH_POLICY: &str = "XMinioAdminNoSuchPolicy";
const ALREADY_SO: &str = "XMinioAdminPolicyChangeAlreadyApplied";

/// A user, as it is listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct User {
    /// The names of its policies, with commas between them.
    #[serde(default, rename = "policyName")]
    policy_names: String,
}

impl User {
    /// The names of its policies.
    pub fn policies(&self) -> impl Iterator<Item = &str> {
        self.policy_names.split(',').filter(|name| !name.is_empty())
    }

    /// Whether it has a policy.
    pub fn has_policy(&self, name: &str) -> bool {
        self.policies().any(|policy| policy == name)
    }
}

/// What the server's scanner has counted, some time ago.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataUsage {
    /// When it was.
    #[serde(default)]
    pub last_update: Option<Timestamp>,
    /// By bucket; those that are new are missing.
    #[serde(default, rename = "bucketsUsageInfo")]
    pub buckets: Option<BTreeMap<String, BucketUsage>>,
}

/// What is in a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BucketUsage {
    /// The sum of the sizes of the objects, in bytes.
    #[serde(default)]
    pub size: u64,
    /// How many there are.
    #[serde(default)]
    pub objects_count: u64,
}

impl MinIo {
    /// Makes a user, or gives it another secret. Its policies stay as they are.
    pub async fn put_user(&self, name: &str, secret: &Secret<String>) -> Result<(), MinIoError> {
        const OPERATION: &str = "add-user";
        let body = json!({ "secretKey": secret.expose(), "status": "enabled" });
        let body = self.seal(OPERATION, body.to_string().as_bytes())?;
        self.admin((OPERATION, Method::PUT), &[("accessKey", name)], body)
            .await?;
        Ok(())
    }

    /// Removes a user, if it is there.
    pub async fn remove_user(&self, name: &str) -> Result<(), MinIoError> {
        let asked = ("remove-user", Method::DELETE);
        let removed = self.admin(asked, &[("accessKey", name)], Bytes::new()).await;
        unless(removed, NO_SUCH_USER)
    }

    /// All users, by name.
    pub async fn list_users(&self) -> Result<BTreeMap<String, User>, MinIoError> {
        const OPERATION: &str = "list-users";
        let sealed = self.admin((OPERATION, Method::GET), &[], Bytes::new()).await?;
        let users = self.open(OPERATION, &sealed).await?;
        parse(OPERATION, &users)
    }

    /// Makes a policy, or replaces it.
    pub async fn put_policy(&self, name: &str, policy: &Value) -> Result<(), MinIoError> {
        let asked = ("add-canned-policy", Method::PUT);
        let body = Bytes::from(policy.to_string());
        self.admin(asked, &[("name", name)], body).await?;
        Ok(())
    }

    /// Whether there is a policy.
    pub async fn has_policy(&self, name: &str) -> Result<bool, MinIoError> {
        let asked = ("info-canned-policy", Method::GET);
        match self.admin(asked, &[("name", name)], Bytes::new()).await {
            Ok(_) => Ok(true),
            Err(error) if error.is(NO_SUCH_POLICY) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes a policy, if it is there; refused while a user has it.
    pub async fn remove_policy(&self, name: &str) -> Result<(), MinIoError> {
        let asked = ("remove-canned-policy", Method::DELETE);
        let removed = self.admin(asked, &[("name", name)], Bytes::new()).await;
        unless(removed, NO_SUCH_POLICY)
    }

    /// Gives a user a policy beside those that it has; false where there is no such user or policy.
    pub async fn attach_policy(&self, policy: &str, user: &str) -> Result<bool, MinIoError> {
        self.associate(("idp/builtin/policy/attach", policy), user).await
    }

    /// Takes a policy from a user; false where there is no such user.
    pub async fn detach_policy(&self, policy: &str, user: &str) -> Result<bool, MinIoError> {
        self.associate(("idp/builtin/policy/detach", policy), user).await
    }

    async fn associate(
        &self,
        (operation, policy): (&'static str, &str),
        user: &str,
    ) -> Result<bool, MinIoError> {
        let body = json!({ "policies": [policy], "user": user });
        let body = self.seal(operation, body.to_string().as_bytes())?;
        // What it answers is encrypted, costly to read, and says nothing new.
        match self.admin((operation, Method::POST), &[], body).await {
            Ok(_) => Ok(true),
            Err(error) if error.is(ALREADY_SO) => Ok(true),
            Err(error) if error.is(NO_SUCH_USER) || error.is(NO_SUCH_POLICY) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Says how many bytes a bucket may hold. It is held against what was counted some time ago.
    pub async fn set_quota(&self, bucket: &str, bytes: u64) -> Result<(), MinIoError> {
        let quota = json!({ "quota": bytes, "size": bytes, "rate": 0, "requests": 0, "quotatype": "hard" });
        let asked = ("set-bucket-quota", Method::PUT);
        let body = Bytes::from(quota.to_string());
        self.admin(asked, &[("bucket", bucket)], body).await?;
        Ok(())
    }

    /// What was counted of all buckets.
    pub async fn data_usage(&self) -> Result<DataUsage, MinIoError> {
        const OPERATION: &str = "datausageinfo";
        let usage = self.admin((OPERATION, Method::GET), &[], Bytes::new()).await?;
        parse(OPERATION, &usage)
    }

    async fn admin(
        &self,
        (operation, method): (&'static str, Method),
        query: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Bytes, MinIoError> {
        let path = format!("/minio/admin/v3/{operation}");
        let ask = Ask {
            operation,
            method,
            path: &path,
            query,
            header: None,
            body,
        };
        self.send(ask).await
    }
}

fn unless(done: Result<Bytes, MinIoError>, code: &str) -> Result<(), MinIoError> {
    match done {
        Ok(_) => Ok(()),
        Err(error) if error.is(code) => Ok(()),
        Err(error) => Err(error),
    }
}

fn parse<T: DeserializeOwned>(operation: &'static str, json: &[u8]) -> Result<T, MinIoError> {
    serde_json::from_slice(json).map_err(|_| MinIoError::Unreadable(operation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_the_policies_that_are_named() {
        let user: User = serde_json::from_str(r#"{"policyName":"a,bc","status":"enabled"}"#).unwrap();
        assert!(user.has_policy("a") && user.has_policy("bc"));
        assert!(!user.has_policy("b") && !user.has_policy("a,bc"));
        let none: User = serde_json::from_str(r#"{"status":"disabled"}"#).unwrap();
        assert_eq!(none.policies().count(), 0);
    }

    #[test]
    fn usage_is_read_also_where_nothing_was_counted_yet() {
        let nothing = r#"{"lastUpdate":"2026-12-01T06:00:00.5Z","objectsCount":0,"bucketsUsageInfo":null}"#;
        let usage: DataUsage = serde_json::from_str(nothing).unwrap();
        assert!(usage.buckets.is_none() && usage.last_update.is_some());
        let some = r#"{"bucketsUsageInfo":{"b":{"size":5,"objectsCount":2,"versionsCount":2}}}"#;
        let usage: DataUsage = serde_json::from_str(some).unwrap();
        let counted = BucketUsage {
            size: 5,
            objects_count: 2,
        };
        assert_eq!(usage.buckets.unwrap()["b"], counted);
    }
}
