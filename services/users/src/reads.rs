//! Profiles as they are read: from memory, from Redis where there is one, and at last from the database.
//!
//! What a request decides by (who may change what, which version a client has seen) is read where it is decided,
//! in the transaction. Here is only what is shown. Whoever writes says so here before the writer is answered, so
//! a process never shows what it has overwritten; the others hear of it by users' own events, which are
//! published in the transaction of the change.
//!
//! Whether an account is disabled is kept with the profile and judged by who asks. It has no version, since a
//! profile may be made later than its account was disabled: its changes drop whatever is kept.

use std::time::Duration;

use kit_bus::{Bus, BusError, Delivery};
use kit_cache::{Cache, CacheDeps, CacheError, CacheSettings, Change, Versioned};
use kit_db::{Db, Reader, StoreError};
use kit_redis::Redis;
use kit_runtime::Timestamp;
use kit_token::UserId;
use serde::{Deserialize, Serialize};
use users_api::{ProfileCreated, ProfileDeleted, ProfileHidden, ProfileShown, ProfileUpdated};

use crate::domain::{Profile, Visibility};
use crate::store::{self, Listed};

/// Its name in metrics and in Redis. What is written there is [`Kept`]: if that changes its meaning, so must this.
const NAME: &str = "profiles";

/// The broadcast's name.
const BROADCAST: &str = "users-profiles";

/// How old a profile can be that is shown while this process receives no events.
const TIME_TO_LIVE: Duration = Duration::from_mins(1);

/// Reads profiles. A cheap handle.
#[derive(Clone, Debug)]
pub(crate) struct Profiles {
    cache: Cache<UserId, Kept, StoreError>,
    db: Db,
}

/// A profile as it is kept: its owner is the key, and its version is kept beside it.
#[derive(Debug, Deserialize, Serialize)]
struct Kept {
    username: String,
    email: String,
    full_name: Option<String>,
    bio: Option<String>,
    created_at: Timestamp,
    is_hidden: bool,
}

impl Profiles {
    pub(crate) fn new(db: Db, redis: Option<Redis>, deps: CacheDeps) -> Self {
        let mut settings = CacheSettings::new(NAME);
        settings.time_to_live = TIME_TO_LIVE;
        Self {
            cache: Cache::layered(settings, deps, redis),
            db,
        }
    }

    /// Subscribes to the changes of other processes.
    pub(crate) fn subscribe(&self, bus: &Bus) -> Result<(), BusError> {
        self.cache
            .invalidated_by(bus.broadcast(BROADCAST))
            .on(|delivery: &Delivery<ProfileCreated>| {
                [updated(delivery.payload.user_id, delivery.payload.version)]
            })
            .on(|delivery: &Delivery<ProfileUpdated>| {
                [updated(delivery.payload.user_id, delivery.payload.version)]
            })
            .on(|delivery: &Delivery<ProfileDeleted>| {
                [Change::deleted(
                    delivery.payload.user_id,
                    delivery.payload.version,
                )]
            })
            .on(|delivery: &Delivery<ProfileHidden>| [updated(delivery.payload.user_id, None)])
            .on(|delivery: &Delivery<ProfileShown>| [updated(delivery.payload.user_id, None)])
            .start()
    }

    /// Somebody's profile, if whoever asks sees it.
    pub(crate) async fn find(
        &self,
        user_id: UserId,
        visibility: Visibility,
    ) -> Result<Option<Profile>, CacheError<StoreError>> {
        let db = self.db.clone();
        let load = async move || {
            let found = db.read(async move |reader: &mut Reader| store::find(reader, user_id).await);
            Ok(found.await?.map(Versioned::from))
        };
        let found = self.cache.get(&user_id, load).await?;
        let seen = found.filter(|found| match visibility {
            Visibility::All => true,
            Visibility::Enabled => !found.value.is_hidden,
        });
        Ok(seen.map(|seen| profile(user_id, &seen)))
    }

    /// Somebody's profile has this version by now or, without one, is somehow different.
    pub(crate) fn updated(&self, user_id: UserId, version: impl Into<Option<i64>>) {
        self.cache.invalidate(updated(user_id, version));
    }

    /// Somebody's profile is deleted, and had this version.
    pub(crate) fn deleted(&self, user_id: UserId, version: i64) {
        self.cache.invalidate(Change::deleted(user_id, version));
    }
}

fn updated(user_id: UserId, version: impl Into<Option<i64>>) -> Change<UserId> {
    Change::updated(user_id, version)
}

impl From<Listed> for Versioned<Kept> {
    fn from(listed: Listed) -> Self {
        let Listed { profile, is_hidden } = listed;
        Self {
            version: profile.version,
            value: Kept {
                username: profile.username,
                email: profile.email,
                full_name: profile.full_name,
                bio: profile.bio,
                created_at: profile.created_at,
                is_hidden,
            },
        }
    }
}

fn profile(user_id: UserId, kept: &Versioned<Kept>) -> Profile {
    let copy = &kept.value;
    Profile {
        user_id,
        username: copy.username.clone(),
        email: copy.email.clone(),
        full_name: copy.full_name.clone(),
        bio: copy.bio.clone(),
        version: kept.version,
        created_at: copy.created_at,
    }
}
