//! Auth's public routes.

mod admin;
mod sessions;

use http::StatusCode;
use kit_http::{Access, Route, RouteTable};
use kit_token::Jwks;
use serde_json::{Value, json};

use crate::types::{
    AccountView, Home, LogIn, LoggedIn, Metadata, Register, Registered, SetUp, Validate, Validated,
};

const USER: &str = "0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c";
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJzdG9hIn0.c2lnbmF0dXJl";

/// Further prefixes at the gateway under which the same routes stand.
pub fn aliases() -> &'static [&'static str] {
    &["/auth"]
}

/// Everything auth serves.
pub fn routes() -> RouteTable {
    let mut routes = vec![
        home(),
        register(),
        login(),
        validate(),
        me(),
        jwks(),
        metadata(),
        setup_page(),
        setup(),
    ];
    routes.extend(sessions::routes());
    routes.extend(admin::routes());
    RouteTable::new("auth", routes)
}

fn home() -> Route {
    let example = json!({ "status": "ok", "message": "API is running", "endpoints": { "login": "/login" } });
    Route::new(http::Method::GET, "/", "auth_home", Access::Public)
        .own_port()
        .summary("Greets, and says where things are")
        .answer::<Home>(StatusCode::OK, example)
}

fn register() -> Route {
    let registered = json!({ "user_id": USER, "username": "ada", "message": "User registered successfully" });
    Route::new(http::Method::POST, "/register", "register", Access::Public)
        .strict()
        .summary("Makes an account")
        .body::<Register>(json!({
            "username": "ada", "email": "ada@example.com", "password": "correct-horse-battery-9"
        }))
        .answer::<Registered>(StatusCode::OK, registered)
        .refuses(StatusCode::CONFLICT, "Username already exists")
        .refuses(StatusCode::CONFLICT, "Email already registered")
}

fn login() -> Route {
    Route::new(http::Method::POST, "/login", "login", Access::Public)
        .strict()
        .summary("Begins a session, by username or e-mail address")
        .body::<LogIn>(json!({ "username": "ada", "password": "correct-horse-battery-9" }))
        .answer::<LoggedIn>(StatusCode::OK, logged_in())
        .refuses(StatusCode::UNAUTHORIZED, "Invalid username or password")
}

fn logged_in() -> Value {
    json!({
        "token": TOKEN, "token_type": "Bearer", "expires_in": 86400,
        "refresh_token": "v1.0190c2a4", "refresh_expires_in": 2_592_000,
        "id": USER, "user_id": USER, "username": "ada", "roles": ["customer"]
    })
}

fn validate() -> Route {
    Route::new(http::Method::POST, "/validate", "validate", Access::Public)
        .summary("Tells whether an access token is good, and whose it is")
        .body::<Validate>(json!({ "token": TOKEN }))
        .answer::<Validated>(
            StatusCode::OK,
            json!({
                "valid": true, "user_id": USER, "username": "ada", "roles": ["customer"],
                "is_admin": false, "expires_at": "2030-01-01T00:00:00.000000Z"
            }),
        )
        .refuses(StatusCode::UNAUTHORIZED, "Invalid or malformed token")
        .refuses(StatusCode::UNAUTHORIZED, "Token has expired")
}

fn me() -> Route {
    Route::new(http::Method::GET, "/me", "me", Access::User)
        .summary("The caller's own account")
        .answer::<AccountView>(StatusCode::OK, account())
}

fn account() -> Value {
    json!({
        "user_id": USER, "username": "ada", "email": "ada@example.com", "email_verified": false,
        "roles": ["customer"], "status": "active", "sessions": 1,
        "created_at": "2030-01-01T00:00:00.000000Z"
    })
}

fn jwks() -> Route {
    let key = json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "…", "n": "…", "e": "AQAB" });
    Route::new(
        http::Method::GET,
        "/.well-known/jwks.json",
        "jwks",
        Access::Public,
    )
    .summary("The public keys of access tokens (RFC 7517)")
    .answer::<Jwks>(StatusCode::OK, json!({ "keys": [key] }))
}

fn metadata() -> Route {
    Route::new(
        http::Method::GET,
        "/.well-known/oauth-authorization-server",
        "metadata",
        Access::Public,
    )
    .summary("Authorization server metadata (RFC 8414)")
    .answer::<Metadata>(
        StatusCode::OK,
        json!({
            "issuer": "https://shop.example.com",
            "jwks_uri": "https://shop.example.com/.well-known/jwks.json",
            "token_endpoint": "https://shop.example.com/api/login",
            "registration_endpoint": "https://shop.example.com/api/register",
            "response_types_supported": [],
            "token_signing_alg_values_supported": ["RS256"]
        }),
    )
}

fn setup_page() -> Route {
    Route::new(http::Method::GET, "/setup", "setup_page", Access::Public)
        .summary("The page behind the one-time set-up link, where the first admin is made")
        .page()
        .refuses(
            StatusCode::NOT_FOUND,
            "this set-up link does not work, or not any more",
        )
}

fn setup() -> Route {
    Route::new(http::Method::POST, "/setup", "setup", Access::Public)
        .strict()
        .summary("Makes the first admin; takes the page's form")
        .form::<SetUp>(json!({
            "token": "…", "username": "root", "email": "root@example.com", "password": "correct-horse-battery-9"
        }))
        .page()
        .refuses(StatusCode::NOT_FOUND, "this set-up link does not work, or not any more")
}
