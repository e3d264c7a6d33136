//! One service is away: the others go on as far as they can, say what they cannot, and mend by themselves.

use std::process::Command;

use e2e::person::{credentials, fresh, registration};
use e2e::{Client, Person, Reply, Setup, Stoa, Topology, eventually};
use serde_json::json;

#[track_caller]
fn says_that_auth_is_away(reply: &Reply) {
    reply.expect_error(503, "Auth service unavailable");
    let seconds: u32 = reply
        .header("retry-after")
        .parse()
        .expect("Retry-After in seconds");
    assert!(seconds > 0);
}

/// What users does without auth, with tokens of before; `prefix` is the gateway's.
fn users_goes_on(users: &Client, prefix: &str, known: &Person, unknown: &Person) {
    let path = format!("{prefix}/users/{}", known.id);
    assert_eq!(
        unknown.at(users).get(&path).expect(200)["username"],
        known.name.as_str()
    );
    let profile = format!("{prefix}/profile");
    known
        .at(users)
        .put(&profile, &json!({ "bio": prefix }))
        .expect(200);
    assert_eq!(known.at(users).get(&profile).expect(200)["bio"], prefix);
    users
        .with_token("a.b.c")
        .get(&path)
        .expect_error(401, "Invalid or expired token");
    // A new profile needs name and address, which auth alone knows.
    says_that_auth_is_away(&unknown.at(users).put(&profile, &json!({ "bio": "new" })));
    unknown
        .at(users)
        .get(&profile)
        .expect_error(404, "User not found");
}

#[test]
fn users_goes_on_without_auth_and_auth_comes_back() {
    let mut stoa = Stoa::start(Topology::Split);
    let (gateway, users) = (stoa.gateway(), stoa.users());
    let [known, unknown] = ["ada", "bob"].map(|name| Person::join(&gateway, name));
    known.make_profile(&gateway, "before");
    let others = |stoa: &Stoa| [stoa.node("users").pid(), stoa.node("gateway").pid()];
    let running = others(&stoa);

    assert_eq!(stoa.node_mut("auth").terminate().code(), Some(0));
    users_goes_on(&users, "", &known, &unknown);
    users_goes_on(&gateway, "/api", &known, &unknown);
    says_that_auth_is_away(&gateway.post("/api/login", &credentials(&known.name)));
    says_that_auth_is_away(&gateway.post("/auth/register", &registration(&fresh("eve"))));
    says_that_auth_is_away(&gateway.get("/.well-known/jwks.json"));
    says_that_auth_is_away(&known.at(&gateway).get("/api/me"));
    // Nobody is taken in without a token because its judge is away.
    gateway
        .get("/api/me")
        .expect_error(401, "Missing authorization header");

    stoa.node_mut("auth").start_again();
    gateway.post("/api/login", &credentials(&known.name)).expect(200);
    unknown
        .at(&users)
        .put("/profile", &json!({ "bio": "new" }))
        .expect(200);
    Person::join(&gateway, "eve").make_profile(&gateway, "newer");
    assert_eq!(others(&stoa), running);
}

#[test]
fn an_auth_that_hangs_is_as_good_as_away() {
    let stoa = Stoa::start(Topology::Split);
    let [known, unknown] = ["ada", "bob"].map(|name| Person::join(&stoa.gateway(), name));
    known.make_profile(&stoa.gateway(), "before");
    let users = stoa.users();

    stoa.node("auth").pause();
    // That is what a call tells that ran into its own limit, and not the request into that of its route.
    says_that_auth_is_away(&unknown.at(&users).put("/profile", &json!({ "bio": "new" })));
    users_goes_on(&users, "", &known, &unknown);

    stoa.node("auth").resume();
    eventually("auth is asked again", || {
        let made = unknown.at(&users).put("/profile", &json!({ "bio": "new" }));
        (made.status.as_u16() == 200).then_some(())
    });
}

#[test]
fn users_that_is_away_is_named_by_the_gateway() {
    let mut stoa = Stoa::start(Topology::Split);
    let ada = Person::join(&stoa.gateway(), "ada");
    stoa.node_mut("users").kill();
    let reply = ada.at(&stoa.gateway()).get("/api/profile");
    reply.expect_error(503, "User service unavailable");
    assert!(!reply.header("retry-after").is_empty());
    // What is auth's does not notice.
    ada.at(&stoa.gateway()).get("/api/me").expect(200);
    stoa.node_mut("users").start_again();
    ada.make_profile(&stoa.gateway(), "after");
}

#[test]
fn the_order_of_starts_does_not_matter() {
    let stoa = Stoa::start(Topology::Split);
    let ada = Person::join(&stoa.gateway(), "ada");
    let setups: Vec<Setup> = ["gateway", "users", "auth"]
        .map(|service| stoa.node(service).setup().clone())
        .into();
    let Stoa { nodes, database, .. } = stoa;
    drop(nodes);
    let [gateway, users, auth] = [&setups[0], &setups[1], &setups[2]];
    let early = [gateway.launch(), users.launch()];
    let face = early[0].face();
    let waiting = eventually("the gateway answers", || {
        face.try_send("GET", "/readyz", None).ok()
    });
    // They have no keys yet, so they let nobody in, and say so.
    assert_eq!(waiting.status.as_u16(), 503, "{waiting:?}");
    says_that_auth_is_away(&ada.at(&face).get("/api/users"));
    let own = early[1].face();
    eventually("users answers", || own.try_send("GET", "/livez", None).ok());
    says_that_auth_is_away(&ada.at(&own).get("/users"));
    let _auth = auth.start();
    early.iter().for_each(e2e::Node::wait_ready);
    ada.make_profile(&face, "early");
    drop(early);
    drop(database);
}

#[test]
fn a_public_key_file_alone_is_enough_for_users() {
    let stoa = Stoa::start(Topology::Split);
    let ada = Person::join(&stoa.gateway(), "ada");
    ada.make_profile(&stoa.gateway(), "Countess");
    let private = stoa.node("auth").setup().data().join("keys/signing.pem");
    let database = stoa.database.as_ref().expect("a database").url().to_owned();

    let alone = Setup::run(&["users"]).env("DATABASE_URL", &database);
    let public = alone.folder().join("public.pem");
    let done = Command::new("openssl")
        .args(["pkey", "-pubout", "-in"])
        .arg(&private)
        .arg("-out")
        .arg(&public)
        .status();
    assert!(done.expect("openssl runs").success());
    let alone = alone
        .set("token.public_key_file", "public.pem")
        .set("token.revocation", "off");

    let node = alone.start();
    assert_eq!(
        ada.at(&node.face()).get("/profile").expect(200)["bio"],
        "Countess"
    );
    ada.at(&node.face())
        .put("/profile", &json!({ "bio": "Analyst" }))
        .expect(200);
    node.face()
        .with_token("a.b.c")
        .get("/profile")
        .expect_error(401, "Invalid or expired token");
    let bob = Person::join(&stoa.gateway(), "bob");
    says_that_auth_is_away(&bob.at(&node.face()).put("/profile", &json!({ "bio": "new" })));
}
