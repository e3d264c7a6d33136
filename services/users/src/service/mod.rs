//! Users' use cases: each loads, decides and saves, in one unit of work.

mod error;

use std::sync::Arc;
use std::time::Duration;

use auth_api::{AuthClient, GetIdentity};
use kit_db::idempotency::{self, Answer, IdempotencyError, IdempotencyScope};
use kit_db::{Db, Reader, StoreError, Tx, UnitError, WriteError, refuse};
use kit_http::IfMatch;
use kit_http::extract::{Page, PageRequest};
use kit_rpc::CallContext;
use kit_runtime::Clock;
use kit_token::{Principal, UserId};
use serde::Serialize;
use users_api::{CreateProfile, FindProfile, ProfileChanged, ProfileView, UpdateProfile, Users, UsersError};

pub(crate) use error::UsersFailure;

use crate::domain::{Editor, Profile, ProfileChange, ProfileDraft, Sight};
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
    Created {
        /// The first version.
        version: i64,
    },
    Updated {
        /// The version after it.
        version: i64,
    },
}

impl UsersService {
    pub(crate) fn new(db: Db, auth: AuthClient, clock: Clock) -> Self {
        Self(Arc::new(Inner { db, auth, clock }))
    }

    pub(crate) async fn find(&self, user_id: UserId, sight: Sight) -> Result<Option<Profile>, StoreError> {
        self.0
            .db
            .read(async move |reader: &mut Reader| store::find(reader, user_id, sight).await)
            .await
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
        let found = self.0.db.read(read).await?;
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
        let identity = self.0.auth.get_identity(&call, GetIdentity { user_id }).await?;
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
        let now = self.0.clock.now();
        self.write(async move |tx: &mut Tx| Ok(store::insert(tx, &draft, now).await?))
            .await
    }

    async fn insert_once(
        &self,
        scope: IdempotencyScope,
        draft: ProfileDraft,
        body: String,
    ) -> Result<Answer, UsersFailure> {
        let now = self.0.clock.now();
        let unit = async move |tx: &mut Tx| match store::insert(tx, &draft, now).await? {
            Some(_) => Ok(Answer {
                status: 200,
                body: body.clone(),
            }),
            None => Err(refuse(UsersFailure::Exists)),
        };
        match idempotency::run(&self.0.db, scope, unit).await {
            Ok(outcome) => Ok(outcome.into_answer()),
            Err(IdempotencyError::OtherBody) => Err(UsersFailure::KeyReused),
            Err(IdempotencyError::StillRunning) => Err(UsersFailure::StillRunning),
            Err(IdempotencyError::Write(error)) => Err(settled(error)),
        }
    }

    async fn write<T: Send + 'static>(
        &self,
        unit: impl for<'t> kit_db::Unit<'t, T, UnitError<UsersFailure>> + Clone + Send + 'static,
    ) -> Result<T, UsersFailure> {
        self.0.db.write(unit).await.map_err(settled)
    }
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
