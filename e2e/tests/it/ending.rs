//! However a session ends, its access tokens are refused: at the gateway, and on every service's own
//! port, whoever has accepted them before.

use e2e::person::PASSWORD;
use e2e::{Client, Person, ProtectedRoutes, Reply, Session, Stoa, Topology, eventually};
use kit_testing::db::connect;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

const NEW_PASSWORD: &str = "staple-horse-battery-10";

/// Somebody with two sessions, and who might end them.
struct Scene<'a> {
    gateway: &'a Client,
    admin: &'a Client,
    person: &'a Person,
    one: &'a Session,
    other: &'a Session,
}

impl Scene<'_> {
    fn patch(&self, change: &Value) -> Reply {
        let path = format!("/api/admin/accounts/{}", self.person.id);
        self.admin.send("PATCH", &path, Some(change))
    }

    /// How the one session calls itself.
    fn name_of_one(&self) -> String {
        let sessions = self.one.at(self.gateway).get("/api/sessions").expect(200);
        let items = sessions["items"].as_array().expect("a list");
        let current = items.iter().find(|session| session["current"] == true);
        let id = current.and_then(|session| session["id"].as_str());
        id.expect("the session that asks").to_owned()
    }
}

struct Ending {
    /// For whoever reads of a failure.
    what: &'static str,
    end: fn(&Scene<'_>) -> Reply,
    left: Left,
}

/// What of the two sessions goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Nothing,
    /// The one ended.
    TheOther,
    /// Both sessions, with new access tokens.
    RefreshTokens,
}

const ENDINGS: [Ending; 7] = [
    Ending {
        what: "logging out",
        end: |scene| scene.one.at(scene.gateway).post("/api/logout", &json!({})),
        left: Left::TheOther,
    },
    Ending {
        what: "an admin disables the account",
        end: |scene| scene.patch(&json!({ "status": "disabled" })),
        left: Left::Nothing,
    },
    Ending {
        what: "an admin changes the roles",
        end: |scene| scene.patch(&json!({ "roles": ["staff"] })),
        left: Left::RefreshTokens,
    },
    Ending {
        what: "a new password",
        end: |scene| {
            let change = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
            scene.other.at(scene.gateway).post("/api/password", &change)
        },
        left: Left::TheOther,
    },
    Ending {
        what: "an admin signs them out",
        end: |scene| {
            let path = format!("/api/admin/accounts/{}/sessions", scene.person.id);
            scene.admin.delete(&path)
        },
        left: Left::Nothing,
    },
    Ending {
        what: "ending one session from another",
        end: |scene| {
            let path = format!("/api/sessions/{}", scene.name_of_one());
            scene.other.at(scene.gateway).delete(&path)
        },
        left: Left::TheOther,
    },
    Ending {
        what: "ending all others",
        end: |scene| scene.other.at(scene.gateway).delete("/api/sessions"),
        left: Left::TheOther,
    },
];

fn ends(stoa: &Stoa, admin: &Client, ending: &Ending) {
    let (gateway, routes) = (&stoa.gateway(), ProtectedRoutes::of(stoa));
    let person = &Person::join(gateway, "ended");
    let [one, other] = &[(); 2].map(|()| Session::begin(gateway, &person.name));
    let both = [&*one.access, &*other.access];
    for token in both {
        routes.accept(token);
    }
    let dead = match ending.left {
        Left::TheOther => &both[..1],
        Left::Nothing | Left::RefreshTokens => &both[..],
    };

    let scene = Scene {
        gateway,
        admin,
        person,
        one,
        other,
    };
    let reply = (ending.end)(&scene);
    reply.expect(200);
    routes.come_to_refuse(ending.what, dead);

    match ending.left {
        Left::Nothing => {
            one.is_over(gateway);
            other.is_over(gateway);
        }
        Left::TheOther => {
            routes.accept(&other.access);
            routes.accept(&other.refresh(gateway).access);
            one.is_over(gateway);
        }
        Left::RefreshTokens => {
            for session in [one, other] {
                let next = session.refresh(gateway);
                routes.accept(&next.access);
                let me = next.at(gateway).get("/api/me").expect(200);
                assert_eq!(me["roles"], json!(["customer", "staff"]));
            }
        }
    }
}

every_topology! {
    fn what_is_ended_is_refused_everywhere(stoa: &mut Stoa) {
        let admin = stoa.gateway().with_token(&stoa.admin_token());
        for ending in &ENDINGS {
            ends(stoa, &admin, ending);
        }
    }
}

/// An operator's process ends them, in which no service runs: even auth's own port learns it only as all do.
#[test]
fn what_an_operator_ends_is_refused_everywhere() {
    let stoa = Stoa::start(Topology::Split);
    let (gateway, routes) = (stoa.gateway(), ProtectedRoutes::of(&stoa));
    for arguments in [
        &["admin", "disable"][..],
        &["admin", "sign-out"],
        &["admin", "role"],
    ] {
        let person = Person::join(&gateway, "ended");
        routes.accept(&person.token);
        let mut arguments = [arguments, &[&person.name]].concat();
        if arguments.contains(&"role") {
            arguments.push("staff");
        }
        let done = stoa.node("auth").setup().operate(&arguments).finish();
        assert_eq!(done.code, Some(0), "{done:?}");
        routes.come_to_refuse(&arguments.join(" "), &[&person.token]);
    }
}

/// Somebody else's transaction that has published and does not end: nothing that is published after it can be
/// read from the log, because it might still put its event before it.
struct Standstill {
    holder: PgConnection,
}

impl Standstill {
    async fn begin(url: &str) -> Self {
        let mut holder = connect(url).await;
        let begun = sqlx::raw_sql("BEGIN").execute(&mut holder).await;
        begun.expect("a transaction");
        let insert = "INSERT INTO auth.outbox
                (event_id, topic, key, partition, type, payload, headers, created_at)
            VALUES ('never', 'auth', 'never', 0, 'never', '{}', '{}', 0)";
        let published = sqlx::query(insert).execute(&mut holder).await;
        published.expect("an event");
        Self { holder }
    }

    /// Lets the log go on.
    async fn end(self) {
        self.holder.close().await.expect("the transaction ends");
    }
}

/// The log is no part of the promise. Only PostgreSQL can tell this story: there an open transaction holds up
/// whoever reads the log and nobody who writes. An SQLite file has one writer at a time, so that what is
/// committed is all there is; a transaction that stood there would hold up the ending itself.
#[test]
fn what_is_ended_is_refused_in_time_while_the_event_log_stands_still() {
    let stoa = Stoa::start(Topology::Split);
    let admin = stoa.gateway().with_token(&stoa.admin_token());
    let database = stoa.database.as_ref().expect("a database");
    let [ada, reader] = ["ada", "reader"].map(|name| Person::join(&stoa.gateway(), name));
    ada.make_profile(&stoa.gateway(), "hello");
    let her_profile = || {
        let path = format!("/api/users/{}", ada.id);
        reader.at(&stoa.gateway()).get(&path).status.as_u16()
    };

    let still = database.block_on(Standstill::begin(database.url()));
    let path = format!("/api/admin/accounts/{}", ada.id);
    let disabled = admin.send("PATCH", &path, Some(&json!({ "status": "disabled" })));
    disabled.expect(200);
    for ending in &ENDINGS {
        ends(&stoa, &admin, ending);
    }
    // It did stand still: users, which hides whose account is disabled, hears of her only now.
    assert_eq!(her_profile(), 200);
    database.block_on(still.end());
    eventually("the log goes on", || (her_profile() == 404).then_some(()));
}
