//! A route behind each check of access tokens: the gateway's, before each service, and each service's own port's.
//!
//! How soon an ended session is refused is measured by `bench`; here it is told by events.

use crate::topology::Stoa;
use crate::waiting::eventually;
use crate::{Client, Reply};

/// All of them, of one platform.
pub struct ProtectedRoutes(Vec<ProtectedRoute>);

struct ProtectedRoute {
    name: &'static str,
    client: Client,
    /// Answers 200 to anybody who is signed in, and changes nothing.
    path: &'static str,
}

impl ProtectedRoutes {
    /// Those of a platform.
    #[must_use]
    pub fn of(stoa: &Stoa) -> Self {
        let route = |name, client, path| ProtectedRoute { name, client, path };
        Self(vec![
            route("the gateway, before auth", stoa.gateway(), "/api/me"),
            route("the gateway, before users", stoa.gateway(), "/api/users?limit=1"),
            route("auth's own port", stoa.auth(), "/me"),
            route("users' own port", stoa.users(), "/users?limit=1"),
        ])
    }

    /// A token is good at each.
    ///
    /// # Panics
    /// When one refuses it.
    #[track_caller]
    pub fn accept(&self, token: &str) {
        for route in &self.0 {
            let reply = route.ask(token);
            assert_eq!(reply.status.as_u16(), 200, "{}: {reply:?}", route.name);
        }
    }

    /// Whether a token is good at each.
    pub fn would_accept(&self, token: &str) -> bool {
        self.0.iter().all(|route| route.ask(token).status.as_u16() == 200)
    }

    /// A token is refused at each.
    #[track_caller]
    pub fn refuse(&self, token: &str) {
        for route in &self.0 {
            route.ask(token).expect_error(401, "Invalid or expired token");
        }
    }

    /// After `cause`, each comes to refuse tokens that it accepted so far, and refuses them from then on.
    ///
    /// # Panics
    /// When one goes on accepting a token.
    pub fn come_to_refuse(&self, cause: &str, tokens: &[&str]) {
        for route in &self.0 {
            for token in tokens {
                let what = format!("{} refuses a token after {cause}", route.name);
                eventually(&what, || route.refuses(token));
            }
        }
        for token in tokens {
            self.refuse(token);
        }
    }
}

impl ProtectedRoute {
    fn ask(&self, token: &str) -> Reply {
        self.client.with_token(token).get(self.path)
    }

    fn refuses(&self, token: &str) -> Option<()> {
        let reply = self.ask(token);
        if reply.status.as_u16() == 200 {
            return None;
        }
        reply.expect_error(401, "Invalid or expired token");
        Some(())
    }
}
