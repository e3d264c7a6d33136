//! What holds for every route, read off the route table.

use kit_http::Access;
use kit_testing::{Examples, Person, on_both_databases};
use users_api::routes;

use crate::app::{HasProfile as _, UsersApp};

kit_testing::meta_tests! {
    routes = routes();
    start = UsersApp::start;
    table = [
        "GET / public, own port",
        "GET /users user",
        "POST /users user, idempotent",
        "GET /users/{id} user",
        "PUT /users/{id} own, conditional",
        "DELETE /users/{id} own, conditional",
        "GET /profile user",
        "PUT /profile user, conditional",
    ];
}

on_both_databases! {
    async fn every_route_of_an_owner_refuses_others(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let (ada, eve) = (app.settle("ada").await, app.settle("eve").await);
        let (before, tag) = (ada.seen().await, ada.etag().await);
        let (examples, mut tried) = (Examples::of(routes()), Vec::new());
        for route in routes().routes.iter().filter(|route| route.access == Access::Own) {
            let body = Some(examples.body(route.operation)).filter(|body| !body.is_null());
            let path = route.pattern.replace("{id}", &ada.id);
            assert!(path.contains(&ada.id), "`{}` names its owner", route.operation);
            let refused = eve.client.send(route.method.clone(), &path, body).await;
            refused.expect_error(403, "You can only modify your own profile");
            tried.push(route.operation);
        }
        assert_eq!(tried, ["update_user", "delete_user"]);
        assert_eq!((ada.seen().await, ada.etag().await), (before, tag));
    }

    async fn every_example_is_true(fixture: &Fixture) {
        let app = UsersApp::start(fixture).await;
        let (admin, mut examples) = (app.admin(), Examples::of(routes()));
        // The examples' own user, so that paths, bodies and answers speak of the same.
        let id = examples.body("create_user")["user_id"].as_str().map(str::to_owned);
        let hers = Person { id: id.unwrap(), ..admin.clone() };
        examples.check(&admin.client, "users_health", "/").await;
        examples.check(&admin.client, "create_user", "/users").await;
        let (listed, example) = examples.check(&admin.client, "list_users", "/users").await;
        assert_eq!(listed, example, "made of the example, at the examples' time");
        // In an order in which each finds what it needs.
        for (operation, path) in [
            ("get_user", hers.path()), ("put_profile", "/profile".to_owned()), ("get_profile", "/profile".to_owned()),
            ("update_user", hers.path()), ("delete_user", hers.path()),
        ] {
            examples.check(&admin.client, operation, &path).await;
        }
        assert_eq!(examples.untried(), [""; 0]);
    }
}
