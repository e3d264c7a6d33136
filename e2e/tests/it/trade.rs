//! What stories about transactions share.

use std::sync::Mutex;

use e2e::{Client, Stoa, eventually};
use serde_json::{Value, json};

/// Transactions that somebody asked for, and those that were answered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Made {
    pub asked: u64,
    pub answered: u64,
}

/// Asks for a transaction of a cent.
pub(crate) fn make(client: &Client, made: &Mutex<Made>) {
    made.lock().expect("a count").asked += 1;
    let sent = client.try_send("POST", "/api/transactions", Some(&json!({ "amount": 0.01 })));
    if sent.is_ok_and(|reply| reply.status.as_u16() == 201) {
        made.lock().expect("a count").answered += 1;
    }
}

/// What analytics says on its own port.
pub(crate) fn stats(stoa: &Stoa) -> Value {
    stoa.analytics().get("/stats").expect(200)
}

/// Waits until so many transactions are counted, and looks that they are not counted twice.
#[track_caller]
pub(crate) fn until_counted(stoa: &Stoa, transactions: u64) {
    eventually("everything is counted", || {
        let counted = stats(stoa);
        let total = counted["total_transactions"].as_u64()?;
        assert!(total <= transactions, "{counted}, {transactions} made");
        (total == transactions).then_some(())
    });
}
