//! A broker that is not there, dies, is silent, and stays away: transactions are taken all the while, and counted
//! afterwards.
//!
//! One broker for each story, and everything that may happen to it in sequence, since a Kafka takes its time to
//! start. Each of the processes has no other broker, so that with it every broker is down.

use std::sync::Mutex;

use e2e::{Brokers, Carrier, Client, Person, Server, Stoa, eventually};

use crate::trade::{Made, UNHURRIED, assert_in_order, stats, under_load, until_exact, until_more};

struct Story {
    server: Server,
    stoa: Stoa,
    people: Vec<Person>,
    clients: Vec<Client>,
    made: Mutex<Made>,
}

impl Story {
    /// Makes something happen to the broker under load. All that is asked for meanwhile is answered, and in the
    /// end all is counted.
    fn under(&mut self, what: &str, happens: impl FnOnce(&mut Server, &Stoa, &Mutex<Made>)) {
        let before = self.made.lock().expect("a count").answered;
        under_load(&self.clients, &self.made, UNHURRIED, || {
            until_more(&self.made, 8);
            happens(&mut self.server, &self.stoa, &self.made);
        });
        let made = self.made.lock().expect("a count");
        assert_eq!(made.trouble, None, "{what}");
        assert!(made.answered >= before + 16, "{what}: {made:?}");
        until_exact(&self.stoa, &self.people, &made);
    }
}

/// Lets the load go on until the relay of payments gives up on the broker.
fn until_given_up(stoa: &Stoa) {
    let payments = stoa.node("payments");
    let failures = || payments.metric("stoa_bus_relayed_total", &["outcome=\"failed\""]);
    let before = failures();
    eventually("the relay gives up", || (failures() > before).then_some(()));
}

fn run(carrier: Carrier, name: &str) {
    let server = Server::prepare(name);
    let brokers = Brokers::private(carrier, &server);
    // The broker has never been there.
    let stoa = Stoa::start_carried(&brokers);
    let gateway = stoa.gateway();
    let people: Vec<Person> = (0..4).map(|_| Person::join(&gateway, "payer")).collect();
    let mut story = Story {
        clients: people.iter().map(|person| person.at(&gateway)).collect(),
        server,
        stoa,
        people,
        made: Mutex::default(),
    };
    under_load(&story.clients, &story.made, UNHURRIED, || {
        until_more(&story.made, 12);
    });
    assert_eq!(story.made.lock().expect("a count").trouble, None);
    assert_eq!(stats(&story.stoa)["total_transactions"], 0, "nobody could tell");
    story.server.start_again();
    let made = std::mem::take(&mut *story.made.lock().expect("a count"));
    until_exact(&story.stoa, &story.people, &made);
    story.made = Mutex::new(made);

    // First of all, since RabbitMQ 3.10 that is killed within a second after a queue was made forgets the half of
    // it that chooses its leader: such a queue takes nothing until somebody deletes it.
    story.under("silent", |server, stoa, made| {
        server.pause();
        until_given_up(stoa);
        server.resume();
        until_more(made, 8);
    });
    story.under("killed and started again", |server, _, made| {
        server.kill();
        server.start_again();
        until_more(made, 8);
    });
    story.under("away", |server, stoa, made| {
        server.kill();
        until_given_up(stoa);
        until_more(made, 8);
        server.start_again();
    });
    let made = story.made.lock().expect("a count");
    let all = until_exact(&story.stoa, &story.people, &made);
    assert_eq!(made.answered, all);
    if carrier == Carrier::Kafka {
        assert_in_order(&brokers.received(), all);
    }
}

#[test]
fn nothing_is_lost_whatever_becomes_of_kafka() {
    run(Carrier::Kafka, "kafka");
}

#[test]
fn nothing_is_lost_whatever_becomes_of_rabbitmq() {
    run(Carrier::RabbitMq, "rabbitmq");
}
