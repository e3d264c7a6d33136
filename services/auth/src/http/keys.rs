//! `GET /admin/keys`, `POST /admin/keys/rotate`, `POST /admin/keys/{kid}/withdraw`: one resource, the ring.

use auth_api::KeyList;
use axum::extract::State;
use kit_http::extract::{InTrace, Json, Path};
use kit_http::{ApiError, Customer};

use super::error::failed;
use crate::service::{AuthService, KeysRefusal, Origin};

pub(super) async fn list_keys(
    _: Customer,
    State(auth): State<AuthService>,
) -> Result<Json<KeyList>, ApiError> {
    Ok(Json(KeyList {
        items: auth.list_keys().await.map_err(refused)?,
    }))
}

pub(super) async fn rotate_keys(
    Customer(caller): Customer,
    origin: Origin,
    InTrace(auth): InTrace<AuthService>,
) -> Result<Json<KeyList>, ApiError> {
    Ok(Json(KeyList {
        items: auth
            .rotate_keys(&(&*caller).into(), &origin)
            .await
            .map_err(refused)?,
    }))
}

pub(super) async fn withdraw_key(
    Customer(caller): Customer,
    origin: Origin,
    InTrace(auth): InTrace<AuthService>,
    Path(kid): Path<String>,
) -> Result<Json<KeyList>, ApiError> {
    Ok(Json(KeyList {
        items: auth
            .withdraw_key(&(&*caller).into(), kid, &origin)
            .await
            .map_err(refused)?,
    }))
}

fn refused(refusal: KeysRefusal) -> ApiError {
    match refusal {
        KeysRefusal::SharedSecret => {
            ApiError::conflict("shared_secret", "Tokens are signed with a shared secret")
        }
        KeysRefusal::NotFound => ApiError::not_found("Key not found"),
        KeysRefusal::Signing(error) => ApiError::internal(error),
        KeysRefusal::Failed(failure) => failed(failure),
    }
}
