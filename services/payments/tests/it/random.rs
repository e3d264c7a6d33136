//! Whatever people do, in whatever order: the service does what a few lines of arithmetic say, and the books
//! are in order.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use futures::future::join_all;
use kit_rpc::{Actor, CallContext, Deadline};
use kit_testing::{App, Person, on_both_databases};
use kit_values::Amount;
use payments_api::{AccountKind, GetTotals, GetTrialBalance, PaymentsClient, Totals};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tokio::runtime::Handle;

use crate::app::{Transactions as _, start};
use crate::books;

const PERSONS: usize = 3;
const LIMIT_MINOR: i64 = 100_000;

#[derive(Clone, Debug)]
enum Act {
    Create { who: usize, minor: i64 },
    Pay { who: usize },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let amounts = prop_oneof![
        5 => 1_i64..2_000,
        3 => 1_i64..40_000,
        1 => 90_000_i64..101_000,
        1 => Just(LIMIT_MINOR),
    ];
    let act = prop_oneof![
        4 => (0..PERSONS, amounts).prop_map(|(who, minor)| Act::Create { who, minor }),
        1 => (0..PERSONS).prop_map(|who| Act::Pay { who }),
    ];
    prop::collection::vec(act, 1..25)
}

/// What should be.
#[derive(Clone, Copy, Debug, Default)]
struct Model {
    made: i64,
    amount: i64,
    pending: i64,
    owed: i64,
    settlements: u64,
}

impl Model {
    fn create(&mut self, minor: i64) -> u16 {
        if self.amount + minor > LIMIT_MINOR {
            return 400;
        }
        self.made += 1;
        self.amount += minor;
        self.pending += 1;
        self.owed += minor;
        201
    }

    fn pay(&mut self) -> (u64, String) {
        let paid = (
            u64::try_from(self.pending).unwrap(),
            Amount::from_minor(self.owed).to_string(),
        );
        self.settlements += u64::from(self.pending > 0);
        (self.pending, self.owed) = (0, 0);
        paid
    }

    fn totals(&self) -> Totals {
        Totals {
            users: u64::from(self.made > 0),
            transactions: u64::try_from(self.made).unwrap(),
            amount_minor: self.amount,
            paid_transactions: u64::try_from(self.made - self.pending).unwrap(),
            paid_amount_minor: self.amount - self.owed,
            settlements: self.settlements,
        }
    }
}

fn call() -> CallContext {
    let deadline = Deadline::after(std::time::Duration::from_mins(1));
    CallContext::new(Actor::Service("verify".into()), deadline)
}

async fn totals(app: &App, person: &Person) -> Totals {
    let user_id = Some(person.identity.user_id);
    app.contract::<PaymentsClient>()
        .get_totals(&call(), GetTotals { user_id })
        .await
        .unwrap()
}

/// What stands on the accounts of one kind.
async fn balance(app: &App, kind: AccountKind) -> i64 {
    let trial = app
        .contract::<PaymentsClient>()
        .get_trial_balance(&call(), GetTrialBalance {})
        .await
        .unwrap();
    let sum: i64 = trial.accounts.iter().map(|line| line.balance.amount_minor).sum();
    assert_eq!(sum, 0, "{trial:?}");
    let lines = trial.accounts.iter().filter(|line| line.account == kind);
    lines.map(|line| line.balance.amount_minor).sum()
}

fn strangers(app: &App) -> Vec<Person> {
    (0..PERSONS)
        .map(|number| app.sign_up(&format!("user{number}")))
        .collect()
}

async fn one_after_the_other(app: &App, acts: Vec<Act>) -> Result<(), TestCaseError> {
    let persons = strangers(app);
    let mut models = [Model::default(); PERSONS];
    for act in acts {
        match act {
            Act::Create { who, minor } => {
                let reply = persons[who].send(&Amount::from_minor(minor).to_string()).await;
                prop_assert_eq!(reply.status.as_u16(), models[who].create(minor));
            }
            Act::Pay { who } => prop_assert_eq!(persons[who].pay().await, models[who].pay()),
        }
    }
    for (person, model) in persons.iter().zip(models) {
        prop_assert_eq!(totals(app, person).await, model.totals());
    }
    books::are_in_order(app).await;
    Ok(())
}

async fn at_once(app: &App, acts: Vec<Act>) -> Result<(), TestCaseError> {
    let persons = strangers(app);
    let acting = acts.into_iter().map(|act| {
        let persons = persons.clone();
        async move {
            match act {
                Act::Create { who, minor } => {
                    let reply = persons[who].send(&Amount::from_minor(minor).to_string()).await;
                    (who, if reply.status == 201 { minor } else { 0 }, 0)
                }
                Act::Pay { who } => (who, 0, persons[who].pay().await.0),
            }
        }
    });
    let done = join_all(acting).await;
    for (who, person) in persons.iter().enumerate() {
        let mine = done.iter().filter(|(whose, ..)| *whose == who);
        let (made, paid) = mine.fold((0, 0), |(made, paid), (_, minor, count)| {
            (made + minor, paid + count)
        });
        prop_assert!(made <= LIMIT_MINOR);
        let totals = totals(app, person).await;
        prop_assert_eq!(
            totals.amount_minor,
            made,
            "what was acknowledged is there, and nothing else"
        );
        prop_assert_eq!(totals.paid_transactions, paid, "each was paid once");
    }
    books::are_in_order(app).await;
    Ok(())
}

/// Runs a few cases, each with people of its own; proptest looks for the shortest one that fails.
fn try_out(cases: u32, case: impl AsyncFn(Vec<Act>) -> Result<(), TestCaseError>) {
    let config = Config {
        failure_persistence: None,
        max_shrink_iters: 50,
        ..Config::with_cases(cases)
    };
    let here = Handle::current();
    let ended = tokio::task::block_in_place(|| {
        TestRunner::new(config).run(&acts(), |acts| here.block_on(case(acts)))
    });
    ended.unwrap();
}

on_both_databases! {
    async fn whatever_is_done_the_books_are_in_order(fixture: &Fixture) {
        let app = start(fixture).await;
        try_out(16, async |acts| one_after_the_other(&app, acts).await);
        let all = app.contract::<PaymentsClient>().get_totals(&call(), GetTotals::default()).await.unwrap();
        assert_eq!(balance(&app, AccountKind::Revenue).await, -all.amount_minor);
        assert_eq!(balance(&app, AccountKind::Cash).await, all.paid_amount_minor);
        assert_eq!(balance(&app, AccountKind::Receivable).await, all.amount_minor - all.paid_amount_minor);
    }

    async fn whatever_is_done_at_once_the_books_are_in_order(fixture: &Fixture) {
        let app = start(fixture).await;
        try_out(10, async |acts| at_once(&app, acts).await);
    }
}
