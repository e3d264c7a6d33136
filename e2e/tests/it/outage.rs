//! The database goes away and comes back: the answers say so, nothing is half done, and no process has to be
//! started again.

use std::cell::OnceCell;
use std::net::SocketAddr;

use e2e::link::Link;
use e2e::person::{credentials, fresh, registration};
use e2e::{Person, Reply, Setup, Stoa, Topology, eventually};
use serde_json::json;

/// With a link between the process and its database, the same for all.
fn through(setup: Setup, link: &OnceCell<Link>) -> Setup {
    let Some(url) = setup.variable("DATABASE_URL").map(str::to_owned) else {
        return setup;
    };
    let (user, place) = url.rsplit_once('@').expect("a URL with a user");
    let (server, database) = place.split_once('/').expect("a URL with a database");
    let server: SocketAddr = server.parse().expect("an address");
    let near = link.get_or_init(|| Link::to(server)).address();
    setup.env("DATABASE_URL", &format!("{user}@{near}/{database}"))
}

#[track_caller]
fn try_later(reply: &Reply, message: &str) {
    reply.expect_error(503, message);
    assert!(!reply.header("retry-after").is_empty());
}

#[test]
fn without_its_database_a_service_says_so_and_mends_by_itself() {
    let link = OnceCell::new();
    let stoa = Stoa::start_with(Topology::Split, |setup| through(setup, &link));
    let (gateway, link) = (stoa.gateway(), link.get().expect("a link"));
    let ada = Person::join(&gateway, "ada");
    ada.make_profile(&gateway, "before");

    link.cut();
    let [lost, path] = [fresh("lost"), format!("/api/users/{}", ada.id)];
    try_later(
        &gateway.post("/api/register", &registration(&lost)),
        "Auth service unavailable",
    );
    try_later(
        &gateway.post("/api/login", &credentials(&ada.name)),
        "Auth service unavailable",
    );
    try_later(&ada.at(&gateway).get(&path), "User service unavailable");
    let wanted = json!({ "bio": "during" });
    try_later(
        &ada.at(&gateway).put("/api/profile", &wanted),
        "User service unavailable",
    );
    for service in ["auth", "users"] {
        let ready = stoa.node(service).face().get("/readyz").expect(503);
        let checks = ready["checks"].as_array().expect("checks");
        let database = format!("{service}.database");
        let check = checks.iter().find(|check| check["name"] == database.as_str());
        assert_eq!(check.expect("the database's")["ready"], false, "{ready}");
    }
    // What needs no database goes on.
    gateway
        .get(&path)
        .expect_error(401, "Missing authorization header");
    gateway.get("/.well-known/jwks.json").expect(200);

    link.mend();
    for node in &stoa.nodes {
        node.wait_ready();
    }
    gateway.post("/api/login", &credentials(&ada.name)).expect(200);
    assert_eq!(ada.at(&gateway).get(&path).expect(200)["bio"], "before");
    ada.make_profile(&gateway, "after");
    // Refused is not done.
    gateway.post("/api/register", &registration(&lost)).expect(200);
}

#[test]
fn a_write_at_hand_when_the_database_goes_is_whole_or_not_there() {
    let link = OnceCell::new();
    let stoa = Stoa::start_with(Topology::Split, |setup| through(setup, &link));
    let (gateway, link) = (stoa.gateway(), link.get().expect("a link"));
    for _ in 0..5 {
        let names: Vec<String> = (0..4).map(|_| fresh("late")).collect();
        let told: Vec<(&String, u16)> = std::thread::scope(|scope| {
            let sent: Vec<_> = names
                .iter()
                .map(|name| {
                    let gateway = &gateway;
                    scope.spawn(move || {
                        (
                            name,
                            gateway.post("/api/register", &registration(name)).status.as_u16(),
                        )
                    })
                })
                .collect();
            link.cut();
            sent.into_iter()
                .map(|thread| thread.join().expect("an answer"))
                .collect()
        });
        link.mend();
        stoa.node("auth").wait_ready();
        for (name, status) in told {
            assert!([200, 503].contains(&status), "{status}");
            let signed_in = eventually("auth answers", || {
                let reply = gateway.post("/api/login", &credentials(name));
                (reply.status.as_u16() != 503).then_some(reply)
            });
            if status != 200 && signed_in.status.as_u16() == 401 {
                // A commit that was under way may have arrived only now.
                let made = gateway.post("/api/register", &registration(name));
                assert!([200, 409].contains(&made.status.as_u16()), "{made:?}");
                gateway.post("/api/login", &credentials(name)).expect(200);
            } else {
                signed_in.expect(200);
            }
        }
    }
}
