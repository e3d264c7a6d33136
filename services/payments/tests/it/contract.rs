//! What other services ask of payments, in each of the three ways to ask.

use std::time::Duration;

use kit_rpc::{Actor, CallContext, Deadline};
use kit_testing::{Fixture, Person, on_both_databases};
use kit_values::{Currency, Money};
use payments_api::{
    AccountBalance, AccountKind, GetTotals, GetTrialBalance, PaymentsClient, PaymentsError, Totals,
    TrialBalance,
};

use crate::app::{Transactions as _, payments, start};

fn call() -> CallContext {
    CallContext::new(
        Actor::Service("analytics".into()),
        Deadline::after(Duration::from_mins(1)),
    )
}

fn line(account: AccountKind, amount_minor: i64) -> AccountBalance {
    AccountBalance {
        account,
        balance: Money {
            amount_minor,
            currency: Currency::USD,
        },
    }
}

on_both_databases! {
    async fn totals_are_told_in_every_way(fixture: &Fixture) {
        let app = start(fixture).await;
        let (ada, bob, eve) = (app.sign_up("ada"), app.sign_up("bob"), app.sign_up("eve"));
        let transports = app.each_transport::<PaymentsClient>().await;
        let of = |person: &Person| GetTotals { user_id: Some(person.identity.user_id) };
        for (transport, payments) in &transports {
            assert_eq!(payments.get_totals(&call(), GetTotals::default()).await, Ok(Totals::default()), "{transport}");
            assert_eq!(payments.get_trial_balance(&call(), GetTrialBalance {}).await, Ok(TrialBalance::default()));
        }
        ada.create("850.50").await;
        ada.create("1").await;
        ada.pay().await;
        ada.create("2").await;
        bob.create("0.01").await;
        let adas = Totals {
            users: 1, transactions: 3, amount_minor: 85_350, paid_transactions: 2, paid_amount_minor: 85_150, settlements: 1,
        };
        let all = Totals { users: 2, transactions: 4, amount_minor: 85_351, ..adas };
        let trial = [
            line(AccountKind::Cash, 85_150),
            line(AccountKind::Receivable, 201),
            line(AccountKind::Revenue, -85_351),
        ];
        for (transport, payments) in &transports {
            assert_eq!(payments.get_totals(&call(), of(&ada)).await, Ok(adas), "{transport}");
            assert_eq!(payments.get_totals(&call(), of(&eve)).await, Ok(Totals::default()), "{transport}");
            assert_eq!(payments.get_totals(&call(), GetTotals::default()).await, Ok(all), "{transport}");
            let result = payments.get_trial_balance(&call(), GetTrialBalance {}).await;
            assert_eq!(result.unwrap().accounts, trial, "{transport}");
        }
    }

    async fn a_call_that_comes_too_late_is_surely_not_done(fixture: &Fixture) {
        let app = start(fixture).await;
        let late = CallContext::new(Actor::Anonymous, Deadline::after(Duration::ZERO));
        for (transport, payments) in app.each_transport::<PaymentsClient>().await {
            let result = payments.get_totals(&late, GetTotals::default()).await;
            assert_eq!(result, Err(PaymentsError::Unavailable), "{transport}");
        }
    }

    async fn the_contract_is_not_among_the_public_routes(fixture: &Fixture) {
        let app = start(fixture).await;
        let clerk = app.staff();
        for path in ["/internal/payments/get_totals", "/rpc/payments/get_totals", "/payments/get_totals/x"] {
            let answer = clerk.client.post(path, &serde_json::json!({})).await;
            answer.expect_error(404, "there is nothing at this path");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_payments_says_unavailable_in_every_way() {
    let target = kit_testing::db::TestTarget::postgres().await;
    Fixture::run(target, async |fixture: &Fixture| {
        let app = payments(fixture);
        let (app, proxy) = app.start_behind_proxy().await;
        let transports = app.each_transport::<PaymentsClient>().await;
        proxy.cut();
        for (transport, payments) in &transports {
            let totals = payments.get_totals(&call(), GetTotals::default()).await;
            assert_eq!(totals, Err(PaymentsError::Unavailable), "{transport}");
            let trial = payments.get_trial_balance(&call(), GetTrialBalance {}).await;
            assert_eq!(trial, Err(PaymentsError::Unavailable), "{transport}");
        }
        proxy.mend();
        for (transport, payments) in &transports {
            let totals = payments.get_totals(&call(), GetTotals::default()).await;
            assert_eq!(totals, Ok(Totals::default()), "{transport}");
        }
    })
    .await;
}
