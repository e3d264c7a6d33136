//! The platform under one roof or four.

use crate::Client;
use crate::database::Database;
use crate::node::Node;
use crate::people::{ADMIN, sign_in};
use crate::setup::Setup;

/// Where the services run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// All in one process, on SQLite.
    Embedded,
    /// In four processes, on one PostgreSQL database.
    Split,
}

/// The platform, started, with an admin.
pub struct Stoa {
    /// Where it runs.
    pub topology: Topology,
    /// In the order of their start. Ended before the database is removed.
    pub nodes: Vec<Node>,
    /// Theirs, where there is one.
    pub database: Option<Database>,
}

/// Processes of other machines share this instead of a folder.
const INTERNAL_KEY: &str = "an-internal-key-of-the-end-to-end-tests";

impl Stoa {
    /// Starts it with the usual settings.
    #[must_use]
    pub fn start(topology: Topology) -> Self {
        Self::start_with(topology, |setup| setup)
    }

    /// Starts it with further settings, which every process gets.
    #[must_use]
    pub fn start_with(topology: Topology, adjust: impl Fn(Setup) -> Setup) -> Self {
        match topology {
            Topology::Embedded => {
                let setup = Setup::up().with_admin().set("rpc.keys", INTERNAL_KEY);
                Self {
                    topology,
                    nodes: vec![adjust(setup).start()],
                    database: None,
                }
            }
            Topology::Split => {
                let database = Database::create();
                let setups = split(&database).map(adjust);
                Self {
                    topology,
                    nodes: setups.iter().map(Setup::start).collect(),
                    database: Some(database),
                }
            }
        }
    }

    /// A client of the gateway.
    pub fn gateway(&self) -> Client {
        self.node("gateway").client("gateway")
    }

    /// A client of auth's own port.
    pub fn auth(&self) -> Client {
        self.node("auth").client("auth")
    }

    /// A client of users' own port.
    pub fn users(&self) -> Client {
        self.node("users").client("users")
    }

    /// A client of payments' own port.
    pub fn payments(&self) -> Client {
        self.node("payments").client("payments")
    }

    /// A client of analytics' own port.
    pub fn analytics(&self) -> Client {
        self.node("analytics").client("analytics")
    }

    /// The admin's access token.
    pub fn admin_token(&self) -> String {
        sign_in(&self.gateway(), ADMIN)
    }

    /// The internal key that every process knows.
    pub const fn internal_key(&self) -> &'static str {
        INTERNAL_KEY
    }

    /// The process that hosts a service.
    pub fn node(&self, service: &str) -> &Node {
        &self.nodes[self.index(service)]
    }

    /// The process that hosts a service, to stop it or start it again.
    pub fn node_mut(&mut self, service: &str) -> &mut Node {
        let index = self.index(service);
        &mut self.nodes[index]
    }

    fn index(&self, service: &str) -> usize {
        match (self.topology, service) {
            (Topology::Split, "users") => 1,
            (Topology::Split, "payments" | "analytics") => 2,
            (Topology::Split, "gateway") => 3,
            _ => 0,
        }
    }

    /// Ends every process in order, and starts it again.
    ///
    /// # Panics
    /// When one does not end well.
    pub fn restart(&mut self) {
        for node in self.nodes.iter_mut().rev() {
            assert_eq!(node.terminate().code(), Some(0));
        }
        self.nodes.iter_mut().for_each(Node::start_again);
    }
}

/// Processes that share nothing but the database and the internal key: each has a folder of its own. One of them
/// hosts two services, which is as good as two that host one.
fn split(database: &Database) -> [Setup; 4] {
    let shared = |setup: Setup| {
        setup
            .env("DATABASE_URL", database.url())
            .set("rpc.keys", INTERNAL_KEY)
    };
    let url = |setup: &Setup, service| format!("http://{}", setup.address(service));
    let auth = shared(Setup::run(&["auth"])).with_admin();
    let after = |setup| shared(setup).env("AUTH_SERVICE_URL", &url(&auth, "auth"));
    let users = after(Setup::run(&["users"]));
    let trade = after(Setup::run(&["payments", "analytics"]));
    let gateway = Setup::run(&["gateway"])
        .set("rpc.keys", INTERNAL_KEY)
        .env("AUTH_SERVICE_URL", &url(&auth, "auth"))
        .env("USER_SERVICE_URL", &url(&users, "users"))
        .set("peers.payments", &url(&trade, "payments"))
        .set("peers.analytics", &url(&trade, "analytics"));
    [auth, users, trade, gateway]
}
