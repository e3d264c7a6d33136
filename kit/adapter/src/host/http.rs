//! The protocol: what requests mean, and by which statuses they are answered.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use kit_http::server::RouteLabel;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::AdapterHost;
use super::lifecycle::HostError;
use super::state::{Decision, InstanceState};
use crate::instance_id::is_name;
use crate::wire::{
    Accepted, Binding, Catalog, ErrorBody, InstanceBody, InstanceQuery, LastOperation, LastOperationState,
    ServiceAndPlan, VERSION,
};
use crate::{Adapter, Instance, Offers};

/// The largest body of a request, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// The oldest minor version that is spoken: the first in which everything used here exists.
const OLDEST_MINOR: u32 = 13;

type Answer = Result<Response, HostError>;
type Body = Result<Bytes, BytesRejection>;
type Asked = Result<Query<InstanceQuery>, QueryRejection>;

pub(super) fn router<A: Adapter>(host: AdapterHost<A>) -> Router {
    let instance = put(provision).get(find).patch(update).delete(deprovision);
    let protocol = Router::new()
        .route("/v2/catalog", get(catalog))
        .route("/v2/service_instances/{id}", instance)
        .route("/v2/service_instances/{id}/last_operation", get(last_operation))
        .route(
            "/v2/service_instances/{id}/service_bindings/{binding}",
            put(bind).get(no_binding).delete(unbind),
        )
        .route_layer(middleware::from_fn(check_version));
    let extension = Router::new()
        .route("/ext/v1/service_instances/{id}/usage", get(usage))
        .route("/ext/v1/service_instances/{id}/suspend", post(suspend))
        .route("/ext/v1/service_instances/{id}/resume", post(resume))
        .route("/ext/v1/health", get(health));
    protocol
        .merge(extension)
        .route_layer(middleware::from_fn_with_state(host.clone(), check_access))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(host)
}

/// Lets in who has our key, or the credentials.
async fn check_access<A: Adapter>(
    State(host): State<AdapterHost<A>>,
    request: Request,
    next: Next,
) -> Response {
    let (deps, headers) = (&host.0.deps, request.headers());
    let is_known = deps
        .credentials
        .as_ref()
        .is_some_and(|known| known.admit(headers));
    let mut response = if is_known || deps.internal_keys.admit(headers) {
        next.run(request).await
    } else {
        let mut response = error(StatusCode::UNAUTHORIZED, None, "the credentials are not known");
        let basic = HeaderValue::from_static("Basic realm=\"adapter\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, basic);
        response
    };
    response.extensions_mut().insert(RouteLabel {
        service: "adapter",
        operation: "adapter",
    });
    response
}

/// The protocol's version is named by each request. All of 2.x are compatible.
async fn check_version(request: Request, next: Next) -> Response {
    let version = request
        .headers()
        .get(VERSION)
        .and_then(|value| value.to_str().ok());
    let minor = version.and_then(|version| version.strip_prefix("2.")?.parse::<u32>().ok());
    match minor {
        Some(minor) if minor >= OLDEST_MINOR => next.run(request).await,
        _ => error(
            StatusCode::PRECONDITION_FAILED,
            None,
            "X-Broker-API-Version has to be 2.13 or newer, and not 3",
        ),
    }
}

async fn catalog<A: Adapter>(State(host): State<AdapterHost<A>>) -> Answer {
    Ok(answer(StatusCode::OK, &Catalog::from(host.offers().await?)))
}

async fn provision<A: Adapter>(
    State(host): State<AdapterHost<A>>,
    Path(id): Path<String>,
    query: Asked,
    body: Body,
) -> Answer {
    let (query, body): (_, InstanceBody) = (asked(query)?, read(body)?);
    check_name(&id)?;
    let offers = host.offers().await?;
    check_service(&offers, Some(&body.service_id))?;
    check_incomplete(&query)?;
    let is_offered = offers
        .plans
        .iter()
        .any(|plan| plan.id == body.plan_id && !plan.retired);
    let instance = Instance {
        id,
        plan_id: body.plan_id,
        context: body.context,
        parameters: body.parameters,
    };
    decided(host.provision(instance, is_offered).await?)
}

async fn deprovision<A: Adapter>(
    State(host): State<AdapterHost<A>>,
    Path(id): Path<String>,
    query: Asked,
) -> Answer {
    let query = asked(query)?;
    check_name(&id)?;
    check_named(&host.offers().await?, &query)?;
    check_incomplete(&query)?;
    decided(host.deprovision(&id).await?)
}

async fn find<A: Adapter>(State(host): State<AdapterHost<A>>, Path(id): Path<String>) -> Answer {
    check_name(&id)?;
    let found = host.find(&id).await?;
    let there = found.filter(|found| found.state == InstanceState::Provisioned);
    let instance = there.ok_or(HostError::Unknown)?.instance;
    let body = InstanceBody {
        service_id: host.offers().await?.service_id,
        plan_id: instance.plan_id,
        context: instance.context,
        parameters: instance.parameters,
    };
    Ok(answer(StatusCode::OK, &body))
}

/// Nothing of an instance can be changed; that nothing changes is no error.
async fn update<A: Adapter>(
    State(host): State<AdapterHost<A>>,
    Path(id): Path<String>,
    body: Body,
) -> Answer {
    let body: ServiceAndPlan = read(body)?;
    check_name(&id)?;
    check_service(&host.offers().await?, Some(&body.service_id))?;
    let found = host.find(&id).await?.ok_or(HostError::Unknown)?;
    let is_same = body.plan_id.is_none_or(|plan| plan == found.instance.plan_id) && body.parameters.is_none();
    if is_same {
        return Ok(answer(StatusCode::OK, &json!({})));
    }
    let why = "instances cannot be updated".to_owned();
    Err(HostError::Unprocessable(None, why))
}

async fn last_operation<A: Adapter>(
    State(host): State<AdapterHost<A>>,
    Path(id): Path<String>,
    query: Asked,
) -> Answer {
    let query = asked(query)?;
    check_name(&id)?;
    let found = host.find(&id).await?.ok_or(HostError::Unknown)?;
    if query
        .operation
        .is_some_and(|operation| operation != found.operation)
    {
        return Err(HostError::Malformed("that is not the last operation".to_owned()));
    }
    let state = match found.state {
        InstanceState::Provisioning | InstanceState::Deprovisioning => LastOperationState::InProgress,
        InstanceState::Provisioned => LastOperationState::Succeeded,
        InstanceState::Failed => LastOperationState::Failed,
        InstanceState::Deprovisioned => return Err(HostError::Gone),
    };
    // What keeps it from being done now is the adapter's own business.
    let last = LastOperation {
        state,
        description: found.reason.filter(|_| state == LastOperationState::Failed),
    };
    Ok(answer(StatusCode::OK, &last))
}

async fn bind<A: Adapter>(
    State(host): State<AdapterHost<A>>,
    Path((id, binding)): Path<(String, String)>,
    body: Body,
) -> Answer {
    let body: ServiceAndPlan = read(body)?;
    check_name(&id)?;
    check_name(&binding)?;
    check_service(&host.offers().await?, Some(&body.service_id))?;
    let plan = body
        .plan_id
        .ok_or_else(|| HostError::Malformed("`plan_id` is missing".to_owned()))?;
    let made = host.bind(&id, &binding, &plan).await?;
    let status = if made.is_some() {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(answer(status, &Binding { credentials: made }))
}

/// Credentials are shown when they are made, and never again.
async fn no_binding() -> Answer {
    Err(HostError::Unknown)
}

async fn unbind<A: Adapter>(
    State(host): State<AdapterHost<A>>,
    Path((id, binding)): Path<(String, String)>,
    query: Asked,
) -> Answer {
    check_name(&id)?;
    check_name(&binding)?;
    check_named(&host.offers().await?, &asked(query)?)?;
    match host.unbind(&id, &binding).await {
        Ok(()) => Ok(answer(StatusCode::OK, &json!({}))),
        Err(HostError::Unknown) => Err(HostError::Gone),
        Err(failure) => Err(failure),
    }
}

async fn usage<A: Adapter>(State(host): State<AdapterHost<A>>, Path(id): Path<String>) -> Answer {
    check_name(&id)?;
    Ok(answer(StatusCode::OK, &host.usage(&id).await?))
}

async fn suspend<A: Adapter>(State(host): State<AdapterHost<A>>, Path(id): Path<String>) -> Answer {
    check_name(&id)?;
    host.suspend(&id).await?;
    Ok(answer(StatusCode::OK, &json!({})))
}

async fn resume<A: Adapter>(State(host): State<AdapterHost<A>>, Path(id): Path<String>) -> Answer {
    check_name(&id)?;
    host.resume(&id).await?;
    Ok(answer(StatusCode::OK, &json!({})))
}

async fn health<A: Adapter>(State(host): State<AdapterHost<A>>) -> Answer {
    host.health().await?;
    Ok(answer(StatusCode::OK, &json!({ "status": "ok" })))
}

fn decided(decision: Decision) -> Answer {
    match decision {
        Decision::Begin(_) | Decision::Concurrent => Err(HostError::concurrent()),
        Decision::Differs => Err(HostError::Differs),
        Decision::Gone => Err(HostError::Gone),
        Decision::Done => Ok(answer(StatusCode::OK, &json!({}))),
        Decision::Running(operation) => {
            let accepted = Accepted {
                operation: Some(operation),
            };
            Ok(answer(StatusCode::ACCEPTED, &accepted))
        }
    }
}

fn asked(query: Asked) -> Result<InstanceQuery, HostError> {
    let malformed = |error: QueryRejection| HostError::Malformed(error.body_text());
    query.map(|Query(query)| query).map_err(malformed)
}

fn read<T: DeserializeOwned>(body: Body) -> Result<T, HostError> {
    let body = body.map_err(|error| HostError::Malformed(error.body_text()))?;
    serde_json::from_slice(&body).map_err(|error| HostError::Malformed(error.to_string()))
}

fn check_name(name: &str) -> Result<(), HostError> {
    let malformed = || HostError::Malformed("an identifier is 1 to 100 of A-Z a-z 0-9 - . _ ~".to_owned());
    is_name(name).then_some(()).ok_or_else(malformed)
}

fn check_service(offers: &Offers, service_id: Option<&str>) -> Result<(), HostError> {
    let malformed = || HostError::Malformed(format!("`service_id` has to be `{}`", offers.service_id));
    (service_id == Some(&offers.service_id))
        .then_some(())
        .ok_or_else(malformed)
}

/// Requests without a body name service and plan in their query.
fn check_named(offers: &Offers, query: &InstanceQuery) -> Result<(), HostError> {
    check_service(offers, query.service_id.as_deref())?;
    let malformed = || HostError::Malformed("`plan_id` is missing".to_owned());
    query.plan_id.as_ref().map(drop).ok_or_else(malformed)
}

/// What takes long is asked for by those alone who can wait.
fn check_incomplete(query: &InstanceQuery) -> Result<(), HostError> {
    if query.accepts_incomplete.as_deref() == Some("true") {
        return Ok(());
    }
    let why = "this is done asynchronously: ask with accepts_incomplete=true".to_owned();
    Err(HostError::Unprocessable(Some("AsyncRequired"), why))
}

fn answer(status: StatusCode, body: &impl serde::Serialize) -> Response {
    let json = HeaderValue::from_static("application/json");
    match serde_json::to_vec(body) {
        Ok(body) => (status, [(CONTENT_TYPE, json)], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn error(status: StatusCode, code: Option<&str>, why: &str) -> Response {
    let body = ErrorBody {
        error: code.map(str::to_owned),
        description: Some(why.to_owned()),
    };
    answer(status, &body)
}

impl IntoResponse for HostError {
    fn into_response(self) -> Response {
        match self {
            Self::Malformed(why) => error(StatusCode::BAD_REQUEST, None, &why),
            Self::Unknown => error(StatusCode::NOT_FOUND, None, "there is no such thing"),
            Self::Gone => answer(StatusCode::GONE, &json!({})),
            Self::Differs => error(StatusCode::CONFLICT, None, "it exists with other attributes"),
            Self::Unprocessable(code, why) => error(StatusCode::UNPROCESSABLE_ENTITY, code, &why),
            Self::Unavailable(why) => {
                tracing::warn!(why, "an adapter is away");
                let mut response = error(StatusCode::SERVICE_UNAVAILABLE, None, "the adapter is away");
                response
                    .headers_mut()
                    .insert(RETRY_AFTER, HeaderValue::from_static("1"));
                response
            }
            Self::Broken(why) => {
                tracing::error!(why, "an adapter failed");
                error(StatusCode::INTERNAL_SERVER_ERROR, None, "the adapter failed")
            }
        }
    }
}
