//! Who somebody is, is what their token says. Headers that say it are ours alone, in every spelling.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};

use e2e::{Client, Person, Setup, Stoa};

const SPELLINGS: [&str; 7] = [
    "X-User-Id",
    "x-user-id",
    "X-USER-ID",
    "X_User_Id",
    "X.User.Id",
    "x-user_id",
    "X~User|Id",
];
const OTHERS: [(&str, &str); 6] = [
    ("X-Username", "root"),
    ("X_Username", "root"),
    ("X-User-Roles", "admin"),
    ("x_user_roles", "customer,staff,admin"),
    ("X-User-Roles", "staff"),
    ("X_Internal_Key", "an-internal-key-of-somebody-else"),
];

/// A client that says in every way that it is somebody else, and an admin.
fn pretending(client: &Client, user_id: &str) -> Client {
    let named = SPELLINGS
        .iter()
        .fold(client.clone(), |client, name| client.with(name, user_id));
    OTHERS
        .iter()
        .fold(named, |client, (name, value)| client.with(name, value))
}

every_topology! {
    fn they_change_nobody(stoa: &mut Stoa) {
        let [ada, bob] = ["ada", "bob"].map(|name| Person::join(&stoa.gateway(), name));
        for person in [&ada, &bob] {
            person.make_profile(&stoa.gateway(), &person.name);
        }
        let places = [
            (stoa.gateway(), "/api/profile", format!("/api/users/{}", bob.id)),
            (stoa.users(), "/profile", format!("/users/{}", bob.id)),
        ];
        for (client, profile, others) in places {
            let nobody = pretending(&client, &bob.id);
            nobody.get(profile).expect_error(401, "Missing authorization header");
            nobody.with_token("a.b.c").get(profile).expect_error(401, "Invalid or expired token");
            let as_ada = pretending(&ada.at(&client), &bob.id);
            assert_eq!(as_ada.get(profile).expect(200)["user_id"], ada.id.as_str());
            as_ada.delete(&others).expect_error(403, "You can only modify your own profile");
        }
        let me = pretending(&ada.at(&stoa.gateway()), &bob.id).get("/api/me").expect(200);
        assert_eq!(me["user_id"], ada.id.as_str());
        assert_eq!(me["roles"], serde_json::json!(["customer"]));
        // Naming one in `Connection`, so that it would be dropped on the way, is refused outright.
        for name in ["X-User-Id", "x_user_id", "Authorization", "X-Internal-Key"] {
            let reply = ada.at(&stoa.gateway()).with("Connection", name).get("/api/profile");
            assert_eq!(reply.status.as_u16(), 400, "{name}: {reply:?}");
        }
    }
}

/// A foreign server that tells what arrives, head and body as they came.
fn foreign_server() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let mut stream = BufReader::new(stream);
            let mut text = String::new();
            while !text.ends_with("\r\n\r\n") && stream.read_line(&mut text).is_ok_and(|read| read > 0) {}
            if text.to_lowercase().contains("transfer-encoding: chunked") {
                while !text.ends_with("0\r\n\r\n") && stream.read_line(&mut text).is_ok_and(|read| read > 0) {
                }
            }
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
            let _ = stream.get_mut().write_all(answer);
            if tell.send(text).is_err() {
                return;
            }
        }
    });
    (address, told)
}

/// The headers that name somebody, folded as a lenient server folds them.
fn naming(head: &str) -> Vec<(String, String)> {
    let fold = |name: &str| {
        name.to_lowercase()
            .replace(|c: char| !c.is_ascii_alphanumeric(), "-")
    };
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (fold(name), value.trim().to_owned()))
        .filter(|(name, _)| name.starts_with("x-user") || name == "x-internal-key")
        .collect()
}

#[test]
fn a_foreign_server_is_told_the_truth_once() {
    let (address, told) = foreign_server();
    let routes = format!(
        r#"
[[gateway.routes]]
prefix = "/open"
target = "http://{address}"
access = "public"

[[gateway.routes]]
prefix = "/closed"
target = "http://{address}"
access = "user"
"#
    );
    let setup = Setup::up().file("stoa.toml", &routes);
    let node = setup.start();
    let [ada, bob] = ["ada", "bob"].map(|name| Person::join(&node.face(), name));

    assert_eq!(
        pretending(&node.face(), &bob.id).get("/open/x").status.as_u16(),
        200
    );
    assert_eq!(naming(&told.recv().expect("a request")), []);

    let as_ada = pretending(&ada.at(&node.face()), &bob.id);
    assert_eq!(as_ada.get("/closed/x").status.as_u16(), 200);
    let mut named = naming(&told.recv().expect("a request"));
    named.sort();
    let expected = [
        ("x-user-id", ada.id.as_str()),
        ("x-user-roles", "customer"),
        ("x-username", ada.name.as_str()),
    ];
    assert_eq!(
        named,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );

    node.face()
        .get("/closed/x")
        .expect_error(401, "Missing authorization header");
    assert!(told.try_recv().is_err(), "nothing was forwarded");
}

#[test]
fn a_trailer_names_nobody_either() {
    let (address, told) = foreign_server();
    let routes = format!(
        "[[gateway.routes]]\nprefix = \"/open\"\ntarget = \"http://{address}\"\naccess = \"public\"\n"
    );
    let node = Setup::up().file("stoa.toml", &routes).start();
    let head = node.face().head("POST", "/open/x");
    let request = format!(
        "{head}Transfer-Encoding: chunked\r\nTrailer: X-User-Id\r\n\r\n2\r\nhi\r\n0\r\nX-User-Id: root\r\n\r\n"
    );
    let reply = node.face().try_exchange(request.as_bytes()).expect("an answer");
    assert_eq!(reply.status.as_u16(), 200, "{reply:?}");
    let arrived = told.recv().expect("a request");
    assert!(arrived.contains("hi"), "{arrived}");
    assert!(!arrived.contains("root"), "{arrived}");
}
