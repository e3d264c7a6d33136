//! A client that goes away in the middle of a write leaves no open transaction and no half write.
//!
//! That it is the middle is not left to chance: a lock on the table holds the write up until its client is gone.

use std::io::{Read, Write};
use std::net::Shutdown;

use e2e::person::{credentials, fresh, registration};
use e2e::{Client, Person, Stoa, Topology, eventually};
use kit_testing::db::connect;
use serde_json::{Value, json};
use sqlx::{PgConnection, Row};

/// Sessions of the platform on its database in a state; the one that asks is not counted.
async fn count(watcher: &mut PgConnection, query: &'static str) -> i64 {
    let row = sqlx::query(query).fetch_one(watcher).await;
    row.expect("the server tells").get(0)
}

const WAITING: &str = "SELECT count(*) FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'";
const IN_TRANSACTION: &str = "SELECT count(*) FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid() \
    AND (state LIKE 'idle in transaction%' OR xact_start IS NOT NULL)";

/// Sends a request, waits until its write hangs at the lock, goes away, and lets the write go on.
fn leave_in_the_middle(stoa: &Stoa, lock: &'static str, client: &Client, request: &(&str, &str, Value)) {
    let database = stoa.database.as_ref().expect("a database");
    let mut watcher = database.block_on(connect(database.url()));
    let mut locker = database.block_on(connect(database.url()));
    for order in ["BEGIN", lock] {
        let done = database.block_on(async { sqlx::raw_sql(order).execute(&mut locker).await });
        done.expect("the lock is taken");
    }

    let (method, path, body) = request;
    let mut stream = client.connect().expect("a connection");
    let text = client.request(method, path, Some(body));
    stream.write_all(text.as_bytes()).expect("the request is sent");
    eventually("the write waits for the lock", || {
        (database.block_on(count(&mut watcher, WAITING)) > 0).then_some(())
    });
    stream.shutdown(Shutdown::Both).expect("the client goes");
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0, "there was no answer");
    drop(stream);
    database
        .block_on(async { sqlx::raw_sql("ROLLBACK").execute(&mut locker).await })
        .expect("the lock is let go");
    eventually("no transaction is left open", || {
        (database.block_on(count(&mut watcher, IN_TRANSACTION)) == 0).then_some(())
    });
}

#[test]
fn a_registration_whose_client_left_is_whole_or_not_there() {
    let stoa = Stoa::start(Topology::Split);
    let lock = "LOCK TABLE auth.accounts IN SHARE MODE";
    for (client, path) in [(stoa.gateway(), "/api/register"), (stoa.auth(), "/register")] {
        let name = fresh("gone");
        leave_in_the_middle(&stoa, lock, &client, &("POST", path, registration(&name)));
        let signed_in = stoa.gateway().post("/api/login", &credentials(&name));
        if signed_in.status.as_u16() == 401 {
            stoa.gateway()
                .post("/api/register", &registration(&name))
                .expect(200);
        } else {
            signed_in.expect(200);
        }
    }
    Person::join(&stoa.gateway(), "after");
}

#[test]
fn a_profile_whose_client_left_is_as_before_or_as_wanted() {
    let stoa = Stoa::start(Topology::Split);
    let ada = Person::join(&stoa.gateway(), "ada");
    ada.make_profile(&stoa.gateway(), "before");
    let lock = "LOCK TABLE users.profiles IN SHARE MODE";
    for (client, path) in [(stoa.gateway(), "/api/profile"), (stoa.users(), "/profile")] {
        let wanted = json!({ "full_name": path, "bio": path });
        let before = ada.at(&stoa.gateway()).get("/api/profile").expect(200);
        leave_in_the_middle(&stoa, lock, &ada.at(&client), &("PUT", path, wanted.clone()));
        let after = ada.at(&stoa.gateway()).get("/api/profile").expect(200);
        let is = |other: &Value| after["bio"] == other["bio"] && after["full_name"] == other["full_name"];
        assert!(is(&before) || is(&wanted), "{after}");
    }
    // Nothing is held: a write of anybody's goes through.
    ada.make_profile(&stoa.gateway(), "after");
}

/// The embedded database has one writer: a client that leaves must not take it along.
#[test]
fn clients_that_leave_at_any_moment_do_not_hold_up_an_embedded_one() {
    let stoa = Stoa::start(Topology::Embedded);
    let gateway = stoa.gateway();
    let names: Vec<String> = (0..40).map(|_| fresh("gone")).collect();
    for name in &names {
        let request = gateway.request("POST", "/api/register", Some(&registration(name)));
        let mut stream = gateway.connect().expect("a connection");
        stream.write_all(request.as_bytes()).expect("the request is sent");
    }
    Person::join(&gateway, "after").make_profile(&gateway, "after");
    for name in &names {
        let signed_in = gateway.post("/api/login", &credentials(name));
        if signed_in.status.as_u16() == 401 {
            // Either free, or written just now.
            let made = gateway.post("/api/register", &registration(name));
            assert!([200, 409].contains(&made.status.as_u16()), "{made:?}");
            gateway.post("/api/login", &credentials(name)).expect(200);
        } else {
            signed_in.expect(200);
        }
    }
}
