//! kill −9 while people sign up, refresh, write and log out. What was answered holds. A session whose refresh was
//! not answered is in one state, whichever: its owner goes on with the token they have, in one line of descent.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use e2e::person::{credentials, fresh, registration};
use e2e::waiting::{Ending, within};
use e2e::{Client, ProtectedRoutes, Session, Stoa, Topology, patience};
use kit_runtime::Ids;
use serde_json::{Value, json};

use crate::crash::answer;
use crate::life::{Life, is_open_or_over};

const REFRESHERS: usize = 4;
const WRITERS: usize = 2;
/// Refreshes of a session before its owner does anything else.
const STEPS: usize = 3;

/// What one client was told.
#[derive(Default)]
struct Answered {
    /// Accounts whose session was not answered.
    names: Vec<String>,
    lives: Vec<Life>,
    /// Logged out.
    ended: Vec<Session>,
    /// Whose logging out was not answered.
    doubtful: Vec<Session>,
}

/// One client: it gives up at the first answer that does not come, and in the end.
struct Caller<'a> {
    gateway: &'a Client,
    is_over: &'a AtomicBool,
    answers: &'a AtomicUsize,
}

impl Caller<'_> {
    fn ask(&self, client: &Client, method: &str, path: &str, body: &Value) -> Option<Value> {
        if self.is_over.load(Ordering::Relaxed) {
            return None;
        }
        let found = answer(client, method, path, body)?;
        self.answers.fetch_add(1, Ordering::Relaxed);
        Some(found)
    }

    fn post(&self, path: &str, body: &Value) -> Option<Value> {
        self.ask(self.gateway, "POST", path, body)
    }

    fn begin(&self, name: &str) -> Option<Session> {
        let answer = self.post("/api/login", &credentials(name))?;
        Some(Session::of(&answer))
    }

    fn refresh(&self, life: &mut Life) -> Option<()> {
        let answer = self.post("/api/refresh", &life.session.refresh_request())?;
        life.session = Session::of(&answer);
        Some(())
    }

    fn write(&self, life: &mut Life) -> Option<()> {
        life.changes.asked += 1;
        let change = json!({ "bio": life.changes.asked.to_string() });
        self.ask(&life.session.at(self.gateway), "PUT", "/api/profile", &change)?;
        life.changes.answered = life.changes.asked;
        Some(())
    }

    /// Logs out of a session that is begun for it.
    fn come_and_go(&self, life: &mut Life, told: &mut Answered) -> Option<()> {
        life.sessions.asked += 1;
        let session = self.begin(&life.name)?;
        let client = session.at(self.gateway);
        if self.ask(&client, "POST", "/api/logout", &json!({})).is_none() {
            told.doubtful.push(session);
            return None;
        }
        life.sessions.asked -= 1;
        told.ended.push(session);
        Some(())
    }

    fn live(&self, life: &mut Life, told: &mut Answered) -> Option<()> {
        for _ in 0..STEPS {
            self.refresh(life)?;
        }
        self.write(life)?;
        self.come_and_go(life, told)?;
        self.write(life)
    }

    /// Somebody new signs up, and then somebody else.
    fn write_on(&self, told: &mut Answered) -> Option<()> {
        loop {
            let name = fresh("crash");
            self.post("/api/register", &registration(&name))?;
            let Some(session) = self.begin(&name) else {
                told.names.push(name);
                return None;
            };
            let mut life = Life::begun(name, session);
            let lived = self.live(&mut life, told);
            told.lives.push(life);
            lived?;
        }
    }
}

/// Processes die in the middle of everything, and are started again.
fn crash(stoa: &mut Stoa, victims: &[&str]) -> Vec<Answered> {
    let gateway = &stoa.gateway();
    let (is_over, written, refreshed) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let caller = |answers| Caller {
        gateway,
        is_over: &is_over,
        answers,
    };
    let [writing, refreshing] = [&written, &refreshed].map(caller);
    let refresh_on = |mut life: Life| {
        while refreshing.refresh(&mut life).is_some() {}
        let lives = vec![life];
        Answered {
            lives,
            ..Answered::default()
        }
    };
    let write_on = || {
        let mut told = Answered::default();
        writing.write_on(&mut told);
        told
    };
    let begun: Vec<Life> = (0..REFRESHERS).map(|_| Life::begin(gateway)).collect();
    let [random] = Ids::system().random::<1>();
    let moment = 5 + usize::from(random) % 60;
    let told = thread::scope(|scope| {
        let ending = Ending::of(&is_over);
        let sessions = begun.into_iter().map(|life| scope.spawn(|| refresh_on(life)));
        let mut clients: Vec<_> = sessions.collect();
        clients.extend((0..WRITERS).map(|_| scope.spawn(write_on)));
        let busy = within(patience(), || {
            let enough = written.load(Ordering::Relaxed) >= moment;
            (enough && refreshed.load(Ordering::Relaxed) > 0).then_some(())
        });
        for victim in victims {
            stoa.node_mut(victim).kill();
        }
        drop(ending);
        assert!(busy.is_some(), "only {written:?} writes, {refreshed:?} refreshes");
        let told = clients
            .into_iter()
            .map(|client| client.join().expect("what it was told"));
        told.collect()
    });
    for victim in victims {
        stoa.node_mut(victim).start_again();
    }
    told
}

/// Everything that clients were told so far, and that still stands.
#[derive(Default)]
struct Record {
    lives: Vec<Life>,
    ended: Vec<Session>,
}

impl Record {
    fn add(&mut self, told: Vec<Answered>, gateway: &Client, routes: &ProtectedRoutes) {
        let (mut names, mut ended, mut doubtful) = (Vec::new(), Vec::new(), Vec::new());
        for told in told {
            self.lives.extend(told.lives);
            names.extend(told.names);
            ended.extend(told.ended);
            doubtful.extend(told.doubtful);
        }
        for life in &mut self.lives {
            life.goes_on(gateway, routes);
            life.is_whole(gateway);
        }
        // Whoever runs on may not have heard of it before auth died; once it lives again they do.
        let tokens: Vec<&str> = ended.iter().map(|session| &*session.access).collect();
        routes.come_to_refuse("logging out before a crash", &tokens);
        self.ended.extend(ended);
        for session in &self.ended {
            session.is_over(gateway);
            routes.refuse(&session.access);
        }
        for name in names {
            let session = Session::begin(gateway, &name);
            self.lives.push(Life::begun(name, session));
        }
        for session in doubtful {
            is_open_or_over(&session, gateway, routes);
        }
    }

    /// The newer half of the sessions ends, the others go through the next crash too.
    fn end_half(&mut self, gateway: &Client, routes: &ProtectedRoutes) {
        let kept = self.lives.len() / 2;
        let ended: Vec<Session> = self
            .lives
            .drain(kept..)
            .map(|life| life.has_one_line(gateway))
            .collect();
        let tokens: Vec<&str> = ended.iter().map(|session| &*session.access).collect();
        routes.come_to_refuse("its refresh token was used again", &tokens);
        self.ended.extend(ended);
    }
}

every_topology! {
    fn what_was_answered_holds_and_no_session_is_in_two_states(stoa: &mut Stoa) {
        let rounds: &[&[&str]] = match stoa.topology {
            Topology::Embedded => &[&["auth"], &["auth"], &["auth"]],
            Topology::Split | Topology::Apart | Topology::Shop => &[&["auth"], &["users"], &["gateway"], &["auth", "users", "gateway"]],
        };
        let (gateway, routes) = (stoa.gateway(), ProtectedRoutes::of(stoa));
        let mut record = Record::default();
        for victims in rounds {
            let told = crash(stoa, victims);
            record.add(told, &gateway, &routes);
            record.end_half(&gateway, &routes);
        }
        assert!(record.ended.len() > REFRESHERS, "{}", record.ended.len());
    }
}
