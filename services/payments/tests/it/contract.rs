//! What other services ask of payments, in each of the three ways to ask.

use std::time::Duration;

use kit_rpc::{Actor, CallContext, Deadline};
use kit_values::{Currency, Money};
use payments::PaymentsConfig;
use payments_api::{
    AccountBalance, AccountKind, GetTotals, GetTrialBalance, Payments, PaymentsClient, PaymentsError, Totals,
    TrialBalance,
};

use crate::proxy::Proxy;
use crate::world::{Place, World, on_both_databases};

/// Lets a client stand where a service does, so that it can be asked through the codec.
struct Through(PaymentsClient);

impl Payments for Through {
    async fn get_totals(&self, call: &CallContext, request: GetTotals) -> Result<Totals, PaymentsError> {
        self.0.get_totals(call, request).await
    }

    async fn get_trial_balance(
        &self,
        call: &CallContext,
        request: GetTrialBalance,
    ) -> Result<TrialBalance, PaymentsError> {
        self.0.get_trial_balance(call, request).await
    }
}

async fn ways(world: &World) -> [(&'static str, PaymentsClient); 3] {
    let address = world.process.serve(world.internal.clone()).await;
    [
        ("local", world.payments.clone()),
        (
            "loopback",
            PaymentsClient::loopback(Through(world.payments.clone())),
        ),
        ("http", PaymentsClient::remote(world.process.remote(address))),
    ]
}

fn call() -> CallContext {
    CallContext::new(
        Actor::Service("analytics".into()),
        Deadline::after(Duration::from_secs(20)),
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
    async fn totals_are_told_in_every_way(place: &Place) {
        let world = World::start(place).await;
        let (ada, bob, eve) = (world.sign_up("ada"), world.sign_up("bob"), world.sign_up("eve"));
        let ways = ways(&world).await;
        let of = |person: &crate::world::Person| GetTotals { user_id: Some(person.identity.user_id) };
        for (way, payments) in &ways {
            assert_eq!(payments.get_totals(&call(), GetTotals::default()).await, Ok(Totals::default()), "{way}");
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
        for (way, payments) in &ways {
            assert_eq!(payments.get_totals(&call(), of(&ada)).await, Ok(adas), "{way}");
            assert_eq!(payments.get_totals(&call(), of(&eve)).await, Ok(Totals::default()), "{way}");
            assert_eq!(payments.get_totals(&call(), GetTotals::default()).await, Ok(all), "{way}");
            let told = payments.get_trial_balance(&call(), GetTrialBalance {}).await;
            assert_eq!(told.unwrap().accounts, trial, "{way}");
        }
    }

    async fn a_call_that_comes_too_late_is_surely_not_done(place: &Place) {
        let world = World::start(place).await;
        let late = CallContext::new(Actor::Anonymous, Deadline::after(Duration::ZERO));
        for (way, payments) in ways(&world).await {
            let told = payments.get_totals(&late, GetTotals::default()).await;
            assert_eq!(told, Err(PaymentsError::Unavailable), "{way}");
        }
    }

    async fn the_contract_is_not_among_the_public_routes(place: &Place) {
        let world = World::start(place).await;
        let clerk = world.staff();
        for path in ["/internal/payments/get_totals", "/rpc/payments/get_totals", "/payments/get_totals/x"] {
            let answer = clerk.client.post(path, &serde_json::json!({})).await;
            answer.refused(404, "there is nothing at this path");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_payments_says_unavailable_in_every_way() {
    let target = kit_testing::db::TestTarget::postgres().await;
    crate::world::at(target, async |place: &Place| {
        let process = place.process();
        let proxy = Proxy::before(&place.target(), &process.lifecycle.tasks()).await;
        let verifier = process.verifier.clone();
        let config = PaymentsConfig::defaults();
        let world = World::start_with(process, proxy.target(), verifier, &config).await;
        let ways = ways(&world).await;
        proxy.cut();
        for (way, payments) in &ways {
            let totals = payments.get_totals(&call(), GetTotals::default()).await;
            assert_eq!(totals, Err(PaymentsError::Unavailable), "{way}");
            let trial = payments.get_trial_balance(&call(), GetTrialBalance {}).await;
            assert_eq!(trial, Err(PaymentsError::Unavailable), "{way}");
        }
        proxy.mend();
        for (way, payments) in &ways {
            let totals = payments.get_totals(&call(), GetTotals::default()).await;
            assert_eq!(totals, Ok(Totals::default()), "{way}");
        }
    })
    .await;
}
