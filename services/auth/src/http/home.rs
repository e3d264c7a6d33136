//! `GET /` on auth's own port.

use std::collections::BTreeMap;

use auth_api::ApiIndex;
use kit_http::extract::Json;

pub(super) async fn auth_home() -> Json<ApiIndex> {
    let named = |route: &kit_http::Route| {
        let name = if route.pattern == "/" {
            "health"
        } else {
            route.operation
        };
        (name.to_owned(), route.pattern.to_owned())
    };
    let endpoints: BTreeMap<String, String> = auth_api::routes().routes.iter().map(named).collect();
    Json(ApiIndex {
        status: "ok".to_owned(),
        message: "API is running".to_owned(),
        endpoints,
    })
}
