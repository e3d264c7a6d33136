//! The platform under one roof or several.

use crate::Client;
use crate::brokers::Brokers;
use crate::database::Database;
use crate::node::Node;
use crate::person::{ADMIN, sign_in};
use crate::setup::Setup;

/// Where the services run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// All in one process, on SQLite.
    Embedded,
    /// In four processes, on one PostgreSQL database: auth, users, the gateway, and all that sells.
    Split,
    /// As [`Topology::Split`], with each service of the transactions in a process of its own. What else they share, a
    /// story says.
    Apart,
    /// As [`Topology::Apart`], with those services that sell.
    Shop,
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

/// What sells, each before those that call it.
const SHOP: [&str; 9] = [
    "catalog",
    "cart",
    "payments",
    "orders",
    "subscriptions",
    "storage",
    "queues",
    "notifications",
    "analytics",
];

/// Of it, what transactions do without.
const SELLING: [&str; 7] = [
    "catalog",
    "cart",
    "orders",
    "subscriptions",
    "storage",
    "queues",
    "notifications",
];

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
            Topology::Split => Self::start_on_postgres(topology, &[&SHOP], adjust),
            Topology::Apart => {
                Self::start_on_postgres(topology, &[&SELLING, &["payments"], &["analytics"]], adjust)
            }
            Topology::Shop => {
                let apart = &SHOP.map(|service| [service]);
                let apart: Vec<&[&'static str]> = apart.iter().map(|own| &own[..]).collect();
                Self::start_on_postgres(topology, &apart, adjust)
            }
        }
    }

    /// Starts each service in a process of its own, with these brokers between them.
    #[must_use]
    pub fn start_carried(brokers: &Brokers) -> Self {
        Self::start_with(Topology::Apart, |setup| brokers.configure(setup))
    }

    /// Starts a shop, each service in a process of its own, with these brokers between them.
    #[must_use]
    pub fn start_shop(brokers: &Brokers) -> Self {
        Self::start_with(Topology::Shop, |setup| brokers.configure(setup))
    }

    fn start_on_postgres(
        topology: Topology,
        trade: &[&[&'static str]],
        adjust: impl Fn(Setup) -> Setup,
    ) -> Self {
        let database = Database::create();
        let setups = split(&database, trade).into_iter().map(adjust);
        Self {
            topology,
            nodes: setups.map(|setup| setup.start()).collect(),
            database: Some(database),
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
        let hosts = |node: &Node| node.setup().hosts(service);
        let found = self.nodes.iter().position(hosts);
        found.unwrap_or_else(|| panic!("nobody hosts `{service}`"))
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

/// Processes that share nothing but the database and the internal key: each has a folder of its own. Those of
/// trade host one service or more each, which is as good.
fn split(database: &Database, trade: &[&[&'static str]]) -> Vec<Setup> {
    let shared = |setup: Setup| {
        setup
            .env("DATABASE_URL", database.url())
            .set("rpc.keys", INTERNAL_KEY)
    };
    let url = |setup: &Setup, service| format!("http://{}", setup.address(service));
    let auth = shared(Setup::run(&["auth"])).with_admin();
    let after = |setup| shared(setup).env("AUTH_SERVICE_URL", &url(&auth, "auth"));
    let users = after(Setup::run(&["users"]));
    let gateway = Setup::run(&["gateway"])
        .set("rpc.keys", INTERNAL_KEY)
        .env("AUTH_SERVICE_URL", &url(&auth, "auth"))
        .env("USER_SERVICE_URL", &url(&users, "users"));
    let trader = |services: &&[&'static str]| {
        after(Setup::run(services)).set("gateway.public_url", &url(&gateway, "gateway"))
    };
    let traders: Vec<Setup> = trade.iter().map(trader).collect();
    let known = traders
        .iter()
        .flat_map(|peer| peer.services().map(move |name| (name, url(peer, name))));
    let known: Vec<_> = known.collect();
    let acquainted = |setup: Setup| {
        known
            .iter()
            .filter(|(service, _)| !setup.hosts(service))
            .fold(setup.clone(), |setup, (service, url)| {
                setup.set(&format!("peers.{service}"), url)
            })
    };
    let all = [vec![auth, users], traders, vec![gateway]].concat();
    all.into_iter().map(acquainted).collect()
}
