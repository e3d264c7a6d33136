//! The types that go through the routes.

use std::collections::BTreeMap;

use kit_runtime::Timestamp;
use kit_values::{Money, Sku, Text, given, words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use subscriptions_api::ServiceStatus;

/// The name of a plan, 1 to 100 characters.
pub type PlanName = Text<100, 1>;

/// The text about a plan, at most 2000 characters.
pub type PlanDescription = Text<2000>;

/// What comes with a plan, in a few words: 1 to 200 characters.
pub type PlanFeature = Text<200, 1>;

/// How many features a plan has, at most.
pub const MOST_FEATURES: usize = 20;

/// `POST /plans`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePlan {
    /// 1 to 64 of `A-Z a-z 0-9 . _ -`, unique without case, for ever.
    #[schemars(with = "Sku")]
    pub sku: String,
    /// 1 to 100 characters.
    #[schemars(with = "PlanName")]
    pub name: String,
    /// Up to 2000 characters.
    #[serde(default)]
    #[schemars(with = "PlanDescription")]
    pub description: String,
    /// What a period costs: more than nothing.
    pub price: Money,
    /// How long a period is: 1 to 3660 days.
    #[schemars(range(min = 1, max = 3660))]
    pub duration_days: u32,
    /// How many bytes may be kept: 1 to 2^53 - 1.
    #[schemars(range(min = 1, max = 9_007_199_254_740_991_i64))]
    pub quota_bytes: u64,
    /// What comes with it, at most 20.
    #[serde(default)]
    #[schemars(with = "Vec<PlanFeature>")]
    pub features: Vec<String>,
}

/// `PATCH /plans/{sku}`: what is left out stays as it is. What is sold already keeps the terms it was sold on.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatePlan {
    /// 1 to 100 characters.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "PlanName")]
    pub name: Option<String>,
    /// Up to 2000 characters.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "PlanDescription")]
    pub description: Option<String>,
    /// What a period costs: more than nothing.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Money")]
    pub price: Option<Money>,
    /// How long a period is: 1 to 3660 days.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 1, max = 3660))]
    pub duration_days: Option<u32>,
    /// How many bytes may be kept: 1 to 2^53 - 1.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64", range(min = 1, max = 9_007_199_254_740_991_i64))]
    pub quota_bytes: Option<u64>,
    /// All that comes with it from now on, at most 20.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<PlanFeature>")]
    pub features: Option<Vec<String>>,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct PlanView {
    /// What names it; unique without case.
    pub sku: Sku,
    /// Its name for people.
    pub name: String,
    /// The text about it.
    pub description: String,
    /// What a period costs.
    pub price: Money,
    /// How many days a period has.
    pub duration_days: u32,
    /// How many bytes may be kept.
    pub quota_bytes: u64,
    /// What comes with it.
    pub features: Vec<String>,
    /// Whether nobody may begin with it any more. Services of it go on.
    pub retired: bool,
}

/// What a service uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct UsageView {
    /// The sum of the sizes of the objects.
    pub bytes: u64,
    /// How many objects there are.
    pub objects: u64,
    /// When it was measured (UTC).
    pub measured_at: Timestamp,
}

/// A service: a bucket and the key to it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct ServiceView {
    /// How it stands.
    pub status: ServiceStatus,
    /// Its plan.
    pub plan_sku: Sku,
    /// Where clients of S3 find it; it is addressed by path.
    pub endpoint: String,
    /// The region to sign for.
    pub region: String,
    /// The bucket.
    pub bucket: String,
    /// The identifier of the key; null where there is none yet, or none any more.
    pub access_key_id: Option<String>,
    /// How many bytes may be kept, as it was sold.
    pub quota_bytes: u64,
    /// What it uses; null where there is nothing to be measured.
    pub usage: Option<UsageView>,
    /// Until when it is paid (UTC); null where that is not known now.
    pub expires_at: Option<Timestamp>,
}

/// A key with its secret, which is shown this once.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct CredentialsView {
    /// The identifier of the key.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
}

/// The query of `GET /service/objects`, beside that of a page.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectFilter {
    /// What the keys begin with.
    #[serde(default)]
    pub prefix: String,
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct ObjectView {
    /// The key.
    pub key: String,
    /// In bytes.
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    /// When it was written (UTC).
    pub modified_at: Timestamp,
    /// As its writer said.
    pub content_type: Option<String>,
}

words! {
    /// What a signed address is for.
    pub enum PresignMethod {
        /// To read an object.
        Get = "GET",
        /// To write one.
        Put = "PUT",
    }
}

/// `POST /service/presign`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PresignRequest {
    /// What the address is for.
    pub method: PresignMethod,
    /// The key of the object: 1 to 1024 bytes.
    #[schemars(length(min = 1, max = 1024))]
    pub key: String,
    /// How many seconds the address is good for: 1 to 604800, which is a week.
    #[schemars(range(min = 1, max = 604_800))]
    pub expires_in: u32,
}

/// An address that whoever has it may use once or often, until it expires.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct PresignedView {
    /// The address.
    pub url: String,
    /// Headers to be sent with the request.
    pub headers: BTreeMap<String, String>,
    /// Until when it is good (UTC).
    pub expires_at: Timestamp,
}
