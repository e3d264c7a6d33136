//! Somebody can always administrate.

use std::sync::Barrier;
use std::thread;

use e2e::person::{ADMIN, sign_in};
use e2e::{Client, Person, ProtectedRoutes, Reply, Stoa, Topology, eventually};
use kit_testing::db::connect;
use serde_json::{Value, json};
use sqlx::{PgConnection, Row};

const ROUNDS: usize = 6;

/// An admin, signed in at the gateway.
struct Admin {
    id: String,
    name: String,
    client: Client,
}

impl Admin {
    fn of(gateway: &Client, name: &str) -> Self {
        let client = gateway.with_token(&sign_in(gateway, name));
        let me = client.get("/api/me").expect(200);
        assert_eq!(me["roles"], json!(["customer", "staff", "admin"]));
        Self {
            id: me["user_id"].as_str().expect("an id").to_owned(),
            name: name.to_owned(),
            client,
        }
    }

    fn change(&self, whom: &Self, change: &Value) -> Reply {
        let path = format!("/api/admin/accounts/{}", whom.id);
        self.client.send("PATCH", &path, Some(change))
    }

    /// Makes another admin, or the same one again.
    fn appoint(&self, gateway: &Client, name: &str, id: &str) -> Self {
        let path = format!("/api/admin/accounts/{id}");
        let change = json!({ "roles": ["admin"], "status": "active" });
        self.client.send("PATCH", &path, Some(&change)).expect(200);
        Self::of(gateway, name)
    }

    fn sees(&self, admins: &[&str]) {
        let list = self.client.get("/api/admin/accounts?role=admin&status=active");
        let list = list.expect(200);
        let items = list["items"].as_array().expect("a list");
        let names: Vec<_> = items
            .iter()
            .filter_map(|account| account["username"].as_str())
            .collect();
        assert_eq!(names, admins);
    }
}

fn two_admins(stoa: &Stoa) -> [Admin; 2] {
    let gateway = stoa.gateway();
    let root = Admin::of(&gateway, ADMIN);
    let ada = Person::join(&gateway, "ada");
    let ada = root.appoint(&gateway, &ada.name, &ada.id);
    [root, ada]
}

/// Both ways to be an admin no more.
fn removals() -> [Value; 2] {
    [json!({ "roles": ["customer"] }), json!({ "status": "disabled" })]
}

/// Each removes the other, at once.
fn duel(two: &[Admin; 2], change: &Value) -> [Reply; 2] {
    let (barrier, [one, other]) = (&Barrier::new(2), two);
    let strike = |who: &Admin, whom: &Admin| {
        barrier.wait();
        who.change(whom, change)
    };
    thread::scope(|scope| {
        let sent = [(one, other), (other, one)].map(|(who, whom)| scope.spawn(move || strike(who, whom)));
        sent.map(|thread| thread.join().expect("an answer"))
    })
}

/// The one who stays, and the one who does not.
fn settled(two: [Admin; 2], replies: &[Reply; 2]) -> [Admin; 2] {
    let [one, other] = two;
    let [winner, loser] = if replies[0].status.as_u16() == 200 {
        [one, other]
    } else {
        [other, one]
    };
    winner.sees(&[&winner.name]);
    [winner, loser]
}

every_topology! {
    fn the_last_admin_stays(stoa: &mut Stoa) {
        let (gateway, routes) = (stoa.gateway(), ProtectedRoutes::of(stoa));
        let token = sign_in(&gateway, ADMIN);
        let root = Admin::of(&gateway, ADMIN);
        for change in removals() {
            root.change(&root, &change).expect_error(409, "The last admin cannot be removed");
        }
        // Nothing of it was done.
        routes.accept(&token);
        root.sees(&[ADMIN]);

        // One who may go does, and then the other one is the last.
        let [root, ada] = two_admins(stoa);
        root.change(&root, &removals()[0]).expect(200);
        ada.sees(&[&ada.name]);
        for change in removals() {
            ada.change(&ada, &change).expect_error(409, "The last admin cannot be removed");
        }
    }

    fn of_two_admins_who_remove_each_other_one_stays(stoa: &mut Stoa) {
        let gateway = stoa.gateway();
        let mut two = two_admins(stoa);
        for round in 0..ROUNDS {
            let replies = duel(&two, &removals()[round % 2]);
            let mut statuses = replies.each_ref().map(|reply| reply.status.as_u16());
            statuses.sort_unstable();
            // Whoever comes second is the last one's victim, or is no admin any more and not even let in.
            assert!([[200, 401], [200, 409]].contains(&statuses), "{statuses:?}");
            let [winner, loser] = settled(two, &replies);
            let again = winner.appoint(&gateway, &loser.name, &loser.id);
            two = [winner, again];
        }
    }
}

/// Requests of theirs that wait for a lock.
async fn waiting(watcher: &mut PgConnection) -> i64 {
    let count = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'";
    let row = sqlx::query(count).fetch_one(watcher).await;
    row.expect("the server tells").get(0)
}

/// The same, and not by chance: both were let in as admins before either was removed.
#[test]
fn of_two_admins_let_in_to_remove_each_other_one_is_refused() {
    let stoa = Stoa::start(Topology::Split);
    let database = stoa.database.as_ref().expect("a database");
    let mut two = two_admins(&stoa);
    for change in removals() {
        let mut holder = database.block_on(connect(database.url()));
        let mut watcher = database.block_on(connect(database.url()));
        let lock = "BEGIN; SELECT name FROM auth.locks WHERE name = 'admins' FOR UPDATE";
        let held = database.block_on(async { sqlx::raw_sql(lock).execute(&mut holder).await });
        held.expect("the lock is taken");
        let replies = thread::scope(|scope| {
            let fighting = scope.spawn(|| duel(&two, &change));
            eventually("both wait for the lock", || {
                (database.block_on(waiting(&mut watcher)) == 2).then_some(())
            });
            drop(holder);
            fighting.join().expect("two answers")
        });
        let refused = replies.iter().find(|reply| reply.status.as_u16() != 200);
        let refused = refused.expect("one is refused");
        refused.expect_error(409, "The last admin cannot be removed");
        let [winner, loser] = settled(two, &replies);
        let again = winner.appoint(&stoa.gateway(), &loser.name, &loser.id);
        two = [winner, again];
    }
}
