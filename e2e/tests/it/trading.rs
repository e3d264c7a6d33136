//! Transactions, and the statistics that follow from their events.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use e2e::waiting::within;
use e2e::{Client, Person, Stoa, Topology, eventually};
use serde_json::{Value, json};

use crate::trade::{Made, make, stats, until_counted};

every_topology! {
    fn what_is_made_and_paid_is_counted(stoa: &mut Stoa) {
        let gateway = stoa.gateway();
        let [ada, grace] = ["ada", "grace"].map(|name| Person::join(&gateway, name));
        for (person, amounts) in [(&ada, [json!(850.50), json!(149.50)]), (&grace, [json!(0.01), json!(10)])] {
            for amount in amounts {
                let wanted = json!({ "amount": amount, "description": "books" });
                person.at(&gateway).post("/api/transactions", &wanted).expect(201);
            }
        }
        ada.at(&gateway).post("/api/transactions", &json!({ "amount": 0.01 })).refused(
            400,
            "Transaction limit exceeded: maximum 1000 total per user",
        );
        let paid = ada.at(&gateway).send("POST", "/api/transactions/pay", None).expect(200);
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

    fn nothing_acknowledged_is_lost_or_counted_twice_whoever_is_killed(stoa: &mut Stoa) {
        let gateway = stoa.gateway();
        let people: Vec<Person> = (0..4).map(|_| Person::join(&gateway, "payer")).collect();
        let made = Mutex::new(Made::default());
        for _ in 0..3 {
            let before = made.lock().expect("a count").answered;
            let goes_on = AtomicBool::new(true);
            thread::scope(|scope| {
                for person in &people {
                    scope.spawn(|| {
                        while goes_on.load(Ordering::Relaxed) {
                            make(&person.at(&gateway), &made);
                        }
                    });
                }
                let busy = within(e2e::patience(), || {
                    (made.lock().expect("a count").answered > before + 20).then_some(())
                });
                stoa.node_mut("analytics").kill();
                goes_on.store(false, Ordering::Relaxed);
                assert!(busy.is_some(), "nothing was made");
            });
            stoa.node_mut("analytics").start_again();
        }
        let made = made.into_inner().expect("a count");
        let in_the_books = people.iter().map(|person| count(&person.at(&gateway))).sum::<u64>();
        assert!((made.answered..=made.asked).contains(&in_the_books), "{made:?}, {in_the_books}");
        until_counted(stoa, in_the_books);
    }
}

/// How many transactions somebody has.
fn count(client: &Client) -> u64 {
    let (mut count, mut path) = (0, "/api/transactions/list?limit=100".to_owned());
    loop {
        let page = client.get(&path);
        count += page.expect(200).as_array().map_or(0, Vec::len) as u64;
        let link = page.header("link").to_owned();
        let Some(next) = link.strip_prefix('<').and_then(|link| link.split_once('>')) else {
            return count;
        };
        path = format!(
            "/api/transactions/list{}",
            next.0.trim_start_matches("/api/transactions/list")
        );
    }
}

/// Whoever makes statistics may be away; who makes transactions need not know.
#[test]
fn transactions_are_taken_while_nobody_counts_them() {
    let mut stoa = Stoa::start(Topology::Split);
    let gateway = stoa.gateway();
    let ada = Person::join(&gateway, "ada");
    stoa.node_mut("users").kill();
    let made = ada
        .at(&gateway)
        .post("/api/transactions", &json!({ "amount": 5 }))
        .expect(201);
    assert_ne!(made["id"], Value::Null);
    until_counted(&stoa, 1);
}
