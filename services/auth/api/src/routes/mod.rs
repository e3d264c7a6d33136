//! Auth's public routes.

mod admin;
mod mail;
mod sessions;

use http::{Method, StatusCode};
use kit_http::{Access, ApiRefusal, Route, RouteTable};
use kit_token::Jwks;
use serde_json::{Value, json};

use crate::AuthRefusal;
use crate::types::{
    AccountView, ApiIndex, LogIn, LoggedIn, Metadata, Register, Registered, SetUp, SetUpQuery, Validate,
    Validated,
};

const USER: &str = "0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c";
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJzdG9hIn0.c2lnbmF0dXJl";

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
    routes.extend(mail::routes());
    routes.extend(admin::routes());
    RouteTable::new("auth", routes)
        .display(AuthRefusal::SERVICE)
        .under(&["/api", "/auth"])
}

fn home() -> Route {
    let example = json!({ "status": "ok", "message": "API is running", "endpoints": { "login": "/login" } });
    Route::new(Method::GET, "/", "auth_home", Access::Public)
        .own_port()
        .summary("Health check")
        .answer::<ApiIndex>(StatusCode::OK, example)
}

fn register() -> Route {
    let registered = json!({ "user_id": USER, "username": "ada", "message": "User registered successfully" });
    Route::new(Method::POST, "/register", "register", Access::Public)
        .strict()
        .summary("Register a user")
        .body::<Register>(json!({
            "username": "ada", "email": "ada@example.com", "password": "correct-horse-battery-9"
        }))
        .answer::<Registered>(StatusCode::OK, registered)
        .refuses(&AuthRefusal::UsernameTaken)
        .refuses(&AuthRefusal::EmailTaken)
        .refuses(&AuthRefusal::TooManySignIns)
}

fn login() -> Route {
    Route::new(Method::POST, "/login", "login", Access::Public)
        .strict()
        .summary("Log in")
        .body::<LogIn>(json!({ "username": "ada", "password": "correct-horse-battery-9" }))
        .answer::<LoggedIn>(StatusCode::OK, logged_in())
        .refuses(&AuthRefusal::InvalidCredentials)
        .refuses(&AuthRefusal::TooManySignIns)
}

fn logged_in() -> Value {
    json!({
        "token": TOKEN, "token_type": "Bearer", "expires_in": 86400,
        "refresh_token": "v1.0190c2a4", "refresh_expires_in": 2_592_000,
        "id": USER, "user_id": USER, "username": "ada", "roles": ["customer"]
    })
}

fn validate() -> Route {
    Route::new(Method::POST, "/validate", "validate", Access::Public)
        .summary("Validate an access token")
        .body::<Validate>(json!({ "token": TOKEN }))
        .answer::<Validated>(
            StatusCode::OK,
            json!({
                "valid": true, "user_id": USER, "username": "ada", "roles": ["customer"],
                "is_admin": false, "expires_at": "2030-01-01T00:00:00.000000Z"
            }),
        )
        .refuses(&AuthRefusal::InvalidToken)
        .refuses(&AuthRefusal::TokenExpired)
}

fn me() -> Route {
    Route::new(Method::GET, "/me", "me", Access::User)
        .summary("Get one's own account")
        .answer::<AccountView>(StatusCode::OK, account())
        .not_found("User")
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
    Route::new(Method::GET, "/.well-known/jwks.json", "jwks", Access::Public)
        .summary("Get the public keys of access tokens (RFC 7517)")
        .answer::<Jwks>(StatusCode::OK, json!({ "keys": [key] }))
}

fn metadata() -> Route {
    Route::new(
        Method::GET,
        "/.well-known/oauth-authorization-server",
        "metadata",
        Access::Public,
    )
    .summary("Get the authorization server metadata (RFC 8414)")
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
    Route::new(Method::GET, "/setup", "setup_page", Access::Public)
        .summary("Show the page of the one-time set-up link")
        .query::<SetUpQuery>()
        .page()
        .refuses(&AuthRefusal::NoSetUpLink)
}

fn setup() -> Route {
    Route::new(Method::POST, "/setup", "setup", Access::Public)
        .strict()
        .summary("Create the first admin by the set-up page's form")
        .form::<SetUp>(json!({
            "token": "…", "username": "root", "email": "root@example.com", "password": "correct-horse-battery-9"
        }))
        .page()
        .refuses(&AuthRefusal::NoSetUpLink)
        .refuses(&AuthRefusal::UsernameTaken)
        .refuses(&AuthRefusal::EmailTaken)
        .refuses(&AuthRefusal::TooManySignIns)
}
