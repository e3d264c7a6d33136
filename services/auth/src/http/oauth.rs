//! `POST /oauth/introspect` (RFC 7662) and `POST /oauth/revoke` (RFC 7009): on auth's own port, for those who
//! have the internal key.

use auth_api::AuthRefusal;
use axum::extract::{FromRequest, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Router};
use http::StatusCode;
use kit_http::extract::Json;
use kit_http::{Anyone, ApiError};
use kit_rpc::InternalKeys;
use kit_service::Call;
use kit_token::{SessionId, UserId};
use serde::{Deserialize, Serialize};

use crate::service::{ActiveToken, AuthFailure, AuthService};

/// The routes, behind the internal key.
pub(crate) fn internal_router(auth: AuthService, keys: InternalKeys) -> Router {
    Router::new()
        .route("/oauth/introspect", post(introspect))
        .route("/oauth/revoke", post(revoke))
        .layer(from_fn_with_state(keys, admit))
        .with_state(auth)
}

async fn admit(State(keys): State<InternalKeys>, request: Request, next: Next) -> Response {
    if keys.admit(request.headers()) {
        next.run(request).await
    } else {
        AuthFailure::Refused(AuthRefusal::InvalidInternalKey).into_response()
    }
}

/// Both standards let a client hint at the kind of token and let a server ignore that.
#[derive(Deserialize)]
struct TokenForm {
    token: String,
}

struct Given(String);

impl<S: Send + Sync> FromRequest<S> for Given {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match Form::<TokenForm>::from_request(request, state).await {
            Ok(Form(form)) => Ok(Self(form.token)),
            // A form without a token is a bad request (RFC 6749, 5.2).
            Err(rejection) => Err(ApiError::new(
                match rejection.status() {
                    StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
                    status => status,
                },
                "invalid_request",
                rejection.body_text(),
            )),
        }
    }
}

/// What RFC 7662, 2.2 says of a token.
#[derive(Serialize)]
#[serde(untagged)]
enum Introspection {
    Inactive {
        active: bool,
    },
    Active {
        active: bool,
        sub: UserId,
        sid: SessionId,
        exp: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        username: Option<String>,
    },
}

impl From<Option<ActiveToken>> for Introspection {
    fn from(found: Option<ActiveToken>) -> Self {
        let Some(token) = found else {
            return Self::Inactive { active: false };
        };
        Self::Active {
            active: true,
            sub: token.user_id,
            sid: token.session_id,
            exp: token.expires_at.as_seconds(),
            username: token.username,
        }
    }
}

async fn introspect(
    State(auth): State<AuthService>,
    Given(token): Given,
) -> Result<Json<Introspection>, AuthFailure> {
    Ok(Json(auth.introspect(&token).await?.into()))
}

async fn revoke(
    State(auth): State<AuthService>,
    call: Call<Anyone>,
    Given(token): Given,
) -> Result<(), AuthFailure> {
    auth.revoke_token(&call, &token).await
}
