//! What stories about transactions share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use e2e::waiting::{Ending, within};
use e2e::{Client, Person, Stoa};
use serde_json::{Value, json};

/// Whoever was away has caught up within this time, as long as it had nothing else to do.
const CATCHING_UP: Duration = Duration::from_mins(1);

/// Between two transactions of one person, where the load is to be bounded.
pub(crate) const UNHURRIED: Duration = Duration::from_millis(250);

/// Transactions that somebody asked for, and those that were answered.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub asked: u64,
    pub answered: u64,
    /// What was last answered instead.
    pub trouble: Option<String>,
}

/// Asks for a transaction of a cent.
fn make(client: &Client, made: &Mutex<Made>) {
    made.lock().expect("a count").asked += 1;
    let sent = client.try_send("POST", "/api/transactions", Some(&json!({ "amount": 0.01 })));
    let mut made = made.lock().expect("a count");
    match sent {
        Ok(reply) if reply.status.as_u16() == 201 => made.answered += 1,
        other => made.trouble = Some(format!("{other:?}")),
    }
}

/// Lets people make transactions one after the other, with a pause in between, and pay now and then, while
/// something else happens.
pub(crate) fn under_load<T>(
    people: &[Client],
    made: &Mutex<Made>,
    pause: Duration,
    meanwhile: impl FnOnce() -> T,
) -> T {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _ending = Ending::of(&is_over);
        for person in people {
            let is_over = &is_over;
            scope.spawn(move || {
                let over = || is_over.load(Ordering::Relaxed).then_some(());
                for number in 1.. {
                    make(person, made);
                    if number % 7 == 0 {
                        // Whether it was done is read in the books.
                        let _ = person.try_send("POST", "/api/transactions/pay", None);
                    }
                    if within(pause, over).is_some() {
                        return;
                    }
                }
            });
        }
        meanwhile()
    })
}

/// Returns once so many more transactions are answered.
#[track_caller]
pub(crate) fn until_more(made: &Mutex<Made>, more: u64) {
    let answered = || made.lock().expect("a count").answered;
    let goal = answered() + more;
    let busy = within(e2e::patience(), || (answered() >= goal).then_some(()));
    assert!(busy.is_some(), "nothing is made: {:?}", made.lock());
}

/// What was made and paid by somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub made: u64,
    pub paid: u64,
}

/// What the books say of a client's user.
pub(crate) fn booked(client: &Client) -> Figures {
    let (mut booked, mut path) = (Figures::default(), "/api/transactions/list?limit=100".to_owned());
    loop {
        let page = client.get(&path);
        for transaction in page.expect(200).as_array().expect("an array") {
            booked.made += 1;
            booked.paid += u64::from(transaction["status"] == "paid");
        }
        let link = page.header("link").to_owned();
        let Some(next) = link.strip_prefix('<').and_then(|link| link.split_once('>')) else {
            return booked;
        };
        let query = next.0.trim_start_matches("/api/transactions/list");
        path = format!("/api/transactions/list{query}");
    }
}

/// What analytics says on its own port.
pub(crate) fn stats(stoa: &Stoa) -> Value {
    stoa.analytics().get("/stats").expect(200)
}

/// Waits until so many transactions are counted, and looks that they are not counted twice.
#[track_caller]
pub(crate) fn until_counted(stoa: &Stoa, transactions: u64) {
    let mut counted = Value::Null;
    let done = within(CATCHING_UP, || {
        counted = stats(stoa);
        let total = counted["total_transactions"].as_u64()?;
        assert!(total <= transactions, "{counted}, {transactions} made");
        (total == transactions).then_some(())
    });
    assert!(done.is_some(), "{counted}, {transactions} made");
}

/// Waits until the statistics of each of these people are what the books say, which lies between what was
/// answered and what was asked for; and looks that it stays so. How many transactions there are.
#[track_caller]
pub(crate) fn until_exact(stoa: &Stoa, people: &[Person], made: &Made) -> u64 {
    let gateway = stoa.gateway();
    let mut all = 0;
    for person in people {
        let client = person.at(&gateway);
        let booked = booked(&client);
        let mut counted = Value::Null;
        let done = within(CATCHING_UP, || {
            counted = client.get(&format!("/api/stats/users/{}", person.id)).expect(200);
            let figures = Figures {
                made: counted["total_transactions"].as_u64()?,
                paid: counted["total_paid_transactions"].as_u64()?,
            };
            (figures == booked).then_some(())
        });
        assert!(done.is_some(), "{counted}, {booked:?} in the books");
        all += booked.made;
    }
    assert!(
        (made.answered..=made.asked).contains(&all),
        "{made:?}, {all} in the books"
    );
    until_counted(stoa, all);
    all
}

/// Somebody else has heard of each transaction, and of each user's in the order in which they happened: whatever
/// was paid had been made before, and nothing of it had been paid before.
#[track_caller]
pub(crate) fn assert_in_order(heard: &[Value], transactions: u64) {
    let mut events = BTreeSet::new();
    let mut made = BTreeSet::new();
    let mut pending: BTreeMap<&str, u64> = BTreeMap::new();
    for event in heard {
        let header = |name: &str| event["headers"][name].as_str().expect("a header");
        if !events.insert(header("ce_id")) {
            // Delivered at least once: again is no news.
            continue;
        }
        let payload: Value = serde_json::from_str(event["payload"].as_str().expect("a text")).expect("JSON");
        let pending = pending.entry(event["key"].as_str().expect("a key")).or_default();
        if header("ce_type") == "transaction.created" {
            *pending += 1;
            made.insert(payload["transaction_id"].as_str().expect("an id").to_owned());
        } else {
            assert_eq!(payload["transactions_paid"], *pending, "{event}");
            *pending = 0;
        }
    }
    assert_eq!(made.len() as u64, transactions);
}
