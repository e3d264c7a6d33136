//! Values kept in memory for a while, and in a Redis behind it, and never older than what this process was told.
//!
//! A [`Cache`] is bounded by number and, where somebody says what entries weigh ([`Cache::weighed`]), by bytes: what
//! was not used for longest goes first. A value has a **version**, the one of the
//! aggregate that it shows, and versions decide every race:
//!
//! - A miss **loads once**, whoever and however many ask for the key meanwhile. The load is a task of its own: a
//!   caller that goes away takes nothing from the others. What several keys miss is loaded together
//!   ([`Cache::get_all`]). A failed load is kept nowhere, and each of its waiters
//!   hears the error; a load that panics or takes too long is an error too.
//! - **Nothing older overwrites what is newer.** A put, or a load that ends late, is passed over when a newer
//!   version is kept or was told of.
//! - **News makes running loads unfit.** A load that began before its key was put, invalidated or deleted is
//!   still answered to those who waited for it already, but it is not kept, and the next `get` loads again. News
//!   of a version that was known before is none, so the echo of one's own write costs nothing.
//! - **What is deleted stays deleted.** A deletion leaves its version behind for a while
//!   ([`CacheSettings::remembered`]), as an update does, so that neither a late put nor a load from a database
//!   that lags behind brings the old value back.
//! - **Everything ends by itself**: a value is asked for again after at most [`CacheSettings::time_to_live`],
//!   counted from the beginning of its load; the last tenth of that is random, so that what was loaded together
//!   does not end together. That nothing is there is kept only if [`CacheSettings::absence`] says so.
//!
//! # Redis
//!
//! With [`Cache::layered`] a miss looks into Redis before it loads, and what was loaded is laid there for the other
//! processes, under `stoa:{cache}:{key}`. It makes things faster and never decides what is right:
//!
//! - A copy is believed only where this process would believe a value that it had loaded itself when the copy's
//!   load began: not one of a version that it knows to be over, nor one from before the last news without a
//!   version, the last interruption of the broadcast, or its own start. Its time to live counts from that load.
//! - What is written to Redis is decided there, by version, in one step. A put, an invalidation or a deletion
//!   leaves a mark, over which no load that began too early lays its value. A put leaves no more than the mark:
//!   the next load brings the value.
//! - What cannot be read there is as good as nothing. Nobody waits for Redis for longer than for one command, and
//!   nobody at all while it is given up ([`kit_redis`]); a load is then a load, as without Redis.
//!
//! Loads are coalesced in each process, not among them: two processes may load the same at once.
//!
//! # Use
//!
//! Whoever changes a value says so to its own cache ([`Cache::put`], [`Cache::invalidate`]) and publishes an
//! event as usual; the other processes hear of it by a broadcast ([`Cache::invalidated_by`]).
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use kit_bus::{Bus, BusError, Delivery};
//! use kit_cache::{Absence, Cache, CacheDeps, CacheError, CacheSettings, Change, Versioned};
//! use kit_redis::Redis;
//! # use kit_db::StoreError;
//! # use kit_event::{CarrierClass, Event, Retention, Topic};
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Clone)] struct Store;
//! # #[derive(Serialize, Deserialize)]
//! # struct Profile { version: i64, nickname: String }
//! # impl Store { async fn find(&self, _: &str) -> Result<Option<Profile>, StoreError> { Ok(None) } }
//! # #[derive(Serialize, Deserialize)] struct ProfileChanged { user_id: String }
//! # const USERS: Topic = Topic {
//! #     name: "users",
//! #     retention: Retention::Usual,
//! #     carrier: CarrierClass::Stream,
//! #     key: "the user's id",
//! # };
//! # impl Event for ProfileChanged {
//! #     const TOPIC: &'static Topic = &USERS;
//! #     const TYPE: &'static str = "profile.changed";
//! #     fn key(&self) -> String { self.user_id.clone() }
//! # }
//!
//! struct Profiles {
//!     cache: Cache<String, Profile, StoreError>,
//!     store: Store,
//! }
//!
//! impl Profiles {
//!     fn build(store: Store, bus: &Bus, redis: Option<Redis>, deps: CacheDeps) -> Result<Self, BusError> {
//!         let mut settings = CacheSettings::new("profiles");
//!         settings.absence = Absence::KeptFor(std::time::Duration::from_secs(10));
//!         let cache = Cache::layered(settings, deps, redis);
//!         cache
//!             .invalidated_by(bus.broadcast("profiles-cache"))
//!             .on(|event: &Delivery<ProfileChanged>| {
//!                 [Change::updated(event.payload.user_id.clone(), event.envelope.sequence)]
//!             })
//!             .start()?;
//!         Ok(Self { cache, store })
//!     }
//!
//!     async fn nickname(&self, user: &String) -> Result<Option<String>, CacheError<StoreError>> {
//!         let (store, id) = (self.store.clone(), user.clone());
//!         let load = async move || {
//!             let profile = store.find(&id).await?;
//!             Ok(profile.map(|profile| Versioned { version: profile.version, value: profile }))
//!         };
//!         let profile: Option<Arc<Versioned<Profile>>> = self.cache.get(user, load).await?;
//!         Ok(profile.map(|profile| profile.value.nickname.clone()))
//!     }
//! }
//! ```
//!
//! Writes return at once and look-ups are async, so that a caller does not know how far away a value was.
//!
//! It deliberately does not promise that two processes see the same at one moment, keep anything over a restart, or
//! try a failed load again: whoever asks next does. It must not hold what decides about money, stock or access on
//! its own.

mod cache;
mod change;
mod error;
mod invalidation;
mod load;
mod metrics;
mod settings;
mod shard;
mod shared;

pub use cache::{Cache, CacheDeps, Found, Versioned};
pub use change::Change;
pub use error::CacheError;
pub use invalidation::Invalidation;
pub use metrics::CacheMetrics;
pub use settings::{Absence, CacheSettings};
