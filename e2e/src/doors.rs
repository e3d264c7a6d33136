//! Every place where an access token is judged: the gateway, before each service, and each service's own port.

use std::thread;
use std::time::{Duration, Instant};

use crate::topology::Stoa;
use crate::waiting::eventually;
use crate::{Client, Reply};

/// What is ended is refused everywhere within this time.
const PROMISE: Duration = Duration::from_secs(1);

/// All of them, of one platform.
pub struct Doors(Vec<Door>);

struct Door {
    name: &'static str,
    client: Client,
    /// Answers 200 to anybody who is signed in, and changes nothing.
    path: &'static str,
}

impl Doors {
    /// Those of a platform.
    #[must_use]
    pub fn of(stoa: &Stoa) -> Self {
        let door = |name, client, path| Door { name, client, path };
        Self(vec![
            door("the gateway, before auth", stoa.gateway(), "/api/me"),
            door("the gateway, before users", stoa.gateway(), "/api/users?limit=1"),
            door("auth's own port", stoa.auth(), "/me"),
            door("users' own port", stoa.users(), "/users?limit=1"),
        ])
    }

    /// A token is good at each.
    ///
    /// # Panics
    /// When one refuses it.
    #[track_caller]
    pub fn let_in(&self, token: &str) {
        for door in &self.0 {
            let reply = door.ask(token);
            assert_eq!(reply.status.as_u16(), 200, "{}: {reply:?}", door.name);
        }
    }

    /// Whether a token is good at each.
    pub fn would_let_in(&self, token: &str) -> bool {
        self.0.iter().all(|door| door.ask(token).status.as_u16() == 200)
    }

    /// A token is refused at each.
    #[track_caller]
    pub fn refuse(&self, token: &str) {
        for door in &self.0 {
            door.ask(token).expect_error(401, "Invalid or expired token");
        }
    }

    /// Each refuses tokens that it let in so far, at the latest a second after the answer to what ended them,
    /// which was `cause`.
    ///
    /// What counts is when a request begins: none that begins later than that is let in. How long a busy machine
    /// takes to answer one is no part of it, and no slack is needed.
    ///
    /// # Panics
    /// When one lets a token in that late.
    pub fn shut_in_time(&self, cause: &str, tokens: &[&str], ended: Instant) {
        thread::scope(|scope| {
            for door in &self.0 {
                for token in tokens {
                    scope.spawn(move || door.shuts_in_time(cause, token, ended));
                }
            }
        });
        // And it stays so.
        for token in tokens {
            self.refuse(token);
        }
    }
}

impl Door {
    fn ask(&self, token: &str) -> Reply {
        self.client.with_token(token).get(self.path)
    }

    fn shuts_in_time(&self, cause: &str, token: &str, ended: Instant) {
        eventually("the token is refused", || {
            let late = ended.elapsed();
            let reply = self.ask(token);
            if reply.status.as_u16() == 200 {
                assert!(late < PROMISE, "{} lets it in {late:?} after {cause}", self.name);
                return None;
            }
            reply.expect_error(401, "Invalid or expired token");
            Some(())
        });
    }
}
