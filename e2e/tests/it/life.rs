//! Sessions of people whose platform crashes, and what must hold of them afterwards.

use e2e::person::{fresh, registration};
use e2e::{Client, ProtectedRoutes, Session};

/// A session that its owner never ended, and what they know.
pub(crate) struct Life {
    pub name: String,
    /// As of the newest answer. Where the next refresh was not answered, nobody knows whether it was done.
    pub session: Session,
    /// Of the profile.
    pub changes: Known,
    /// How many the owner has open.
    pub sessions: Known,
}

/// A number that is at least what was answered, and at most what was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub answered: u64,
    pub asked: u64,
}

impl Known {
    pub(crate) const fn exactly(number: u64) -> Self {
        Self {
            answered: number,
            asked: number,
        }
    }

    #[track_caller]
    fn settle(&mut self, seen: u64) {
        assert!((self.answered..=self.asked).contains(&seen), "{self:?}, {seen}");
        *self = Self::exactly(seen);
    }
}

impl Life {
    pub(crate) const fn begun(name: String, session: Session) -> Self {
        Self {
            name,
            session,
            changes: Known::exactly(0),
            sessions: Known::exactly(1),
        }
    }

    pub(crate) fn begin(gateway: &Client) -> Self {
        let name = fresh("crash");
        gateway.post("/api/register", &registration(&name)).expect(200);
        let session = Session::begin(gateway, &name);
        Self::begun(name, session)
    }

    /// What is found is what is known.
    pub(crate) fn is_whole(&mut self, gateway: &Client) {
        let signed_in = self.session.at(gateway);
        let me = signed_in.get("/api/me").expect(200);
        self.sessions.settle(me["sessions"].as_u64().expect("a number"));
        let profile = signed_in.get("/api/profile");
        if profile.status.as_u16() == 404 {
            self.changes.settle(0);
        } else {
            let bio = profile.expect(200)["bio"].clone();
            let change = bio.as_str().and_then(|bio| bio.parse().ok());
            self.changes.settle(change.expect("a change"));
        }
    }

    /// Whether or not the refresh that was not answered was done, its token has one successor.
    pub(crate) fn goes_on(&mut self, gateway: &Client, routes: &ProtectedRoutes) {
        let next = self.session.refresh(gateway);
        assert_eq!(self.session.refresh(gateway).refresh, next.refresh);
        for session in [&self.session, &next] {
            routes.accept(&session.access);
        }
        self.session = next;
    }

    /// There is no second line of descent: once the successor has gone on, its parent is nobody's any more.
    pub(crate) fn has_one_line(self, gateway: &Client) -> Session {
        let last = self.session.refresh(gateway).refresh(gateway);
        self.session.is_over(gateway);
        last.is_over(gateway);
        last
    }
}

/// A session whose end was asked for and not answered.
pub(crate) fn is_open_or_over(session: &Session, gateway: &Client, routes: &ProtectedRoutes) {
    let reply = session.try_refresh(gateway);
    if reply.status.as_u16() == 200 {
        routes.accept(&session.access);
        routes.accept(&Session::of(&reply.json()).access);
    } else {
        reply.expect_error(401, "Invalid refresh token");
        routes.come_to_refuse("it ended", &[&session.access]);
    }
}
