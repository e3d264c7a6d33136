//! What customers look at: from memory, from Redis where there is one, and at last from the database.
//!
//! Kept are products with what is available of them, by identifier; which products stand on a page of a list, without
//! what is said of them there; and pages of categories. So a list never says anything else of a product than the
//! product itself does. What a request decides by is read where it is decided, in the transaction: carts and orders ask
//! the contract, staff see the database, and so do searches for what is in stock, since every sale may change them.
//!
//! Whoever writes drops what is over before the writer is answered ([`Changed`]), so a process never shows what it has
//! overwritten; the others hear of it by catalog's own events, which are published in the transaction of the change. A
//! product's version does not count its sales: those drop whatever is kept, and keep loads that began before them from
//! being kept.

mod changed;
mod listing;
mod products;

use std::time::Duration;

use catalog_api::{
    CategoryChanged, CategoryView, ProductArchived, ProductCreated, ProductId, ProductUpdated, ProductView,
    StockChanged,
};
use kit_bus::{Broadcast, Bus, BusError, Delivery};
use kit_cache::{Cache, CacheDeps, CacheError, CacheSettings};
use kit_db::{Db, StoreError};
use kit_event::Event;
use kit_http::extract::Page;
use kit_redis::Redis;
use kit_values::Slug;
use serde::de::DeserializeOwned;

pub(crate) use self::changed::{Certainty, Change, Changed};
use self::listing::{CategoryPage, Listing, ListingPage};

/// The broadcast's name.
const BROADCAST: &str = "catalog-reads";

/// The name of products in metrics and in Redis. What is written there is [`ProductView`]: if that changes its meaning,
/// so must this.
const PRODUCTS: &str = "products";

/// How old something can be that is shown while this process receives no events.
const TIME_TO_LIVE: Duration = Duration::from_mins(1);

/// Pages of categories: few, unless somebody makes them up.
const CATEGORY_PAGES: usize = 128;

/// How much is kept in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeepingLimits {
    /// So many products, and as many pages of lists; 0 keeps nothing at all.
    pub products: usize,
    /// So many bytes of all of it together, as far as they can be counted.
    pub bytes: usize,
}

/// Reads what customers look at. A cheap handle.
#[derive(Clone)]
pub(crate) struct Reads {
    db: Db,
    kept: Option<KeptReads>,
}

/// What is kept. A cheap handle.
#[derive(Clone)]
struct KeptReads {
    products: Cache<ProductId, ProductView, StoreError>,
    /// Which product has a slug, or had it: the product says whether it still does.
    slugs: Cache<Slug, ProductId, StoreError>,
    listings: Cache<ListingPage, Listing, StoreError>,
    categories: Cache<CategoryPage, Page<CategoryView>, StoreError>,
}

/// Why something could not be read.
pub(crate) type ReadError = CacheError<StoreError>;

impl Reads {
    pub(crate) fn new(db: Db, redis: Option<Redis>, deps: &CacheDeps, limits: KeepingLimits) -> Self {
        let kept = (limits.products > 0).then(|| KeptReads::new(redis, deps, limits));
        Self { db, kept }
    }

    /// The same, as staff read: from the database alone.
    pub(crate) fn fresh(&self) -> Self {
        Self {
            db: self.db.clone(),
            kept: None,
        }
    }

    /// Subscribes to the changes of other processes.
    pub(crate) fn subscribe(&self, bus: &Bus) -> Result<(), BusError> {
        let Some(kept) = &self.kept else {
            return Ok(());
        };
        let cleared = kept.clone();
        let broadcast = bus.broadcast(BROADCAST).connected(move || {
            // What came while nobody listened.
            cleared.clear();
            std::future::ready(Ok(()))
        });
        let broadcast = kept.applying(broadcast, |event: &ProductCreated| {
            Change::product(event.product_id, event.version)
        });
        let broadcast = kept.applying(broadcast, |event: &ProductUpdated| {
            Change::product(event.product_id, event.version)
        });
        let broadcast = kept.applying(broadcast, |event: &ProductArchived| {
            Change::product(event.product_id, event.version)
        });
        let broadcast = kept.applying(broadcast, |_: &CategoryChanged| Change::Categories);
        let broadcast = kept.applying(broadcast, |event: &StockChanged| Change::Stock(event.product_id));
        broadcast.start()
    }

    /// Drops what is over since a write has ended.
    pub(crate) fn apply(&self, changed: &Changed, certainty: Certainty) {
        if let Some(kept) = &self.kept {
            for change in changed.take() {
                kept.apply(change, certainty);
            }
        }
    }
}

impl KeptReads {
    fn new(redis: Option<Redis>, deps: &CacheDeps, limits: KeepingLimits) -> Self {
        let settings = |name, entries| CacheSettings {
            entries,
            time_to_live: TIME_TO_LIVE,
            ..CacheSettings::new(name)
        };
        let deps = || deps.clone();
        let part = limits.bytes / 8;
        let products = Cache::layered(settings(PRODUCTS, limits.products), deps(), redis);
        Self {
            products: products.weighed(part * 6, products::weight),
            slugs: Cache::new(settings("product_slugs", limits.products), deps()),
            listings: Cache::new(settings("product_pages", limits.products), deps())
                .weighed(part, listing::weight),
            categories: Cache::new(settings("category_pages", CATEGORY_PAGES), deps())
                .weighed(part, listing::category_weight),
        }
    }

    fn applying<Ev>(
        &self,
        broadcast: Broadcast,
        read: impl Fn(&Ev) -> Change + Send + Sync + 'static,
    ) -> Broadcast
    where
        Ev: Event + DeserializeOwned + Send + 'static,
    {
        let kept = self.clone();
        broadcast.on(move |delivery: Delivery<Ev>| {
            kept.apply(read(&delivery.payload), Certainty::Done);
            std::future::ready(())
        })
    }

    fn apply(&self, change: Change, certainty: Certainty) {
        match change {
            Change::Product { id, version } => {
                let version = (certainty == Certainty::Done).then_some(version);
                self.products.invalidate(kit_cache::Change::updated(id, version));
                self.listings.clear();
            }
            Change::Stock(product_id) => {
                self.products
                    .invalidate(kit_cache::Change::updated(product_id, None));
            }
            Change::Categories => {
                self.categories.clear();
                self.listings.clear();
            }
        }
    }

    fn clear(&self) {
        self.products.clear();
        self.slugs.clear();
        self.listings.clear();
        self.categories.clear();
    }
}
