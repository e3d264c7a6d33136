//! What `stoa up` does for somebody who has nothing installed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use e2e::person::{ADMIN, PASSWORD, credentials, email, fresh, registration};
use e2e::{Client, Node, Person, Reply, Setup};
use serde_json::json;

/// The path of the set-up link that a start printed.
fn setup_link(node: &Node) -> Option<String> {
    let log = node.log();
    let line = log.lines().find(|line| line.contains("/api/setup?token="))?;
    let base = format!("http://{}", node.face().address());
    line.trim().strip_prefix(&base).map(str::to_owned)
}

fn send_form(client: &Client, token: &str, name: &str) -> Reply {
    let mail = email(name).replace('@', "%40");
    let form = format!("token={token}&username={name}&email={mail}&password={PASSWORD}");
    let head = client.head("POST", "/api/setup");
    let length = form.len();
    let request = format!(
        "{head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
    );
    client.try_exchange(request.as_bytes()).expect("an answer")
}

#[test]
fn the_set_up_link_makes_the_first_admin_once() {
    let mut node = Setup::up().start();
    let gateway = node.face();
    let link = setup_link(&node).expect("a set-up link in the start-up output");
    let token = link.rsplit('=').next().unwrap_or_default().to_owned();

    let page = gateway.get(&link);
    assert_eq!(page.status.as_u16(), 200);
    assert!(page.header("content-type").starts_with("text/html"), "{page:?}");
    assert!(String::from_utf8_lossy(&page.body).contains(&token));
    let wrong = "A".repeat(token.len());
    assert_eq!(send_form(&gateway, &wrong, "mallory").status.as_u16(), 404);

    assert_eq!(send_form(&gateway, &token, ADMIN).status.as_u16(), 200);
    let session = gateway.post("/api/login", &credentials(ADMIN)).expect(200);
    assert_eq!(session["roles"], json!(["customer", "staff", "admin"]));
    assert_eq!(send_form(&gateway, &token, "mallory").status.as_u16(), 404);
    assert_eq!(gateway.get(&link).status.as_u16(), 404);

    assert_eq!(node.terminate().code(), Some(0));
    node.start_again();
    assert_eq!(setup_link(&node), None, "{}", node.log());
}

#[test]
fn an_unused_set_up_link_is_replaced_at_the_next_start() {
    let mut node = Setup::up().start();
    let old = setup_link(&node).expect("a link");
    node.terminate();
    node.start_again();
    let new = setup_link(&node).expect("a link");
    assert_ne!(old, new);
    assert_eq!(node.face().get(&old).status.as_u16(), 404);
    assert_eq!(node.face().get(&new).status.as_u16(), 200);
}

#[test]
fn a_configured_admin_needs_no_link() {
    let node = Setup::up().with_admin().start();
    assert_eq!(setup_link(&node), None);
    node.face().post("/api/login", &credentials(ADMIN)).expect(200);
}

#[test]
fn a_data_folder_has_one_owner() {
    let first = Setup::up().start();
    let second = Setup::up().beside(first.setup()).finish();
    assert_eq!(second.code, Some(1), "{second:?}");
    let pid = first.pid().as_raw_nonzero();
    let told = format!("the data folder `data` is in use by process {pid}");
    assert!(second.stderr.contains(&told), "{}", second.stderr);
    assert_eq!(second.stdout, "");
    // The first one never noticed.
    Person::join(&first.face(), "ada");
}

#[test]
fn a_data_folder_is_free_again_after_a_crash() {
    let mut node = Setup::up().start();
    let ada = Person::join(&node.face(), "ada");
    node.kill();
    node.start_again();
    assert_eq!(
        ada.at(&node.face()).get("/api/me").expect(200)["username"],
        ada.name.as_str()
    );
}

#[test]
fn everything_secret_is_its_owners_alone() {
    let setup = Setup::up();
    drop(setup.start());
    let mode = |path: &Path| fs::metadata(path).map(|data| data.permissions().mode() & 0o777);
    let data = setup.data();
    assert_eq!(mode(&data).unwrap(), 0o700);
    let keys: Vec<_> = fs::read_dir(data.join("keys")).unwrap().collect();
    assert!(keys.len() >= 3, "{keys:?}");
    for key in keys {
        let path = key.unwrap().path();
        assert_eq!(mode(&path).unwrap(), 0o600, "{}", path.display());
    }
}

#[test]
fn no_secret_is_ever_logged() {
    let setup = Setup::up().with_admin().set("log.filter", "trace");
    let mut node = setup.start();
    let ada = Person::join(&node.face(), "ada");
    ada.make_profile(&node.face(), "Countess");
    let wrong = json!({ "username": ada.name, "password": "not-the-password-1" });
    node.face().post("/api/login", &wrong).expect(401);
    let own = node.client("users");
    ada.at(&own).get("/profile").expect(200);
    node.terminate();

    let log = node.log();
    assert!(log.contains("/api/profile"), "the log tells of the requests");
    let keys = fs::read_dir(setup.data().join("keys")).unwrap();
    let mut secrets: Vec<String> = keys
        .map(|key| fs::read_to_string(key.unwrap().path()).unwrap())
        .map(|text| {
            text.lines()
                .max_by_key(|line| line.len())
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    secrets.extend([
        ada.token.clone(),
        PASSWORD.to_owned(),
        "not-the-password-1".to_owned(),
    ]);
    secrets.push(ada.token.rsplit('.').next().unwrap_or_default().to_owned());
    for secret in secrets {
        assert!(
            secret.len() > 10 && !log.contains(&secret),
            "in the log: {secret}"
        );
    }
}

#[test]
fn without_expose_only_the_gateway_and_the_admin_listener_are_open() {
    let listening = Setup::up();
    let gateway = listening.address("gateway").to_string();
    let setup = Setup::command(&["up", "--listen", &gateway])
        .set("admin.listen", &listening.address("admin").to_string())
        .set("auth.listen", &listening.address("auth").to_string())
        .set("users.listen", &listening.address("users").to_string());
    let node = setup.launch();
    let at = |name| Client::new(listening.address(name));
    e2e::eventually("it is ready", || {
        let reply = at("gateway").try_send("GET", "/readyz", None);
        reply
            .is_ok_and(|reply| reply.status.as_u16() == 200)
            .then_some(())
    });
    assert_eq!(at("admin").get("/readyz").status.as_u16(), 200);
    assert!(String::from_utf8_lossy(&at("admin").get("/metrics").body).contains("http_request_seconds"));
    assert_eq!(at("gateway").get("/metrics").status.as_u16(), 404);
    at("gateway")
        .post("/api/register", &registration(&fresh("ada")))
        .expect(200);
    for service in ["auth", "users"] {
        assert!(at(service).connect().is_err(), "{service}");
    }
    drop(node);
    assert!(
        setup.data().join("auth.db").is_file(),
        "the default data folder is `data`"
    );
}
