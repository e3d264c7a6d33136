//! `GET /.well-known/oauth-authorization-server`.

use auth_api::Metadata;
use axum::extract::State;
use kit_http::extract::Json;

use crate::service::AuthService;

pub(super) async fn metadata(State(auth): State<AuthService>) -> Json<Metadata> {
    let issuer = auth.settings.issuer.trim_end_matches('/');
    Json(Metadata {
        issuer: auth.settings.issuer.clone(),
        jwks_uri: format!("{issuer}/.well-known/jwks.json"),
        token_endpoint: format!("{issuer}/api/login"),
        registration_endpoint: format!("{issuer}/api/register"),
        response_types_supported: Vec::new(),
        token_signing_alg_values_supported: vec![auth.keys.algorithm().to_owned()],
    })
}
