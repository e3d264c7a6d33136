//! The adapters that provision what is subscribed to, by their names: services of the platform, wherever they run, and
//! servers of the configuration. A service of the platform is looked up when it is called, since it may be built later.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use futures::future::join_all;
use kit_adapter::{AdapterClient, AdapterCredentials, AdapterFault};
use kit_config::BaseUrl;
use kit_rpc::{Deadline, InternalKeys, RpcPool};
use kit_runtime::{Secret, Tasks};
use kit_service::{PeerLocation, Peers};
use subscriptions_api::{AdapterHealth, AdapterName, AdapterPlace, AdapterView};

use crate::config::SubscriptionsConfig;

/// Adapters that are services of the platform: their names, and the services'.
const OWN: [(&str, &str); 2] = [("queues", "queues"), ("s3", "storage")];

/// How long an adapter has to say whether it can be used.
const HEALTH_LIMIT: Duration = Duration::from_secs(3);

/// By what adapters are called.
pub(crate) struct AdaptersDeps {
    pub pool: RpcPool,
    pub internal_keys: InternalKeys,
    pub peers: Peers,
}

/// The adapters. A cheap handle.
///
/// Peers know the client of subscriptions, which knows the adapters, so what they hold of peers they let go when the
/// process stops: otherwise nothing of either would ever be closed.
#[derive(Clone)]
pub(crate) struct Adapters(Arc<Inner>);

struct Inner {
    pool: RpcPool,
    internal_keys: InternalKeys,
    known: BTreeMap<AdapterName, Source>,
    reach: Mutex<Reach>,
}

/// What is let go when the process stops.
struct Reach {
    peers: Option<Peers>,
    /// Those that were found; each remembers what it was told of its adapter.
    clients: HashMap<AdapterName, Found>,
}

enum Source {
    /// A service of the platform.
    Own(&'static str),
    Configured {
        url: BaseUrl,
        username: String,
        password: Secret<String>,
    },
}

/// An adapter that can be called.
#[derive(Clone)]
struct Found {
    client: AdapterClient,
    place: AdapterPlace,
    url: Option<BaseUrl>,
}

impl Adapters {
    pub(crate) fn new(config: &SubscriptionsConfig, deps: AdaptersDeps) -> anyhow::Result<Self> {
        let mut known = BTreeMap::new();
        for (name, service) in OWN {
            known.insert(name.parse()?, Source::Own(service));
        }
        for (name, url) in config.adapters.iter() {
            let missing = || format!("the credentials of the adapter `{name}` are missing");
            let source = Source::Configured {
                url: url.clone(),
                username: config.adapter_usernames.get(name).with_context(missing)?.clone(),
                password: config.adapter_passwords.get(name).with_context(missing)?.clone(),
            };
            known.insert(name.parse()?, source);
        }
        Ok(Self(Arc::new(Inner {
            pool: deps.pool,
            internal_keys: deps.internal_keys,
            known,
            reach: Mutex::new(Reach {
                peers: Some(deps.peers),
                clients: HashMap::new(),
            }),
        })))
    }

    /// Lets go of the peers when the process stops.
    pub(crate) fn start(&self, tasks: &Tasks) {
        let (adapters, stop) = (self.clone(), tasks.stop());
        tasks.spawn("subscriptions.adapters", async move {
            stop.requested().await;
            let mut reach = adapters.reach();
            reach.peers = None;
            reach.clients.clear();
        });
    }

    /// Whether there is an adapter of this name, reachable or not.
    pub(crate) fn knows(&self, name: &AdapterName) -> bool {
        self.0.known.contains_key(name)
    }

    /// The adapter of a name.
    pub(crate) fn client(&self, name: &AdapterName) -> Result<AdapterClient, AdapterFault> {
        self.find(name).map(|found| found.client)
    }

    /// All of them, and whether they can be used.
    pub(crate) async fn list(&self) -> Vec<AdapterView> {
        let names = self.0.known.keys();
        join_all(names.map(|name| self.view(name.clone()))).await
    }

    async fn view(&self, name: AdapterName) -> AdapterView {
        let found = self.find(&name);
        let (place, url) = match &found {
            Ok(found) => (found.place, found.url.as_ref().map(ToString::to_string)),
            Err(_) => (AdapterPlace::Nowhere, None),
        };
        let health = match found {
            Ok(found) => found.client.health(Deadline::after(HEALTH_LIMIT)).await,
            Err(fault) => Err(fault),
        };
        AdapterView {
            name,
            place,
            url,
            health: if health.is_ok() {
                AdapterHealth::Up
            } else {
                AdapterHealth::Down
            },
            reason: health.err().map(|fault| fault.to_string()),
        }
    }

    fn find(&self, name: &AdapterName) -> Result<Found, AdapterFault> {
        let mut reach = self.reach();
        if let Some(found) = reach.clients.get(name) {
            return Ok(found.clone());
        }
        let Some(peers) = &reach.peers else {
            return Err(AdapterFault::NotNow("the process is stopping".to_owned()));
        };
        let found = self.connect(name, peers)?;
        reach.clients.insert(name.clone(), found.clone());
        Ok(found)
    }

    fn reach(&self) -> MutexGuard<'_, Reach> {
        self.0.reach.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self, name: &AdapterName, peers: &Peers) -> Result<Found, AdapterFault> {
        let Inner {
            pool, internal_keys, ..
        } = &*self.0;
        let no_trust = |error: kit_rpc::pool::TrustError| AdapterFault::NotNow(error.to_string());
        match self.0.known.get(name) {
            None => Err(AdapterFault::NotNow(format!("there is no adapter `{name}`"))),
            Some(Source::Configured {
                url,
                username,
                password,
            }) => {
                let credentials = AdapterCredentials {
                    username: username.clone(),
                    password: password.clone(),
                };
                Ok(Found {
                    client: AdapterClient::foreign(pool, url, &credentials).map_err(no_trust)?,
                    place: AdapterPlace::Configured,
                    url: Some(url.clone()),
                })
            }
            Some(Source::Own(service)) => {
                let locations = peers.locations().into_iter();
                let mut location = locations.filter(|(table, _)| table.service == *service);
                match location.find_map(|(_, location)| location) {
                    Some(PeerLocation::Hosted(routes)) => Ok(Found {
                        client: AdapterClient::local(routes, internal_keys.clone()),
                        place: AdapterPlace::Here,
                        url: None,
                    }),
                    Some(PeerLocation::Remote(url)) => Ok(Found {
                        client: AdapterClient::of_peer(pool, &url, internal_keys.clone())
                            .map_err(no_trust)?,
                        place: AdapterPlace::Peer,
                        url: Some(url),
                    }),
                    None => Err(AdapterFault::NotNow(format!(
                        "no peer is configured for `{service}`"
                    ))),
                }
            }
        }
    }
}
