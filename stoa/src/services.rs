//! Which services there are: one list, in which a new service is one line.

use std::sync::LazyLock;

use kit_service::Service;

/// Every service that this binary can host, in the order they are built: whoever calls another when it is built
/// comes after it, the gateway last.
static SERVICES: LazyLock<Vec<Service>> = LazyLock::new(|| {
    vec![
        auth::service(),
        users::service(),
        catalog::service(),
        cart::service(),
        payments::service(),
        orders::service(),
        subscriptions::service(),
        storage::service(),
        queues::service(),
        notifications::service(),
        analytics::service(),
        gateway::service(),
    ]
});

/// The one entry point. It alone has no port of its own beside that of the process.
pub(crate) const GATEWAY: &str = "gateway";

/// A service of this binary.
pub(crate) type KnownService = &'static Service;

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = KnownService> + Clone {
    SERVICES.iter()
}

/// The one of a name, for the command line.
pub(crate) fn find(name: &str) -> Result<KnownService, String> {
    let found = all().find(|service| service.name == name.trim());
    found.ok_or_else(|| {
        let known: Vec<_> = all().map(|service| service.name).collect();
        format!("there is no service `{name}`; there are {}", known.join(", "))
    })
}
