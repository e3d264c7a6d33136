//! How the platform calls an adapter.

mod transport;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use http::{Method, StatusCode};
use kit_config::BaseUrl;
use kit_rpc::pool::TrustError;
use kit_rpc::{Deadline, InternalKeys, RpcPool};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use self::transport::{Answer, Transport};
use crate::instance_id::is_name;
use crate::wire::{
    Accepted, Binding, CONCURRENCY, Catalog, ErrorBody, InstanceBody, LastOperation, LastOperationState,
    ServiceAndPlan,
};
use crate::{AdapterCredentials, Instance, Offers, Usage};

/// How far a request is that may be answered before it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is done.
    Done,
    /// It goes on; [`AdapterClient::last_operation`] tells how it ends.
    InProgress {
        /// What the adapter calls the operation, if it calls it anything.
        operation: Option<String>,
    },
}

/// How far an operation is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperationState {
    /// It goes on.
    InProgress,
    /// It is done.
    Succeeded,
    /// It was given up.
    Failed {
        /// Why, as the adapter says it.
        description: String,
    },
    /// There is no such instance, or none any more.
    Gone,
}

/// Why an adapter did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdapterFault {
    /// Surely not done; it may be tried again later.
    #[error("{0}")]
    NotNow(String),
    /// It may be done, or half done: what was provisioned so has to be deprovisioned before it is tried again.
    #[error("{0}")]
    Unknown(String),
    /// Refused, now and later.
    #[error("{status}: {description}")]
    Refused {
        /// The status of the answer.
        status: u16,
        /// Why, as the adapter says it.
        description: String,
    },
}

/// Calls an adapter. A cheap handle.
#[derive(Clone)]
pub struct AdapterClient {
    transport: Transport,
    /// The identifier of its service, once it is known.
    service_id: Arc<OnceLock<String>>,
}

impl AdapterClient {
    /// One of this process, by its routes.
    pub fn local(routes: Router, keys: InternalKeys) -> Self {
        Self::of(Transport::local(routes, keys))
    }

    /// One of our own processes.
    pub fn of_peer(pool: &RpcPool, address: &BaseUrl, keys: InternalKeys) -> Result<Self, TrustError> {
        Ok(Self::of(Transport::of_peer(pool, address, keys)?))
    }

    /// Anybody's.
    pub fn foreign(
        pool: &RpcPool,
        address: &BaseUrl,
        credentials: &AdapterCredentials,
    ) -> Result<Self, TrustError> {
        Ok(Self::of(Transport::foreign(pool, address, credentials)?))
    }

    fn of(transport: Transport) -> Self {
        Self {
            transport,
            service_id: Arc::default(),
        }
    }

    /// What can be provisioned.
    pub async fn offers(&self, deadline: Deadline) -> Result<Offers, AdapterFault> {
        let answer = self
            .call((Method::GET, "/v2/catalog".to_owned()), None, deadline)
            .await?;
        let catalog: Catalog = answer.expect(&[StatusCode::OK])?;
        let mut services = catalog.services.into_iter();
        match (services.next(), services.next()) {
            (Some(service), None) => Ok(service.into()),
            _ => Err(AdapterFault::Unknown("an adapter has one service".to_owned())),
        }
    }

    /// Asks for an instance. Asked again with the same instance it answers how far that is.
    pub async fn provision(&self, instance: &Instance, deadline: Deadline) -> Result<Progress, AdapterFault> {
        let body = InstanceBody {
            service_id: self.service_id(deadline).await?,
            plan_id: instance.plan_id.clone(),
            context: instance.context.clone(),
            parameters: instance.parameters.clone(),
        };
        let path = format!("{}?accepts_incomplete=true", path_of(instance)?);
        let answer = self
            .call((Method::PUT, path), Some(json!(body)), deadline)
            .await?;
        answer.progress(&[StatusCode::OK, StatusCode::CREATED])
    }

    /// How far what was asked for last is, or the operation of this name.
    pub async fn last_operation(
        &self,
        instance: &Instance,
        operation: Option<&str>,
        deadline: Deadline,
    ) -> Result<OperationState, AdapterFault> {
        let operation = operation.map(|operation| ("operation", operation));
        let query = self.query(instance, operation, deadline).await?;
        let path = format!("{}/last_operation?{query}", path_of(instance)?);
        let answer = self.call((Method::GET, path), None, deadline).await?;
        if matches!(answer.status, StatusCode::GONE | StatusCode::NOT_FOUND) {
            return Ok(OperationState::Gone);
        }
        let last: LastOperation = answer.expect(&[StatusCode::OK])?;
        Ok(match last.state {
            LastOperationState::InProgress => OperationState::InProgress,
            LastOperationState::Succeeded => OperationState::Succeeded,
            LastOperationState::Failed => OperationState::Failed {
                description: last.description.unwrap_or_default(),
            },
        })
    }

    /// Asks for credentials; nothing where they were made before.
    pub async fn bind(
        &self,
        instance: &Instance,
        binding_id: &str,
        deadline: Deadline,
    ) -> Result<Option<Value>, AdapterFault> {
        let body = ServiceAndPlan {
            service_id: self.service_id(deadline).await?,
            plan_id: Some(instance.plan_id.clone()),
            parameters: None,
        };
        let path = binding_path(instance, binding_id)?;
        let answer = self
            .call((Method::PUT, path), Some(json!(body)), deadline)
            .await?;
        let binding: Binding = answer.expect(&[StatusCode::OK, StatusCode::CREATED])?;
        Ok(binding.credentials)
    }

    /// Takes credentials away; that there are none is no error.
    pub async fn unbind(
        &self,
        instance: &Instance,
        binding_id: &str,
        deadline: Deadline,
    ) -> Result<(), AdapterFault> {
        let query = self.query(instance, None, deadline).await?;
        let path = format!("{}?{query}", binding_path(instance, binding_id)?);
        let answer = self.call((Method::DELETE, path), None, deadline).await?;
        answer.check(&[StatusCode::OK, StatusCode::GONE])
    }

    /// Takes an instance away; one that there is not is done at once.
    pub async fn deprovision(
        &self,
        instance: &Instance,
        deadline: Deadline,
    ) -> Result<Progress, AdapterFault> {
        let asked = Some(("accepts_incomplete", "true"));
        let query = self.query(instance, asked, deadline).await?;
        let path = format!("{}?{query}", path_of(instance)?);
        let answer = self.call((Method::DELETE, path), None, deadline).await?;
        match answer.check(&[StatusCode::OK, StatusCode::GONE]) {
            Ok(()) => Ok(Progress::Done),
            Err(_) => answer.progress(&[]),
        }
    }

    /// What an instance uses.
    pub async fn usage(&self, instance: &Instance, deadline: Deadline) -> Result<Usage, AdapterFault> {
        let path = extension_path(instance, "usage")?;
        let answer = self.call((Method::GET, path), None, deadline).await?;
        answer.expect(&[StatusCode::OK])
    }

    /// Keeps an instance and lets nobody use it.
    pub async fn suspend(&self, instance: &Instance, deadline: Deadline) -> Result<(), AdapterFault> {
        self.extend(instance, "suspend", deadline).await
    }

    /// Lets a suspended instance be used again.
    pub async fn resume(&self, instance: &Instance, deadline: Deadline) -> Result<(), AdapterFault> {
        self.extend(instance, "resume", deadline).await
    }

    /// Whether instances can be provisioned and used now.
    pub async fn health(&self, deadline: Deadline) -> Result<(), AdapterFault> {
        let path = "/ext/v1/health".to_owned();
        let answer = self.call((Method::GET, path), None, deadline).await?;
        answer.check(&[StatusCode::OK])
    }

    async fn extend(&self, instance: &Instance, what: &str, deadline: Deadline) -> Result<(), AdapterFault> {
        let path = extension_path(instance, what)?;
        let answer = self.call((Method::POST, path), None, deadline).await?;
        answer.check(&[StatusCode::OK])
    }

    /// The query that names the service and the plan of an instance.
    async fn query(
        &self,
        instance: &Instance,
        more: Option<(&str, &str)>,
        deadline: Deadline,
    ) -> Result<String, AdapterFault> {
        let service_id = self.service_id(deadline).await?;
        let names = [("service_id", &*service_id), ("plan_id", &*instance.plan_id)];
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(names.into_iter().chain(more));
        Ok(query.finish())
    }

    /// An adapter that does not say its service was not asked anything else yet.
    async fn service_id(&self, deadline: Deadline) -> Result<String, AdapterFault> {
        if let Some(known) = self.service_id.get() {
            return Ok(known.clone());
        }
        let asked = self.offers(deadline).await.map_err(|fault| match fault {
            AdapterFault::Unknown(reason) => AdapterFault::NotNow(reason),
            fault @ (AdapterFault::NotNow(_) | AdapterFault::Refused { .. }) => fault,
        });
        let service_id = asked?.service_id;
        Ok(self.service_id.get_or_init(|| service_id).clone())
    }

    async fn call(
        &self,
        target: (Method, String),
        body: Option<Value>,
        deadline: Deadline,
    ) -> Result<Answer, AdapterFault> {
        if deadline.remaining() == Duration::ZERO {
            return Err(AdapterFault::NotNow(
                "the time was over before it was asked".to_owned(),
            ));
        }
        self.transport.call(target, body, deadline).await
    }
}

impl Answer {
    /// Whether it has one of these statuses, whatever else it says.
    fn check(&self, statuses: &[StatusCode]) -> Result<(), AdapterFault> {
        if statuses.contains(&self.status) {
            Ok(())
        } else {
            Err(self.fault())
        }
    }

    /// The body of an answer of one of these statuses.
    fn expect<T: DeserializeOwned>(&self, statuses: &[StatusCode]) -> Result<T, AdapterFault> {
        self.check(statuses)?;
        let malformed = |error| AdapterFault::Unknown(format!("the answer cannot be read: {error}"));
        serde_json::from_slice(&self.body).map_err(malformed)
    }

    /// How far a request is that one of these statuses says to be done.
    fn progress(&self, done: &[StatusCode]) -> Result<Progress, AdapterFault> {
        if self.status == StatusCode::ACCEPTED {
            let accepted: Accepted = self.expect(&[StatusCode::ACCEPTED])?;
            return Ok(Progress::InProgress {
                operation: accepted.operation,
            });
        }
        self.expect::<Value>(done).map(|_| Progress::Done)
    }

    /// What an error says was done. Of a status that nobody expects that is not known.
    fn fault(&self) -> AdapterFault {
        let said: ErrorBody = serde_json::from_slice(&self.body).unwrap_or_default();
        let description = said.description.unwrap_or_default();
        let is_conflict = said.error.as_deref() == Some(CONCURRENCY);
        match self.status {
            StatusCode::UNPROCESSABLE_ENTITY if is_conflict => AdapterFault::NotNow(description),
            StatusCode::TOO_MANY_REQUESTS => AdapterFault::NotNow(description),
            StatusCode::SERVICE_UNAVAILABLE if self.says_when => AdapterFault::NotNow(description),
            status if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT => {
                AdapterFault::Refused {
                    status: status.as_u16(),
                    description,
                }
            }
            status => AdapterFault::Unknown(format!("{status} {description}").trim_end().to_owned()),
        }
    }
}

fn path_of(instance: &Instance) -> Result<String, AdapterFault> {
    named(&instance.id)?;
    Ok(format!("/v2/service_instances/{}", instance.id))
}

fn binding_path(instance: &Instance, binding_id: &str) -> Result<String, AdapterFault> {
    named(binding_id)?;
    Ok(format!("{}/service_bindings/{binding_id}", path_of(instance)?))
}

fn extension_path(instance: &Instance, what: &str) -> Result<String, AdapterFault> {
    named(&instance.id)?;
    Ok(format!("/ext/v1/service_instances/{}/{what}", instance.id))
}

fn named(name: &str) -> Result<(), AdapterFault> {
    if is_name(name) {
        return Ok(());
    }
    Err(AdapterFault::Refused {
        status: StatusCode::BAD_REQUEST.as_u16(),
        description: format!("`{name}` is not a name of an instance or a binding"),
    })
}
