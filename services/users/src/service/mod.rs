//! Users' use cases: each loads, decides and saves, in one unit of work.

mod error;

use std::sync::Arc;
use std::time::Duration;

use auth_api::{AuthClient, GetIdentity};
use kit_cache::CacheError;
use kit_db::idempotency::{self, Answer, IdempotencyError, IdempotencyScope};
use kit_db::{Db, Reader, StoreError, Tx, UnitError, WriteError, refuse};
use kit_http::IfMatch;
use kit_http::extract::{Page, PageRequest, Traced};
use kit_rpc::CallContext;
use kit_runtime::{Clock, Timestamp};
use kit_telemetry::TraceParent;
use kit_token::{Principal, UserId};
use serde::Serialize;
use users_api::{
    CreateProfile, FindProfile, ProfileChanged, ProfileCreated, ProfileDeleted, ProfileUpdated, ProfileView,
    UpdateProfile, Users, UsersError,
};

pub(crate) use error::{UsersFailure, is_away};

use crate::domain::{Editor, Profile, ProfileChange, ProfileDraft, Sight};
use crate::reads::Profiles;
use crate::store;

/// How long a profile's maker waits for auth.
const AUTH_LIMIT: Duration = Duration::from_secs(2);

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct UsersService {
    db: Db,
    inner: Arc<Inner>,
}

struct Inner {
    profiles: Profiles,
    auth: AuthClient,
    clock: Clock,
}

/// Whether `PUT /profile` made a profile or changed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Saved {
    Created {
        /// The first version.
        version: i64,
    },
    Updated {
        /// The version after it.
        version: i64,
    },
}

impl Traced for UsersService {
    fn in_trace(&self, trace: TraceParent) -> Self {
        Self {
            db: self.db.with_trace(trace),
            inner: self.inner.clone(),
        }
    }
}

impl UsersService {
    pub(crate) fn new(db: Db, profiles: Profiles, auth: AuthClient, clock: Clock) -> Self {
        let inner = Arc::new(Inner {
            profiles,
            auth,
            clock,
        });
        Self { db, inner }
    }

    /// Somebody's profile as it is shown: no older than what this process has written.
    pub(crate) async fn find(
        &self,
        user_id: UserId,
        sight: Sight,
    ) -> Result<Option<Profile>, CacheError<StoreError>> {
        self.inner.profiles.find(user_id, sight).await
    }

    pub(crate) async fn list(
        &self,
        request: &PageRequest,
        sight: Sight,
    ) -> Result<Page<Profile>, StoreError> {
        let (after, limit) = (
            request.after.clone().unwrap_or_default(),
            i64::from(request.limit) + 1,
        );
        let read = async move |reader: &mut Reader| store::list(reader, &after, limit, sight).await;
        let found = self.db.read(read).await?;
        Ok(Page::cut(found, request, |profile| profile.user_id.to_string()))
    }

    /// Makes a profile. Sent again with the same idempotency key, it answers as it did the first time.
    pub(crate) async fn create(
        &self,
        caller: &Principal,
        request: CreateProfile,
        call: &CallContext,
    ) -> Result<ProfileChanged, UsersFailure> {
        let (editor, user_id) = (Editor::from(caller), request.user_id);
        editor.may_change(user_id)?;
        let hash = idempotency::request_hash([json(&request)?.as_bytes()]);
        let draft = ProfileDraft::check(request, &editor).map_err(UsersFailure::Invalid)?;
        let changed = ProfileChanged {
            user_id,
            message: "Profile created successfully".to_owned(),
        };
        let Some(key) = call.idempotency_key() else {
            let made = self.insert(draft).await?;
            return made.map(|_| changed).ok_or(UsersFailure::Exists);
        };
        let scope = IdempotencyScope {
            scope: format!("{}:create_user", caller.user_id),
            key: key.to_string(),
            request_hash: hash,
            wait: call.deadline().remaining(),
        };
        let answer = self.insert_once(scope, draft, json(&changed)?).await?;
        serde_json::from_str(&answer.body).map_err(unreadable)
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
            self.inner.clock.now(),
        );
        let unit = async move |tx: &mut Tx| {
            let profile = held(tx, user_id, &seen).await?;
            store::update(tx, &profile, &change, now).await?;
            let version = profile.version + 1;
            tx.publish(ProfileUpdated {
                user_id,
                version,
                timestamp: now,
            });
            Ok(version)
        };
        let version = self.write(user_id, unit).await?;
        self.inner.profiles.updated(user_id, version);
        Ok(version)
    }

    pub(crate) async fn delete(
        &self,
        editor: &Editor,
        user_id: UserId,
        seen: IfMatch,
    ) -> Result<(), UsersFailure> {
        editor.may_change(user_id)?;
        let now = self.inner.clock.now();
        let unit = async move |tx: &mut Tx| {
            let Profile { version, .. } = held(tx, user_id, &seen).await?;
            store::delete(tx, user_id).await?;
            tx.publish(ProfileDeleted {
                user_id,
                version,
                timestamp: now,
            });
            Ok(version)
        };
        let version = self.write(user_id, unit).await?;
        self.inner.profiles.deleted(user_id, version);
        Ok(())
    }

    /// Changes the caller's own profile, and makes it where there is none. Auth is asked only then, and
    /// outside the transaction.
    pub(crate) async fn save_own(
        &self,
        caller: &Principal,
        request: UpdateProfile,
        seen: IfMatch,
        call: &CallContext,
    ) -> Result<Saved, UsersFailure> {
        let (editor, user_id) = (Editor::from(caller), caller.user_id);
        match self.update(&editor, user_id, request.clone(), seen.clone()).await {
            Err(UsersFailure::NotFound) => {}
            ended => return ended.map(|version| Saved::Updated { version }),
        }
        // What the client has seen is gone; without that wish it would be made anew.
        if seen != IfMatch::Absent {
            return Err(UsersFailure::ChangedSince);
        }
        let change = ProfileChange::check(request.clone()).map_err(UsersFailure::Invalid)?;
        let call = call.clone().for_service("users").within(AUTH_LIMIT);
        let identity = self
            .inner
            .auth
            .get_identity(&call, GetIdentity { user_id })
            .await?;
        let draft = ProfileDraft {
            user_id,
            username: identity.username,
            email: identity.email,
            change,
        };
        if let Some(version) = self.insert(draft).await? {
            return Ok(Saved::Created { version });
        }
        // Somebody made it meanwhile, so there is one to change.
        self.update(&editor, user_id, request, seen)
            .await
            .map(|version| Saved::Updated { version })
    }

    async fn insert(&self, draft: ProfileDraft) -> Result<Option<i64>, UsersFailure> {
        let (user_id, now) = (draft.user_id, self.inner.clock.now());
        let unit = async move |tx: &mut Tx| Ok(insert(tx, &draft, now).await?);
        let made = self.write(user_id, unit).await?;
        self.inner.profiles.updated(user_id, made);
        Ok(made)
    }

    async fn insert_once(
        &self,
        scope: IdempotencyScope,
        draft: ProfileDraft,
        body: String,
    ) -> Result<Answer, UsersFailure> {
        let (user_id, now) = (draft.user_id, self.inner.clock.now());
        let unit = async move |tx: &mut Tx| match insert(tx, &draft, now).await? {
            Some(_) => Ok(Answer {
                status: 200,
                body: body.clone(),
            }),
            None => Err(refuse(UsersFailure::Exists)),
        };
        let ran = idempotency::run(&self.db, scope, unit).await;
        // The answer, which may be an old one, does not say which version was made.
        self.inner.profiles.updated(user_id, None);
        match ran {
            Ok(outcome) => Ok(outcome.into_answer()),
            Err(IdempotencyError::OtherBody) => Err(UsersFailure::KeyReused),
            Err(IdempotencyError::StillRunning) => Err(UsersFailure::StillRunning),
            Err(IdempotencyError::Write(error)) => Err(settled(error)),
        }
    }

    /// Changes somebody's profile. Where that fails, nobody knows whether it was done.
    async fn write<T: Send + 'static>(
        &self,
        user_id: UserId,
        unit: impl for<'t> kit_db::Unit<'t, T, UnitError<UsersFailure>> + Clone + Send + 'static,
    ) -> Result<T, UsersFailure> {
        let written = self.db.write(unit).await.map_err(settled);
        if let Err(UsersFailure::Store(_)) = &written {
            self.inner.profiles.updated(user_id, None);
        }
        written
    }
}

/// Makes the profile unless there is one, and tells of it.
async fn insert(tx: &mut Tx, draft: &ProfileDraft, now: Timestamp) -> Result<Option<i64>, StoreError> {
    let made = store::insert(tx, draft, now).await?;
    if let Some(version) = made {
        tx.publish(ProfileCreated {
            user_id: draft.user_id,
            version,
            timestamp: now,
        });
    }
    Ok(made)
}

fn settled(error: WriteError<UnitError<UsersFailure>>) -> UsersFailure {
    error.flatten().settle(UsersFailure::Store)
}

fn json(value: &impl Serialize) -> Result<String, UsersFailure> {
    serde_json::to_string(value).map_err(unreadable)
}

fn unreadable(error: serde_json::Error) -> UsersFailure {
    UsersFailure::Store(StoreError::Database(error.into()))
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
            .find(request.user_id, Sight::All)
            .await
            .map_err(|error| error::told(&error))?;
        Ok(found.map(ProfileView::from))
    }
}
