//! What goes over the wire, as both sides read and write it.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use kit_runtime::Secret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{InstanceContext, InstanceParameters, Offers, PlanOffer};

/// The header of the protocol's version.
pub(crate) const VERSION: HeaderName = HeaderName::from_static("x-broker-api-version");

/// The version that is spoken. Every other 2.x is compatible with it, as the protocol says.
pub(crate) const SPOKEN: HeaderValue = HeaderValue::from_static("2.17");

/// The code of an error: somebody else changes the instance now.
pub(crate) const CONCURRENCY: &str = "ConcurrencyError";

/// A name and a password (HTTP Basic, RFC 7617).
#[derive(Clone)]
pub struct AdapterCredentials {
    /// The name; without a colon.
    pub username: String,
    /// The password.
    pub password: Secret<String>,
}

impl AdapterCredentials {
    /// The header to send, marked as sensitive; none where they cannot stand in one.
    pub(crate) fn to_header(&self) -> Option<HeaderValue> {
        let pair = format!("{}:{}", self.username, self.password.expose());
        let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Whether a request has them, and nothing else. How long the comparison takes tells nothing but their length.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let (Some(given), None, Some(own)) = (given.next(), given.next(), self.to_header()) else {
            return false;
        };
        verify_slices_are_equal(own.as_bytes(), given.as_bytes()).is_ok()
    }
}

impl fmt::Debug for AdapterCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AdapterCredentials({})", self.username)
    }
}

/// `GET /v2/catalog`.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Catalog {
    pub services: Vec<CatalogService>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct CatalogService {
    pub id: String,
    pub name: String,
    pub description: String,
    pub bindable: bool,
    #[serde(default)]
    pub instances_retrievable: bool,
    #[serde(default)]
    pub bindings_retrievable: bool,
    pub plans: Vec<CatalogPlan>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct CatalogPlan {
    pub id: String,
    pub name: String,
    pub description: String,
}

impl From<Offers> for Catalog {
    /// Retired plans are left out: nobody begins with them.
    fn from(offers: Offers) -> Self {
        let plan = |plan: PlanOffer| CatalogPlan {
            id: plan.id,
            name: plan.name,
            description: plan.description,
        };
        let offered = offers.plans.into_iter().filter(|plan| !plan.retired);
        let service = CatalogService {
            id: offers.service_id,
            name: offers.name,
            description: offers.description,
            bindable: true,
            instances_retrievable: true,
            bindings_retrievable: false,
            plans: offered.map(plan).collect(),
        };
        Self {
            services: vec![service],
        }
    }
}

impl From<CatalogService> for Offers {
    fn from(service: CatalogService) -> Self {
        let plan = |plan: CatalogPlan| PlanOffer {
            id: plan.id,
            name: plan.name,
            description: plan.description,
            retired: false,
        };
        Self {
            service_id: service.id,
            name: service.name,
            description: service.description,
            plans: service.plans.into_iter().map(plan).collect(),
        }
    }
}

/// `PUT /v2/service_instances/{id}`, and what `GET` answers of one.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct InstanceBody {
    pub service_id: String,
    pub plan_id: String,
    pub context: InstanceContext,
    pub parameters: InstanceParameters,
}

/// `PATCH /v2/service_instances/{id}`, and `PUT` of a binding: what they have in common.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct ServiceAndPlan {
    pub service_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
}

/// The query of requests that may be answered before they are done.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct InstanceQuery {
    #[serde(default)]
    pub accepts_incomplete: Option<String>,
    #[serde(default)]
    pub service_id: Option<String>,
    #[serde(default)]
    pub plan_id: Option<String>,
    #[serde(default)]
    pub operation: Option<String>,
}

/// An operation that goes on.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Accepted {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
}

/// `GET …/last_operation`.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct LastOperation {
    pub state: LastOperationState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) enum LastOperationState {
    #[serde(rename = "in progress")]
    InProgress,
    #[serde(rename = "succeeded")]
    Succeeded,
    #[serde(rename = "failed")]
    Failed,
}

/// Credentials that were made.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Binding {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Value>,
}

/// Every error of the protocol.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct ErrorBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
