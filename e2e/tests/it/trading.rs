//! Transactions, and the statistics that follow from their events.

use std::sync::Mutex;
use std::time::Duration;

use e2e::{Client, Person, Stoa, Topology, eventually};
use serde_json::{Value, json};

use crate::trade::{Made, stats, under_load, until_counted, until_exact, until_more};

every_topology! {
    fn what_is_made_and_paid_is_counted(stoa: &mut Stoa) {
        is_counted(stoa);
    }

    fn nothing_acknowledged_is_lost_or_counted_twice_whoever_is_killed(stoa: &mut Stoa) {
        survives(stoa, &["analytics", "payments", "analytics"]);
    }
}

/// Two people make and pay transactions; their figures.
pub(crate) fn is_counted(stoa: &Stoa) {
    let gateway = stoa.gateway();
    let [ada, grace] = ["ada", "grace"].map(|name| Person::join(&gateway, name));
    for (person, amounts) in [
        (&ada, [json!(850.50), json!(149.50)]),
        (&grace, [json!(0.01), json!(10)]),
    ] {
        for amount in amounts {
            let wanted = json!({ "amount": amount, "description": "books" });
            person.at(&gateway).post("/api/transactions", &wanted).expect(201);
        }
    }
    ada.at(&gateway)
        .post("/api/transactions", &json!({ "amount": 0.01 }))
        .expect_error(400, "Transaction limit exceeded: maximum 1000 total per user");
    let paid = ada
        .at(&gateway)
        .send("POST", "/api/transactions/pay", None)
        .expect(200);
    assert_eq!(paid["transactions_paid"], 2);
    let wanted = json!({
        "total_transactions": 4, "total_amount": 1010.01, "total_paid_transactions": 2,
        "events_processed": 5, "unique_users": 2,
    });
    let counted = eventually("everything is counted", || {
        let counted = stats(stoa);
        (counted["events_processed"] == 5).then_some(counted)
    });
    for (member, value) in wanted.as_object().expect("an object") {
        assert_eq!(&counted[member], value, "{member} in {counted}");
    }
    let admin = gateway.with_token(&stoa.admin_token());
    assert_eq!(admin.get("/api/stats").expect(200)["events_processed"], 5);
    ada.at(&gateway).get("/api/stats").expect(403);
}

/// Kills one process after the other in the middle of load. How many transactions there are in the end.
pub(crate) fn survives(stoa: &mut Stoa, killed: &[&str]) -> u64 {
    let gateway = stoa.gateway();
    let people: Vec<Person> = (0..4).map(|_| Person::join(&gateway, "payer")).collect();
    let clients: Vec<Client> = people.iter().map(|person| person.at(&gateway)).collect();
    let made = Mutex::new(Made::default());
    for service in killed {
        under_load(&clients, &made, Duration::ZERO, || {
            until_more(&made, 20);
            stoa.node_mut(service).kill();
        });
        stoa.node_mut(service).start_again();
    }
    until_exact(stoa, &people, &made.into_inner().expect("a count"))
}

/// Whoever makes statistics may be away; who makes transactions need not know.
#[test]
fn transactions_are_taken_while_nobody_counts_them() {
    let mut stoa = Stoa::start(Topology::Apart);
    let gateway = stoa.gateway();
    let ada = Person::join(&gateway, "ada");
    stoa.node_mut("analytics").kill();
    let made = ada
        .at(&gateway)
        .post("/api/transactions", &json!({ "amount": 5 }))
        .expect(201);
    assert_ne!(made["id"], Value::Null);
    stoa.node_mut("analytics").start_again();
    until_counted(&stoa, 1);
}
