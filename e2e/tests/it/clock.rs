//! A clock that is moved ahead: a year of a subscription, and time that nobody takes back.

use e2e::person::{ADMIN, CARD, sign_in};
use e2e::{Client, Finished, Person, Setup, eventually};
use serde_json::{Value, json};

use crate::subscribing::offer;

#[test]
fn a_year_of_a_subscription_is_paid_and_then_it_is_not() {
    let setup = Setup::up().with_admin().set("clock.test", "true");
    let mut node = setup.start();
    let gateway = node.face();
    let sku = offer(&gateway.with_token(&sign_in(&gateway, ADMIN)));
    let ada = Person::join(&gateway, "ada");
    ada.at(&gateway)
        .with("Idempotency-Key", "buy")
        .post(&format!("/api/storage/plans/{sku}/purchase"), &json!({}))
        .expect(201);
    pay_invoice(&ada.at(&gateway), 1);
    until_service(&ada.at(&gateway), "active");
    for number in 2..=13 {
        // The next invoice is issued a week before the month is over.
        advance(&setup, "30d");
        pay_invoice(&at(&gateway, &ada), number);
        if number == 7 {
            node.terminate();
            node = setup.start();
        }
    }
    let customer = at(&gateway, &ada);
    until_service(&customer, "active");
    let numbers = invoices(&customer)
        .into_iter()
        .map(|invoice| invoice["number"].clone());
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_by_key(ToString::to_string);
    let expected: Vec<_> = (1..=13).map(|number| format!("INV-{number:06}")).collect();
    assert_eq!(json!(numbers), json!(expected));
    for (days, status) in [("50d", "suspended"), ("60d", "deprovisioned")] {
        advance(&setup, days);
        until_service(&at(&gateway, &ada), status);
    }
    let verified = setup.operate(&["verify", "--wait", "30s"]).finish();
    assert_eq!(verified.code, Some(0), "{verified:?}");
    node.terminate();
}

#[test]
fn the_clock_is_moved_by_whoever_tries_things_out_and_never_back() {
    let setup = Setup::up().with_admin();
    let trying = setup.clone().set("clock.test", "true");
    let show = |setup: &Setup| {
        let shown = setup.operate(&["clock", "show"]).finish();
        assert_eq!(shown.code, Some(0), "{shown:?}");
        shown.stdout.trim().to_owned()
    };
    assert_refused(&trying, &["clock", "advance", "1d"], "there is no data folder");
    trying.start().terminate();
    assert_refused(&setup, &["clock", "advance", "1d"], "set `clock.test`");
    for (span, told) in [("soon", "soon"), ("-1d", "-1d"), ("400000d", "no further")] {
        assert_refused(
            &trying,
            &["clock", "advance", "--step", "365000d", "--", span],
            told,
        );
    }
    assert_refused(
        &trying,
        &["clock", "advance", "1d", "--step", "0s"],
        "more than 0",
    );
    assert_refused(
        &trying,
        &["run", "--services", "users"],
        "`clock.test` is for `stoa up`",
    );
    let before = show(&trying);
    // Whether somebody runs or not, and two that do it at once do it one after the other.
    let moving = [1, 2].map(|_| {
        trying
            .operate(&["clock", "advance", "3d", "--step", "1d"])
            .launch()
    });
    for mut moving in moving {
        assert_eq!(moving.wait().code(), Some(0), "{}", moving.log());
    }
    let days = |text: &str| {
        text.parse::<kit_runtime::Timestamp>()
            .expect("a moment")
            .as_seconds()
            / 86_400
    };
    assert_eq!(days(&show(&setup)) - days(&before), 6);
    // Of what is later than now the machine's clock would know nothing.
    assert_refused(
        &setup,
        &["up", "--data", "data"],
        "the clock of this data is ahead of the machine's",
    );
    let node = trying.start();
    let token = sign_in(&node.face(), ADMIN);
    let read = node.face().with_token(&token).get("/api/admin/audit").expect(200);
    assert!(read.to_string().contains(&show(&trying)[..10]), "{read}");
}

#[track_caller]
fn assert_refused(setup: &Setup, arguments: &[&str], told: &str) {
    let ended = setup.operate(arguments).finish();
    assert_ne!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.contains(told), "{ended:?}");
}

fn advance(setup: &Setup, span: &str) -> Finished {
    let moved = setup
        .operate(&["clock", "advance", span, "--step", "5d"])
        .finish();
    assert_eq!(moved.code, Some(0), "{moved:?}");
    moved
}

/// A client of somebody whose token of before is over.
fn at(gateway: &Client, person: &Person) -> Client {
    eventually("the clock is followed", || {
        let session = gateway.post("/api/login", &e2e::person::credentials(&person.name));
        let token = session.json()["token"].as_str()?.to_owned();
        Some(gateway.with_token(&token))
    })
}

fn invoices(customer: &Client) -> Vec<Value> {
    let listed = customer.get("/api/invoices?limit=100").expect(200);
    listed["items"].as_array().cloned().unwrap_or_default()
}

/// Pays the invoice of a number once it is there, and waits until that is known.
fn pay_invoice(customer: &Client, number: u32) {
    let number = format!("INV-{number:06}");
    let find = |status: &str| {
        let mut listed = invoices(customer).into_iter();
        listed.find(|invoice| invoice["number"] == number && invoice["status"] == status)
    };
    let issued = eventually("the invoice is issued", || find("open"));
    eventually("it can be paid", || {
        let paid = customer.post("/api/pay", &json!({ "invoice_id": issued["id"], "method": CARD }));
        (paid.status.as_u16() == 200).then_some(())
    });
    eventually("it is paid", || find("paid"));
}

fn until_service(customer: &Client, status: &str) {
    eventually("the service is so far", || {
        let reply = customer.get("/api/storage/service");
        (reply.json()["status"] == status).then_some(())
    });
}
