//! Users' use cases: each loads, decides and saves, in one unit of work.

mod error;

use std::sync::Arc;
use std::time::Duration;

use auth_api::{AuthClient, GetIdentity};
use kit_db::{Db, Reader, StoreError, Tx, UnitError, WriteError, refuse};
use kit_http::IfMatch;
use kit_http::extract::{Page, PageRequest};
use kit_rpc::{Actor, CallContext, Deadline};
use kit_runtime::Clock;
use kit_token::{Principal, UserId};
use users_api::{CreateProfile, FindProfile, ProfileView, UpdateProfile, Users, UsersError};

pub(crate) use error::UsersFailure;

use crate::domain::{Editor, Profile, ProfileChange, ProfileDraft};
use crate::store;

/// How long a profile's maker waits for auth.
const AUTH_LIMIT: Duration = Duration::from_secs(2);

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct UsersService(Arc<Inner>);

struct Inner {
    db: Db,
    auth: AuthClient,
    clock: Clock,
}

/// Whether `PUT /profile` made a profile or changed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Saved {
    Created,
    Updated {
        /// The version after it.
        version: i64,
    },
}

impl UsersService {
    pub(crate) fn new(db: Db, auth: AuthClient, clock: Clock) -> Self {
        Self(Arc::new(Inner { db, auth, clock }))
    }

    pub(crate) async fn find(&self, user_id: UserId) -> Result<Option<Profile>, StoreError> {
        self.0
            .db
            .read(async move |reader: &mut Reader| store::find(reader, user_id).await)
            .await
    }

    pub(crate) async fn list(&self, request: &PageRequest) -> Result<Page<Profile>, StoreError> {
        let (after, limit) = (
            request.after.clone().unwrap_or_default(),
            i64::from(request.limit) + 1,
        );
        let read = async move |reader: &mut Reader| store::list(reader, &after, limit).await;
        let found = self.0.db.read(read).await?;
        Ok(Page::cut(found, request, |profile| profile.user_id.to_string()))
    }

    pub(crate) async fn create(&self, editor: &Editor, request: CreateProfile) -> Result<(), UsersFailure> {
        editor.may_change(request.user_id)?;
        let draft = ProfileDraft::check(request, editor).map_err(UsersFailure::Invalid)?;
        if self.insert(draft).await? {
            Ok(())
        } else {
            Err(UsersFailure::Exists)
        }
    }

    /// Changes a profile; answers with its new version.
    pub(crate) async fn update(
        &self,
        editor: &Editor,
        user_id: UserId,
        request: UpdateProfile,
        seen: IfMatch,
    ) -> Result<i64, UsersFailure> {
        editor.may_change(user_id)?;
        let (change, now) = (
            ProfileChange::check(request).map_err(UsersFailure::Invalid)?,
            self.0.clock.now(),
        );
        self.write(async move |tx: &mut Tx| {
            let profile = held(tx, user_id, &seen).await?;
            store::update(tx, &profile, &change, now).await?;
            Ok(profile.version + 1)
        })
        .await
    }

    pub(crate) async fn delete(
        &self,
        editor: &Editor,
        user_id: UserId,
        seen: IfMatch,
    ) -> Result<(), UsersFailure> {
        editor.may_change(user_id)?;
        self.write(async move |tx: &mut Tx| {
            held(tx, user_id, &seen).await?;
            Ok(store::delete(tx, user_id).await?)
        })
        .await
    }

    /// Changes the caller's own profile, and makes it where there is none. Auth is asked only then, and
    /// outside the transaction.
    pub(crate) async fn save_own(
        &self,
        caller: &Principal,
        request: UpdateProfile,
        seen: IfMatch,
    ) -> Result<Saved, UsersFailure> {
        let (editor, user_id) = (Editor::from(caller), caller.user_id);
        match self.update(&editor, user_id, request.clone(), seen.clone()).await {
            Err(UsersFailure::NotFound) if seen == IfMatch::Absent => {}
            ended => return ended.map(|version| Saved::Updated { version }),
        }
        let change = ProfileChange::check(request.clone()).map_err(UsersFailure::Invalid)?;
        let call = CallContext::new(Actor::Service("users".into()), Deadline::after(AUTH_LIMIT));
        let identity = self.0.auth.get_identity(&call, GetIdentity { user_id }).await?;
        let draft = ProfileDraft {
            user_id,
            username: identity.username,
            email: identity.email,
            change,
        };
        if self.insert(draft).await? {
            return Ok(Saved::Created);
        }
        // Somebody made it meanwhile, so there is one to change.
        self.update(&editor, user_id, request, seen)
            .await
            .map(|version| Saved::Updated { version })
    }

    async fn insert(&self, draft: ProfileDraft) -> Result<bool, UsersFailure> {
        let now = self.0.clock.now();
        self.write(async move |tx: &mut Tx| Ok(store::insert(tx, &draft, now).await?))
            .await
    }

    async fn write<T: Send + 'static>(
        &self,
        unit: impl for<'t> kit_db::Unit<'t, T, UnitError<UsersFailure>> + Clone + Send + 'static,
    ) -> Result<T, UsersFailure> {
        let written: Result<T, WriteError<_>> = self.0.db.write(unit).await;
        written.map_err(|error| error.flatten().settle(UsersFailure::Store))
    }
}

/// The profile as it is now, held until the transaction ends, if it is what the client has seen.
async fn held(tx: &mut Tx, user_id: UserId, seen: &IfMatch) -> Result<Profile, UnitError<UsersFailure>> {
    let profile = store::find_for_update(tx, user_id)
        .await?
        .ok_or_else(|| refuse(UsersFailure::NotFound))?;
    if !seen.allows(profile.version) {
        return Err(refuse(UsersFailure::ChangedSince));
    }
    Ok(profile)
}

impl Users for UsersService {
    async fn find_profile(
        &self,
        _: &CallContext,
        request: FindProfile,
    ) -> Result<Option<ProfileView>, UsersError> {
        let found = self
            .find(request.user_id)
            .await
            .map_err(|error| error::told(&error))?;
        Ok(found.map(ProfileView::from))
    }
}
