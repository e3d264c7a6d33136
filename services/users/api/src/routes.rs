//! Users' public routes.

use http::{Method, StatusCode};
use kit_http::extract::PageQuery;
use kit_http::{Access, Route, RouteTable};
use serde_json::{Value, json};

use crate::types::{CreateProfile, Health, ProfileChanged, ProfileView, UpdateProfile};

const USER: &str = "0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c";
const ONLY_YOUR_OWN: &str = "You can only modify your own profile";

/// Everything users serves.
pub fn routes() -> RouteTable {
    let own = vec![
        health(),
        list(),
        create(),
        get(),
        update(),
        delete(),
        get_own(),
        put_own(),
    ];
    RouteTable::new("users", own)
}

fn health() -> Route {
    let example = json!({ "status": "ok", "service": "user-service", "message": "User service is running" });
    Route::new(Method::GET, "/", "users_health", Access::Public)
        .own_port()
        .summary("Greets")
        .answer::<Health>(StatusCode::OK, example)
}

fn list() -> Route {
    Route::new(Method::GET, "/users", "list_users", Access::User)
        .summary("All profiles, a page at a time")
        .query::<PageQuery>()
        .answer::<Vec<ProfileView>>(StatusCode::OK, json!([profile()]))
        .refuses(StatusCode::BAD_REQUEST, "`limit` must be from 1 to 100")
}

fn create() -> Route {
    Route::new(Method::POST, "/users", "create_user", Access::User)
        .summary("Makes the caller's profile; admins make anybody's")
        .body::<CreateProfile>(json!({
            "user_id": USER, "username": "ada", "email": "ada@example.com",
            "full_name": "Ada Lovelace", "bio": "Writes programs"
        }))
        .answer::<ProfileChanged>(StatusCode::OK, changed("Profile created successfully"))
        .refuses(StatusCode::CONFLICT, "Profile already exists")
        .idempotent()
        .refuses(StatusCode::FORBIDDEN, "You can only create your own profile")
}

fn get() -> Route {
    Route::new(Method::GET, "/users/{id}", "get_user", Access::User)
        .summary("Somebody's profile")
        .answer::<ProfileView>(StatusCode::OK, profile())
        .refuses(StatusCode::NOT_FOUND, "User not found")
}

fn update() -> Route {
    Route::new(Method::PUT, "/users/{id}", "update_user", Access::Own)
        .summary("Changes a profile; what is left out stays")
        .body::<UpdateProfile>(json!({ "bio": "Writes better programs" }))
        .answer::<ProfileChanged>(StatusCode::OK, changed("Profile updated successfully"))
        .refuses(StatusCode::FORBIDDEN, ONLY_YOUR_OWN)
        .refuses(StatusCode::NOT_FOUND, "User not found")
        .conditional()
}

fn delete() -> Route {
    Route::new(Method::DELETE, "/users/{id}", "delete_user", Access::Own)
        .summary("Deletes a profile; the account stays")
        .answer::<ProfileChanged>(StatusCode::OK, changed("Profile deleted successfully"))
        .refuses(StatusCode::FORBIDDEN, ONLY_YOUR_OWN)
        .refuses(StatusCode::NOT_FOUND, "User not found")
        .conditional()
}

fn get_own() -> Route {
    Route::new(Method::GET, "/profile", "get_profile", Access::User)
        .summary("The caller's own profile")
        .answer::<ProfileView>(StatusCode::OK, profile())
        .refuses(StatusCode::NOT_FOUND, "User not found")
}

fn put_own() -> Route {
    Route::new(Method::PUT, "/profile", "put_profile", Access::User)
        .summary("Changes the caller's own profile, and makes it where there is none")
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
