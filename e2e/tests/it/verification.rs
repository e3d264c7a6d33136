//! `stoa verify`: content with what the platform did, beside it and without it, and not with what somebody did by hand.

use std::collections::BTreeSet;

use e2e::database::Database;
use e2e::person::CARD;
use e2e::{Finished, Person, Stoa, eventually};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, Row as _};

every_topology! {
    fn what_is_not_as_it_must_be_is_named(stoa: &mut Stoa) {
        let buyer = Person::join(&stoa.gateway(), "buyer");
        let orders = sell(stoa, &buyer);
        is_content(&verify(stoa, "30s"));
        for node in stoa.nodes.iter_mut().rev() {
            node.terminate();
        }
        is_content(&verify(stoa, "0s"));

        let wanted = break_everything(stoa, &buyer, &orders[0]);
        let checked = verify(stoa, "0s");
        assert_eq!(checked.code, Some(1), "{checked:?}");
        let found: Value = serde_json::from_str(&checked.stdout).expect("JSON");
        let named: BTreeSet<(&str, &str)> = found.as_array().into_iter().flatten()
            .filter_map(|finding| Some((finding["rule"].as_str()?, finding["row"].as_str()?)))
            .collect();
        for (rule, row) in &wanted {
            assert!(named.contains(&(*rule, row)), "{rule}: {row} is not in {found:#}");
        }
        // What waits for somebody's decision was not lost.
        assert!(!found.to_string().contains("reached `notifications`"), "{found:#}");
    }
}

/// Two orders that are paid, and a transaction.
fn sell(stoa: &Stoa, buyer: &Person) -> Vec<String> {
    let gateway = stoa.gateway();
    let (staff, buyer) = (gateway.with_token(&stoa.admin_token()), buyer.at(&gateway));
    let product = json!({ "name": "Mug", "variants": [{
        "sku": "MUG", "price": { "amount_minor": 1250, "currency": "USD" },
    }] });
    staff.post("/api/products", &product).expect(201);
    staff.put("/api/stock/MUG", &json!({ "on_hand": 10 })).expect(200);
    let order = |_| {
        let wanted = json!({ "items": [{ "sku": "MUG", "quantity": 1 }] });
        let placed = buyer.with("Idempotency-Key", &e2e::person::fresh("key"));
        let id = placed.post("/api/orders", &wanted).expect(201)["id"].clone();
        let path = format!("/api/orders/{}", id.as_str().unwrap_or_default());
        let is = |status: &str| (buyer.get(&path).expect(200)["status"] == status).then_some(());
        eventually("it can be paid", || is("confirmed"));
        buyer
            .post("/api/pay", &json!({ "order_id": id, "method": CARD }))
            .expect(200);
        eventually("it is paid", || is("paid"));
        id.as_str().unwrap_or_default().to_owned()
    };
    let orders = (0..2).map(order).collect();
    buyer
        .post("/api/transactions", &json!({ "amount": 5 }))
        .expect(201);
    orders
}

fn verify(stoa: &Stoa, wait: &str) -> Finished {
    let setup = stoa.node("orders").setup();
    setup.operate(&["verify", "--json", "--wait", wait]).finish()
}

#[track_caller]
fn is_content(checked: &Finished) {
    assert_eq!(checked.code, Some(0), "{}{}", checked.stdout, checked.stderr);
}

/// Does to the tables what must never be; which rules that breaks, and the rows.
fn break_everything(stoa: &Stoa, buyer: &Person, order: &str) -> Vec<(&'static str, String)> {
    let change = |service, statement: String| run(stoa, service, statement);
    let events = |kind: &str| {
        let select = format!("SELECT event_id FROM outbox WHERE type = '{kind}' ORDER BY position");
        run(stoa, "orders", select)
    };
    let (created, paid, first_paid) = (
        &events("order.created")[1],
        &events("order.paid")[1],
        &events("order.paid")[0],
    );
    change(
        "catalog",
        format!("DELETE FROM inbox WHERE consumer = 'catalog' AND event_id = '{created}'"),
    );
    change(
        "notifications",
        format!("DELETE FROM inbox WHERE consumer = 'notifications' AND event_id = '{paid}'"),
    );
    change(
        "notifications",
        format!(
            "INSERT INTO parked (consumer, source, partition, position, event_id, topic, key, type, payload, headers, \
         attempts, reason, dead, due_at, at) VALUES ('notifications', 'orders', 0, 1, '{paid}', 'orders', 'x', \
         'order.paid', '{{}}', '{{}}', 16, 'broken', 1, 0, 0)"
        ),
    );
    let sequence = r#"REPLACE(headers, '"sequence":"3"', '"sequence":"2"')"#;
    change(
        "orders",
        format!("UPDATE outbox SET headers = {sequence} WHERE event_id = '{first_paid}'"),
    );
    change(
        "orders",
        "INSERT INTO idempotency_keys (scope, key, request_hash, state, status, body, at) \
        VALUES ('somebody:create_order', 'a-key', '', 'done', 201, \
                '{\"id\":\"ord_0190c2a4-7c1e-7b3e-9c53-0f3a5e1d2b4c\",\"number\":\"7\"}', 0)"
            .to_owned(),
    );
    change("catalog", "UPDATE stock SET on_hand = on_hand + 1".to_owned());
    change(
        "analytics",
        "UPDATE user_counts SET transactions = transactions + 1".to_owned(),
    );
    change(
        "analytics",
        format!("UPDATE counted_orders SET events = events + 1 WHERE order_id = '{order}'"),
    );
    change(
        "analytics",
        "UPDATE order_totals SET value = value + 1 WHERE metric = 'paid_minor'".to_owned(),
    );
    let rows = [
        (
            "an event reaches whoever hears its type, or is a dead letter",
            created.as_str(),
        ),
        (
            "events stand in the log in the order of the versions they tell of",
            first_paid,
        ),
        ("an order that was answered to a key is there", "a-key"),
        ("counters are the sums of the movements", "MUG"),
        (
            "what is counted of all is the sum of what is counted of each user",
            "1",
        ),
        ("what a user's transactions come to", &buyer.id),
        ("an event of an order is counted once", "1"),
        ("how much has happened to an order", order),
        ("what orders came to, by currency", "USD"),
    ];
    rows.map(|(rule, row)| (rule, row.to_owned())).into()
}

/// Runs a statement on a service's tables, by hand; the first column of what it gives.
fn run(stoa: &Stoa, service: &str, statement: String) -> Vec<String> {
    if let Some(database) = &stoa.database {
        return database.block_on(on_postgres(database, service, statement));
    }
    let file = stoa.node(service).setup().data().join(format!("{service}.db"));
    let connection = rusqlite::Connection::open(file).expect("the file");
    let mut statement = connection.prepare(&statement).expect("a statement");
    let rows = statement.query_map([], |row| row.get(0));
    rows.and_then(Iterator::collect).expect("it runs")
}

async fn on_postgres(database: &Database, service: &str, statement: String) -> Vec<String> {
    let mut connection = PgConnection::connect(database.url()).await.expect("a connection");
    let path = format!("SET search_path TO {service}");
    sqlx::query(sqlx::AssertSqlSafe(path))
        .execute(&mut connection)
        .await
        .expect("a schema");
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
        .fetch_all(&mut connection)
        .await;
    rows.expect("it runs").iter().map(|row| row.get(0)).collect()
}
