//! The keys that tokens are signed with come and go while people work. Nobody notices, but whoever holds a token
//! of a key that was taken away.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use e2e::waiting::Ending;
use e2e::{Client, Person, ProtectedRoutes, Session, Stoa, Topology, eventually};
use serde_json::{Value, json};

use crate::forge::Parts;

const ROTATIONS: usize = 3;
const USERS: usize = 3;
/// Long enough for a busy machine to tell everybody of a key before it signs; the usual setting is 15 s.
const PUBLISH_AHEAD: &str = "4s";
/// Between two rotations.
const ROUNDS_BETWEEN: usize = 2 * USERS;

fn start(topology: Topology) -> Stoa {
    Stoa::start_with(topology, |setup| {
        setup.set("auth.key_publish_ahead", PUBLISH_AHEAD)
    })
}

fn kid(session: &Session) -> String {
    let header = Parts::of(&session.access).header;
    header["kid"].as_str().expect("a key's name").to_owned()
}

/// What people who work came by.
#[derive(Default)]
struct Work {
    is_over: AtomicBool,
    rounds: AtomicUsize,
    /// For each key the first session that was given a token of it.
    sessions: Mutex<BTreeMap<String, Session>>,
}

impl Work {
    /// Signs in, goes on, and goes everywhere with every token. Every single request must succeed.
    fn go_on(&self, gateway: &Client, routes: &ProtectedRoutes) {
        let ada = Person::join(gateway, "worker");
        ada.make_profile(gateway, "at work");
        while !self.is_over.load(Ordering::Relaxed) {
            let first = Session::begin(gateway, &ada.name);
            self.use_everywhere(gateway, routes, &first);
            let second = first.refresh(gateway);
            self.use_everywhere(gateway, routes, &second);
            self.rounds.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn use_everywhere(&self, gateway: &Client, routes: &ProtectedRoutes, session: &Session) {
        routes.accept(&session.access);
        let profile = session.at(gateway).get("/api/profile").expect(200);
        assert_eq!(profile["bio"], "at work");
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.entry(kid(session)).or_insert_with(|| session.clone());
    }

    fn session_of(&self, kid: &str) -> Option<Session> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(kid).cloned()
    }

    fn more_rounds(&self) {
        let begun = self.rounds.load(Ordering::Relaxed);
        eventually("people work", || {
            (self.rounds.load(Ordering::Relaxed) >= begun + ROUNDS_BETWEEN).then_some(())
        });
    }
}

/// As an operator does it there: beside the processes, or through the only one.
fn change_keys(stoa: &Stoa, arguments: &[&str], path: &str) {
    match stoa.topology {
        Topology::Split | Topology::Apart | Topology::Shop => {
            let done = stoa.node("auth").setup().operate(arguments).finish();
            assert_eq!(done.code, Some(0), "{done:?}");
        }
        Topology::Embedded => {
            let admin = stoa.gateway().with_token(&stoa.admin_token());
            admin.post(path, &json!({})).expect(200);
        }
    }
}

fn rotate(stoa: &Stoa) {
    change_keys(stoa, &["keys", "rotate"], "/api/admin/keys/rotate");
}

fn withdraw(stoa: &Stoa, kid: &str) {
    let path = format!("/api/admin/keys/{kid}/withdraw");
    change_keys(stoa, &["keys", "withdraw", kid], &path);
}

/// The names of the keys, the oldest first.
fn kids(stoa: &Stoa) -> Vec<String> {
    let admin = stoa.gateway().with_token(&stoa.admin_token());
    let ring: Value = admin.get("/api/admin/keys").expect(200);
    let keys = ring["items"].as_array().expect("a list").iter();
    keys.filter_map(|key| key["kid"].as_str().map(str::to_owned))
        .collect()
}

/// While people work: from the first key to the last.
fn work_through_rotations(stoa: &Stoa) -> Work {
    let (gateway, routes, work) = (&stoa.gateway(), &ProtectedRoutes::of(stoa), Work::default());
    thread::scope(|scope| {
        let _ending = Ending::of(&work.is_over);
        for _ in 0..USERS {
            scope.spawn(|| work.go_on(gateway, routes));
        }
        work.more_rounds();
        for _ in 0..ROTATIONS {
            rotate(stoa);
            work.more_rounds();
        }
        let all = kids(stoa);
        assert_eq!(all.len(), 1 + ROTATIONS);
        eventually("the last key signs", || work.session_of(all.last()?));
        work.more_rounds();
    });
    work
}

fn nobody_notices_a_rotation(stoa: &Stoa) {
    let (gateway, routes) = (stoa.gateway(), ProtectedRoutes::of(stoa));
    let work = work_through_rotations(stoa);

    // Tokens of earlier keys are as good as ever.
    let sessions = work
        .sessions
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    for session in sessions.values() {
        routes.accept(&session.access);
    }
    // Until a key is withdrawn, one that signs no more, or the one that signs.
    let all = kids(stoa);
    let [first, .., last] = &*all else {
        panic!("{all:?}");
    };
    for withdrawn in [first, last] {
        let session = &sessions[withdrawn];
        withdraw(stoa, withdrawn);
        routes.come_to_refuse("its key was withdrawn", &[&session.access]);
        let published = gateway.get("/.well-known/jwks.json").expect(200);
        assert!(!published.to_string().contains(&**withdrawn), "{published}");
        // The session is none the worse for it. A key that must sign at once takes a moment to be known.
        let next = session.refresh(&gateway);
        // And a key that was rotated away never signs again.
        assert_eq!(all.contains(&kid(&next)), withdrawn == first, "{}", kid(&next));
        eventually("its successor is good everywhere", || {
            routes.would_accept(&next.access).then_some(())
        });
    }
    let kept = sessions.iter().filter(|(kid, _)| ![first, last].contains(kid));
    for (_, session) in kept {
        routes.accept(&session.access);
    }
}

#[test]
fn nobody_notices_a_rotation_embedded() {
    nobody_notices_a_rotation(&start(Topology::Embedded));
}

#[test]
fn nobody_notices_a_rotation_split() {
    nobody_notices_a_rotation(&start(Topology::Split));
}
