//! What services tell each other, and those who look after it.

use e2e::database::Database;
use e2e::{Client, Node, Person, Stoa, Topology, eventually};
use kit_testing::db::connect;
use serde_json::{Value, json};
use sqlx::Connection as _;

fn disable(stoa: &Stoa, whom: &Person) {
    set_status(stoa, whom, "disabled");
}

fn set_status(stoa: &Stoa, whom: &Person, status: &str) {
    let admin = stoa.gateway().with_token(&stoa.admin_token());
    let path = format!("/api/admin/accounts/{}", whom.id);
    admin
        .send("PATCH", &path, Some(&json!({ "status": status })))
        .expect(200);
}

/// What `stoa events …` answers beside the processes.
pub(crate) fn ask(node: &Node, arguments: &[&str]) -> Value {
    let ended = node.setup().operate(&[&["events"], arguments].concat()).finish();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    serde_json::from_str(&ended.stdout).expect("JSON")
}

#[track_caller]
pub(crate) fn order(node: &Node, arguments: &[&str]) {
    let ended = node.setup().operate(&[&["events"], arguments].concat()).finish();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[track_caller]
fn until_status(client: &Client, path: &str, status: u16) {
    eventually("it is answered otherwise", || {
        (client.get(path).status.as_u16() == status).then_some(())
    });
}

every_topology! {
    fn whose_account_is_disabled_is_no_longer_shown_to_others(stoa: &mut Stoa) {
        let gateway = stoa.gateway();
        let [ada, grace] = ["ada", "grace"].map(|name| Person::join(&gateway, name));
        ada.make_profile(&gateway, "hello");
        let (path, grace) = (format!("/api/users/{}", ada.id), grace.at(&gateway));
        grace.get(&path).expect(200);
        disable(stoa, &ada);
        until_status(&grace, &path, 404);
        set_status(stoa, &ada, "active");
        until_status(&grace, &path, 200);
    }

    fn an_operator_sees_what_was_told_and_who_has_heard_it(stoa: &mut Stoa) {
        let gateway = stoa.gateway();
        let ada = Person::join(&gateway, "ada");
        disable(stoa, &ada);
        let node = stoa.node("users");
        let told = node.setup().operate(&["events", "tail", "--source", "auth", "--json"]).finish();
        let events: Vec<Value> = told
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let hers = events.iter().filter(|event| event["key"] == ada.id.as_str());
        let kinds: Vec<_> = hers.map(|event| event["type"].as_str().expect("a type")).collect();
        assert_eq!(kinds.first(), Some(&"user.registered"), "{events:?}");
        assert!(kinds.contains(&"user.disabled"), "{kinds:?}");
        assert_eq!(events[0]["payload"]["username"], "root", "the payload is JSON in JSON");
        for misspelt in [&["dlq", "list", "--consumer", "user"][..], &["dlq", "replay", "user"], &["replay", "user", "--since", "1h"]] {
            let ended = node.setup().operate(&[&["events"], misspelt].concat()).finish();
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
            assert!(ended.stderr.contains("there is no consumer `user`"), "{ended:?}");
        }
        eventually("users has passed auth's log", || {
            let lag = ask(node, &["lag", "--json"]);
            let users = lag.as_array()?.iter().find(|lag| lag["consumer"] == "users")?.clone();
            (users["source"] == "auth" && users["rows"] == 0 && users["parked"] == 0).then_some(())
        });
    }
}

/// Runs a statement as the database's owner.
pub(crate) fn change(database: &Database, statement: &'static str) {
    database.block_on(async {
        let mut connection = connect(database.url()).await;
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .expect("it runs");
        connection.close().await.expect("it closes");
    });
}

/// From now on no row of somebody's is taken into a table, `not ada` being the reason, until the trigger `refuse`
/// is dropped.
pub(crate) fn refuse_rows(database: &Database, (schema, table): (&str, &str), person: &Person) {
    for statement in [
        format!(
            "CREATE FUNCTION {schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'not ada'; END $$"
        ),
        format!(
            "CREATE TRIGGER refuse BEFORE INSERT ON {schema}.{table} FOR EACH ROW \
             WHEN (NEW.user_id = '{}') EXECUTE FUNCTION {schema}.refuse()",
            person.id
        ),
    ] {
        change(database, statement.leak());
    }
}

/// An event whose effect fails waits for somebody to decide, and only what has its key waits with it.
#[test]
fn a_dead_letter_holds_up_its_own_key_until_somebody_decides() {
    let stoa = Stoa::start_with(Topology::Split, |setup| setup.set("events.attempts", "1"));
    let (gateway, database) = (stoa.gateway(), stoa.database.as_ref().expect("a database"));
    let people = ["ada", "grace", "reader"].map(|name| Person::join(&gateway, name));
    for person in &people {
        person.make_profile(&gateway, "hello");
    }
    let [ada, grace, reader] = people;
    let (reader, users) = (reader.at(&gateway), stoa.node("users"));
    let path = |person: &Person| format!("/api/users/{}", person.id);

    // Something is wrong with her row alone.
    refuse_rows(database, ("users", "disabled_accounts"), &ada);
    disable(&stoa, &ada);
    let letters = eventually("there is a dead letter", || {
        let letters = ask(users, &["dlq", "list", "--json"]);
        (!letters.as_array()?.is_empty()).then_some(letters)
    });
    let (event, reason) = (&letters[0]["event_id"], &letters[0]["reason"]);
    assert_eq!(
        (&letters[0]["consumer"], &letters[0]["type"]),
        (&json!("users"), &json!("user.disabled"))
    );
    assert!(reason.as_str().expect("a reason").contains("not ada"), "{reason}");
    let event = event.as_str().expect("an identifier");
    let shown = ask(users, &["dlq", "show", "users", event]);
    assert_eq!(shown["payload"]["user_id"], ada.id.as_str(), "{shown}");

    disable(&stoa, &grace);
    until_status(&reader, &path(&grace), 404);
    reader.get(&path(&ada)).expect(200);

    change(database, "DROP TRIGGER refuse ON users.disabled_accounts");
    order(users, &["dlq", "replay", "users", event]);
    until_status(&reader, &path(&ada), 404);
    eventually("there are no dead letters", || {
        (ask(users, &["dlq", "list", "--json"]) == json!([])).then_some(())
    });
    let ended = users
        .setup()
        .operate(&["events", "dlq", "drop", "users", event])
        .finish();
    assert_eq!(
        ended.code,
        Some(1),
        "what is not parked cannot be given up: {ended:?}"
    );
    assert!(ended.stderr.contains("has no parked event"), "{ended:?}");
}

#[test]
fn what_was_undone_behind_its_back_comes_again_by_a_replay() {
    let mut stoa = Stoa::start(Topology::Split);
    let gateway = stoa.gateway();
    let [ada, grace] = ["ada", "grace"].map(|name| Person::join(&gateway, name));
    ada.make_profile(&gateway, "hello");
    let (path, grace) = (format!("/api/users/{}", ada.id), grace.at(&gateway));
    disable(&stoa, &ada);
    until_status(&grace, &path, 404);
    let database = stoa.database.as_ref().expect("a database");
    change(database, "DELETE FROM users.disabled_accounts");
    // What it keeps in memory nobody else can change.
    let users = stoa.node_mut("users");
    users.terminate();
    users.start_again();
    grace.get(&path).expect(200);
    order(
        stoa.node("users"),
        &["replay", "users", "--since", "1h", "--repeat"],
    );
    until_status(&grace, &path, 404);
}

#[test]
fn where_there_is_no_database_there_is_nothing_to_look_at() {
    let setup = e2e::Setup::command(&["events", "lag"]);
    let ended = setup.finish();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    assert!(ended.stderr.contains("no database to look at"), "{ended:?}");
    assert!(!setup.data().exists(), "a look makes nothing");
}
