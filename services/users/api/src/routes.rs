//! Users' public routes.

use http::{Method, StatusCode};
use kit_http::extract::PageQuery;
use kit_http::{Access, ApiRefusal, Route, RouteTable};
use serde_json::{Value, json};

use crate::UsersRefusal;
use crate::types::{CreateProfile, ProfileChanged, ProfileView, UpdateProfile};

const USER: &str = "0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c";
const DISPLAY: &str = UsersRefusal::SERVICE;

/// Everything users serves.
pub fn routes() -> RouteTable {
    let own = vec![
        Route::health("/", "users_health", DISPLAY),
        list(),
        create(),
        get(),
        update(),
        delete(),
        get_own(),
        put_own(),
    ];
    RouteTable::new("users", own).display(DISPLAY)
}

fn list() -> Route {
    Route::new(Method::GET, "/users", "list_users", Access::User)
        .summary("List profiles")
        .query::<PageQuery>()
        .answer::<Vec<ProfileView>>(StatusCode::OK, json!([profile()]))
}

fn create() -> Route {
    Route::new(Method::POST, "/users", "create_user", Access::User)
        .summary("Create a profile: one's own, for admins anybody's")
        .body::<CreateProfile>(json!({
            "user_id": USER, "username": "ada", "email": "ada@example.com",
            "full_name": "Ada Lovelace", "bio": "Writes programs"
        }))
        .answer::<ProfileChanged>(StatusCode::OK, changed("Profile created successfully"))
        .refuses(&UsersRefusal::ProfileExists)
        .idempotent()
        .refuses(&UsersRefusal::NotYoursToCreate)
}

fn get() -> Route {
    Route::new(Method::GET, "/users/{id}", "get_user", Access::User)
        .summary("Get a profile")
        .answer::<ProfileView>(StatusCode::OK, profile())
        .not_found("User")
}

fn update() -> Route {
    Route::new(Method::PUT, "/users/{id}", "update_user", Access::Own)
        .summary("Update a profile; members that are left out stay")
        .body::<UpdateProfile>(json!({ "bio": "Writes better programs" }))
        .answer::<ProfileChanged>(StatusCode::OK, changed("Profile updated successfully"))
        .refuses(&UsersRefusal::NotYoursToModify)
        .not_found("User")
        .conditional()
}

fn delete() -> Route {
    Route::new(Method::DELETE, "/users/{id}", "delete_user", Access::Own)
        .summary("Delete a profile; the account stays")
        .answer::<ProfileChanged>(StatusCode::OK, changed("Profile deleted successfully"))
        .refuses(&UsersRefusal::NotYoursToModify)
        .not_found("User")
        .conditional()
}

fn get_own() -> Route {
    Route::new(Method::GET, "/profile", "get_profile", Access::User)
        .summary("Get one's own profile")
        .answer::<ProfileView>(StatusCode::OK, profile())
        .not_found("User")
}

fn put_own() -> Route {
    Route::new(Method::PUT, "/profile", "put_profile", Access::User)
        .summary("Update one's own profile, or create it")
        .body::<UpdateProfile>(json!({ "full_name": "Ada Lovelace" }))
        .answer::<ProfileChanged>(StatusCode::OK, changed("Profile updated successfully"))
        .conditional()
}

fn profile() -> Value {
    json!({
        "user_id": USER, "username": "ada", "email": "ada@example.com",
        "full_name": "Ada Lovelace", "bio": "Writes programs", "created_at": "2030-01-01T00:00:00.000000Z"
    })
}

fn changed(message: &str) -> Value {
    json!({ "user_id": USER, "message": message })
}
