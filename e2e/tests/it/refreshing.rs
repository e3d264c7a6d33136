//! A refresh token has one successor, however many ask for it and however often. Whoever comes with one that was
//! used up before ends the session, although they are refused.

use std::sync::Barrier;
use std::thread;

use e2e::{Client, Person, ProtectedRoutes, Reply, Session, Stoa};
use kit_testing::db::connect;
use serde_json::json;

const AT_ONCE: usize = 50;
const ROUNDS: usize = 4;

/// Asks for the successor of one token many times at once, and does something else at the same moment.
fn ask_at_once(gateway: &Client, session: &Session, meanwhile: impl FnOnce()) -> Vec<Reply> {
    let barrier = Barrier::new(AT_ONCE + 1);
    thread::scope(|scope| {
        let ask = || {
            barrier.wait();
            session.try_refresh(gateway)
        };
        let asked: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(ask)).collect();
        barrier.wait();
        meanwhile();
        let replies = asked.into_iter().map(|thread| thread.join().expect("an answer"));
        replies.collect()
    })
}

/// Half a minute passes for the sessions of somebody: their last rotation is that much longer ago. The time of a
/// process is not a test's to change, and to wait for it would take that long.
fn let_the_grace_pass(stoa: &Stoa, person: &Person) {
    let change = "SET rotated_at = rotated_at - 31000000 WHERE user_id = $1";
    let changed = if let Some(database) = &stoa.database {
        let text = format!("UPDATE auth.sessions {change}");
        database.block_on(async {
            let mut connection = connect(database.url()).await;
            let query = sqlx::query(sqlx::AssertSqlSafe(text)).bind(&person.id);
            query
                .execute(&mut connection)
                .await
                .expect("a change")
                .rows_affected()
        })
    } else {
        let file = stoa.node("auth").setup().data().join("auth.db");
        let connection = rusqlite::Connection::open(file).expect("the file");
        let text = format!("UPDATE sessions {change}");
        let changed = connection.execute(&text, [&person.id]).expect("a change");
        u64::try_from(changed).expect("a count")
    };
    assert!(changed > 0, "nothing was rotated");
}

/// The token ends its session, with all that came of it, and nothing else.
fn ends_its_session(stoa: &Stoa, reused: &Session, successors: &[&Session]) {
    let (gateway, routes) = (stoa.gateway(), ProtectedRoutes::of(stoa));
    let tokens: Vec<&str> = successors.iter().map(|session| &*session.access).collect();
    for token in &tokens {
        routes.accept(token);
    }
    reused.is_over(&gateway);
    routes.come_to_refuse("a refresh token was used again", &tokens);
    for session in successors {
        session.is_over(&gateway);
    }
}

every_topology! {
    fn fifty_refreshes_of_one_token_at_once_have_one_successor(stoa: &mut Stoa) {
        let (gateway, routes) = (stoa.gateway(), ProtectedRoutes::of(stoa));
        let ada = Person::join(&gateway, "ada");
        let parent = Session::begin(&gateway, &ada.name);
        let replies = ask_at_once(&gateway, &parent, || ());
        let answers: Vec<Session> = replies.iter().map(|reply| Session::of(&reply.expect(200))).collect();
        let successor = &answers[0];
        assert_ne!(successor.refresh, parent.refresh);
        for answer in &answers {
            assert_eq!(answer.refresh, successor.refresh);
        }
        for answer in [&answers[0], &answers[AT_ONCE - 1], &parent] {
            routes.accept(&answer.access);
        }
        // Whoever lost the answer may ask again for a while, for the same one.
        assert_eq!(parent.refresh(&gateway).refresh, successor.refresh);
        // It is one session, beside that of the registration.
        let open = ada.at(&gateway).get("/api/me").expect(200)["sessions"].clone();
        assert_eq!(open, 2);

        // And after that the parent is somebody's copy.
        let_the_grace_pass(stoa, &ada);
        let last = &answers[AT_ONCE - 1];
        ends_its_session(stoa, &parent, &[&parent, successor, last]);
        routes.accept(&ada.token);
        let another = Session::begin(&gateway, &ada.name).refresh(&gateway);
        routes.accept(&another.access);
    }

    fn a_token_of_two_rotations_ago_ends_its_session_at_once(stoa: &mut Stoa) {
        let gateway = stoa.gateway();
        let ada = Person::join(&gateway, "ada");
        let first = Session::begin(&gateway, &ada.name);
        let second = first.refresh(&gateway);
        let third = second.refresh(&gateway);
        ends_its_session(stoa, &first, &[&second, &third]);
        ProtectedRoutes::of(stoa).accept(&ada.token);
    }

    fn nothing_lives_of_a_session_that_ends_while_it_is_refreshed(stoa: &mut Stoa) {
        let (gateway, routes) = (stoa.gateway(), ProtectedRoutes::of(stoa));
        let ada = Person::join(&gateway, "ada");
        for _ in 0..ROUNDS {
            let session = Session::begin(&gateway, &ada.name);
            let replies = ask_at_once(&gateway, &session, || {
                session.at(&gateway).post("/api/logout", &json!({})).expect(200);
            });
            let mut all = vec![session];
            for reply in &replies {
                if reply.status.as_u16() == 200 {
                    all.push(Session::of(&reply.json()));
                } else {
                    reply.expect_error(401, "Invalid refresh token");
                }
            }
            // Those of all answers are one and the same refresh token.
            all.truncate(2);
            let tokens: Vec<&str> = all.iter().map(|session| &*session.access).collect();
            routes.come_to_refuse("the session ended", &tokens);
            for session in &all {
                session.is_over(&gateway);
            }
        }
        routes.accept(&ada.token);
    }
}
