//! Rounds of random buying, cancelling, paying, refunding and expiring, with a process killed in some of them.
//!
//! In each round some clients do at once what chance has given them to do, with the orders of this round and of those
//! before: they order, pay by card or on a page (of an order that is cancelled or expired, too), change their minds, send
//! things twice; staff ship, deliver and refund. The sandbox sends its webhooks twice, in the wrong order, or not at
//! first. Orders that nobody pays expire after some seconds, in the midst of it. All of them keep a journal of what they
//! asked for and what they were told, and in the end every order has to be as it says, and `stoa verify` content.
//!
//! `STOA_SEED` has the same happen again, as far as chance goes, and `STOA_ROUNDS` more of it.

mod journal;
mod plan;
mod settled;
mod shop;

use std::sync::atomic::Ordering;
use std::thread;

use e2e::random::{Seed, number};
use e2e::waiting::{Ending, within};
use e2e::{Brokers, Carrier, Finished, Setup, Stoa, Topology, patience};

use plan::{Danger, Kill, Round};
use shop::{Course, Shop};

const EMBEDDED: Danger = Danger {
    percent: 12,
    services: &["gateway"],
};

const SPLIT: Danger = Danger {
    percent: 35,
    services: &[
        "gateway",
        "catalog",
        "cart",
        "orders",
        "orders",
        "payments",
        "payments",
        "notifications",
        "analytics",
    ],
};

#[test]
fn after_rounds_of_anything_every_order_is_what_its_buyer_knows_embedded() {
    let seed = Seed::of_story();
    let mut stoa = Stoa::start_with(Topology::Embedded, hurried);
    rounds(&mut stoa, &seed, (160, EMBEDDED));
}

#[test]
fn after_rounds_of_anything_every_order_is_what_its_buyer_knows_split() {
    let seed = Seed::of_story();
    let brokers = Brokers::shared(Carrier::Kafka);
    let mut stoa = Stoa::start_with(Topology::Shop, |setup| brokers.configure(hurried(setup)));
    rounds(&mut stoa, &seed, (40, SPLIT));
}

/// Orders wait for seconds and not for minutes, and webhooks come as they like.
fn hurried(setup: Setup) -> Setup {
    let keys = [
        ("orders.stock_time_to_live", "6s"),
        ("orders.payment_time_to_live", "8s"),
        ("orders.payment_grace", "1s"),
        ("catalog.reservation_time_to_live", "15s"),
        ("catalog.reservation_sweep", "1s"),
        ("payments.sandbox.duplicate", "25"),
        ("payments.sandbox.drop", "10"),
        ("payments.sandbox.reorder", "true"),
    ];
    keys.iter()
        .fold(setup, |setup, (key, value)| setup.set(key, value))
}

fn rounds(stoa: &mut Stoa, seed: &Seed, (count, danger): (u64, Danger)) {
    let (mut chance, shop) = (seed.chance(), Shop::open(stoa));
    let count = number("STOA_ROUNDS").unwrap_or(count);
    // What the last of the killed had taken over has time to be taken over by others while more is bought.
    let dangerous = count / 4..count - count / 4;
    let calm = Danger { percent: 0, ..danger };
    let mut next = |danger| {
        let among = (shop.buyers.len(), shop.products.len());
        plan::round(&mut chance, shop.journal.len(), among, danger)
    };
    for played in 0..count {
        if played == dangerous.start {
            // In the midst of it, while more is bought.
            let checking = verification(stoa);
            thread::scope(|scope| {
                let checked = scope.spawn(|| checking.finish());
                while !checked.is_finished() {
                    play_calm(&shop, &next(calm));
                }
                is_content(&checked.join().expect("it ends"));
            });
        }
        let danger = if dangerous.contains(&played) { danger } else { calm };
        play(stoa, &shop, &next(danger));
    }
    shop.has_settled();
    is_content(&verification(stoa).finish());
    for node in stoa.nodes.iter_mut().rev() {
        node.terminate();
    }
    // Also of what is left on the disk.
    is_content(&verification(stoa).finish());
}

fn verification(stoa: &Stoa) -> Setup {
    stoa.node("orders").setup().operate(&["verify", "--wait", "35s"])
}

#[track_caller]
fn is_content(checked: &Finished) {
    assert_eq!(checked.code, Some(0), "{}{}", checked.stdout, checked.stderr);
}

/// Lets the clients of a round do their tasks, and `meanwhile` happen, which is told how to see that they are done.
fn work(shop: &Shop, round: &Round, meanwhile: impl FnOnce(&Course, &dyn Fn() -> bool)) {
    let course = Course::default();
    thread::scope(|scope| {
        let _ending = Ending::of(&course.is_over);
        let clients = round
            .tasks
            .iter()
            .map(|tasks| scope.spawn(|| shop.work(tasks, &course)));
        let clients: Vec<_> = clients.collect();
        meanwhile(&course, &|| {
            clients.iter().all(thread::ScopedJoinHandle::is_finished)
        });
        for client in clients {
            client.join().expect("a client's work");
        }
    });
}

fn play_calm(shop: &Shop, round: &Round) {
    work(shop, round, |_, _| {});
}

fn play(stoa: &mut Stoa, shop: &Shop, round: &Round) {
    let Some(Kill {
        service,
        after,
        is_awaited,
    }) = round.kill
    else {
        return play_calm(shop, round);
    };
    work(shop, round, |course, is_done| {
        let is_time = || (is_done() || course.done.load(Ordering::Relaxed) >= after).then_some(());
        assert!(within(patience(), is_time).is_some(), "nothing is answered");
        stoa.node_mut(service).kill();
        if is_awaited {
            stoa.node_mut(service).start_again();
        } else {
            course.is_over.store(true, Ordering::Relaxed);
        }
    });
    if !is_awaited {
        stoa.node_mut(service).start_again();
    }
}
