//! Many things at the same moment: nothing is paid twice, and nothing is passed over.

use futures::future::join_all;
use kit_testing::{Person, on_both_databases};

use crate::app::{Transactions as _, start};
use crate::books;

/// What a payment paid, in hundredths.
fn minor(sum: &str) -> u64 {
    sum.replace('.', "").parse().unwrap_or_default()
}

async fn paid(person: Person) -> (u64, u64) {
    let (count, sum) = person.pay().await;
    (count, minor(&sum))
}

on_both_databases! {
    async fn of_many_payments_at_once_one_pays(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        for round in 1..=3 {
            for _ in 0..round {
                ada.create("1.25").await;
            }
            let mut paid = join_all((0..20).map(|_| paid(ada.clone()))).await;
            paid.sort_unstable();
            let (none, one) = paid.split_at(19);
            assert!(none.iter().all(|paid| *paid == (0, 0)), "{paid:?}");
            assert_eq!(one, [(round, 125 * round)]);
        }
        books::are_in_order(&app).await;
    }

    async fn payments_between_new_transactions_pay_each_once(fixture: &Fixture) {
        let app = start(fixture).await;
        let ada = app.sign_up("ada");
        let working = (0..60).map(|number| {
            let ada = ada.clone();
            async move {
                if number % 4 == 0 {
                    return paid(ada).await;
                }
                ada.create("2.03").await;
                (0, 0)
            }
        });
        let mut all = join_all(working).await;
        all.push(paid(ada.clone()).await);
        let (count, sum) = all.iter().fold((0, 0), |(n, s), (count, sum)| (n + count, s + sum));
        assert_eq!((count, sum), (45, 45 * 203), "{all:?}");
        assert_eq!((ada.counted("paid").await, ada.counted("pending").await), (45, 0));
        books::are_in_order(&app).await;
    }

    async fn people_do_not_get_in_each_others_way(fixture: &Fixture) {
        let app = start(fixture).await;
        let persons: Vec<_> = (0..10).map(|number| app.sign_up(&format!("user{number}"))).collect();
        let working = persons.iter().flat_map(|person| {
            (0..6).map(|number| {
                let person = person.clone();
                async move {
                    match number {
                        3 => drop(person.pay().await),
                        _ => drop(person.create("3.10").await),
                    }
                }
            })
        });
        join_all(working).await;
        for person in &persons {
            person.pay().await;
            assert_eq!(person.counted("paid").await, 5);
        }
        books::are_in_order(&app).await;
    }
}
