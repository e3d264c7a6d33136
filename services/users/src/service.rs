//! Users' use cases: each loads, decides and saves, in one unit of work.

use std::sync::Arc;
use std::time::Duration;

use auth_api::{AuthClient, AuthError, GetIdentity};
use kit_db::{Reader, StoreError, Tx};
use kit_http::IfMatch;
use kit_http::extract::{Page, PageRequest};
use kit_rpc::CallContext;
use kit_runtime::Timestamp;
use kit_service::{Call, Failure, JsonAnswer, Units};
use kit_token::UserId;
use users_api::{
    CreateProfile, FindProfile, ProfileChanged, ProfileCreated, ProfileDeleted, ProfileUpdated, ProfileView,
    UpdateProfile, Users, UsersError, UsersRefusal,
};

use crate::domain::{Editor, Profile, ProfileChange, ProfileDraft, Visibility};
use crate::reads::Profiles;
use crate::store;

/// How long a profile's maker waits for auth.
const AUTH_LIMIT: Duration = Duration::from_secs(2);

/// What is not there where no profile is.
const USER: &str = "User";

/// Why a use case did not do what was asked.
pub(crate) type UsersFailure = Failure<UsersRefusal>;

/// The use cases. A cheap handle.
#[derive(Clone)]
pub(crate) struct UsersService(Arc<Inner>);

struct Inner {
    units: Units,
    profiles: Profiles,
    auth: AuthClient,
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
    pub(crate) fn new(units: Units, profiles: Profiles, auth: AuthClient) -> Self {
        Self(Arc::new(Inner {
            units,
            profiles,
            auth,
        }))
    }

    /// Somebody's profile as it is shown: no older than what this process has written.
    pub(crate) async fn get(&self, user_id: UserId, visibility: Visibility) -> Result<Profile, UsersFailure> {
        let found = self.0.profiles.find(user_id, visibility).await?;
        found.ok_or(Failure::NotFound(USER))
    }

    pub(crate) async fn list(
        &self,
        request: &PageRequest,
        visibility: Visibility,
    ) -> Result<Page<Profile>, UsersFailure> {
        let (after, limit) = request.rows::<String>()?;
        let after = after.unwrap_or_default();
        let read = async move |reader: &mut Reader| store::list(reader, &after, limit, visibility).await;
        let found = self.0.units.read(read).await?;
        Ok(Page::cut(found, request, |profile| profile.user_id.to_string()))
    }

    /// Makes a profile. Sent again with the same idempotency key, it answers as it did the first time.
    pub(crate) async fn create(
        &self,
        call: &Call,
        request: CreateProfile,
    ) -> Result<JsonAnswer<ProfileChanged>, UsersFailure> {
        let (editor, user_id) = (Editor::from(&*call.actor), request.user_id);
        if !editor.may_change(user_id) {
            return Err(Failure::Refused(UsersRefusal::NotYoursToCreate));
        }
        let draft = ProfileDraft::check(request.clone(), &editor)?;
        let now = self.0.units.now();
        let unit = async move |tx: &mut Tx| match insert(tx, &draft, now).await? {
            Some(_) => Ok(ProfileChanged {
                user_id,
                message: "Profile created successfully".to_owned(),
            }),
            None => Err(Failure::Refused(UsersRefusal::ProfileExists)),
        };
        let answer = self.0.units.once(call, &request, unit).await;
        // The answer, which may be an old one, does not say which version was made.
        self.0.profiles.updated(user_id, None);
        answer
    }

    /// Changes a profile; answers with its new version.
    pub(crate) async fn update(
        &self,
        call: &Call,
        user_id: UserId,
        request: UpdateProfile,
        seen: IfMatch,
    ) -> Result<i64, UsersFailure> {
        may_modify(call, user_id)?;
        let (change, now) = (ProfileChange::check(request)?, self.0.units.now());
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
        let version = self.write(call, user_id, unit).await?;
        self.0.profiles.updated(user_id, version);
        Ok(version)
    }

    pub(crate) async fn delete(
        &self,
        call: &Call,
        user_id: UserId,
        seen: IfMatch,
    ) -> Result<(), UsersFailure> {
        may_modify(call, user_id)?;
        let now = self.0.units.now();
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
        let version = self.write(call, user_id, unit).await?;
        self.0.profiles.deleted(user_id, version);
        Ok(())
    }

    /// Changes the caller's own profile, and makes it where there is none. Auth is asked only then, and
    /// outside the transaction.
    pub(crate) async fn save_own(
        &self,
        call: &Call,
        request: UpdateProfile,
        seen: IfMatch,
    ) -> Result<Saved, UsersFailure> {
        let user_id = call.actor.user_id;
        match self.update(call, user_id, request.clone(), seen.clone()).await {
            Err(Failure::NotFound(_)) => {}
            ended => return ended.map(|version| Saved::Updated { version }),
        }
        // What the client has seen is gone; without that wish it would be made anew.
        if seen != IfMatch::Absent {
            return Err(Failure::VersionMismatch);
        }
        let change = ProfileChange::check(request.clone())?;
        let to_auth = (**call).clone().for_service("users").within(AUTH_LIMIT);
        let identity = match self.0.auth.get_identity(&to_auth, GetIdentity { user_id }).await {
            Err(AuthError::NotFound(_)) => return Err(Failure::NotFound(USER)),
            asked => asked?,
        };
        let draft = ProfileDraft {
            user_id,
            username: identity.username,
            email: identity.email,
            change,
        };
        let now = self.0.units.now();
        let unit = async move |tx: &mut Tx| Ok(insert(tx, &draft, now).await?);
        let made = self.write(call, user_id, unit).await?;
        self.0.profiles.updated(user_id, made);
        if let Some(version) = made {
            return Ok(Saved::Created { version });
        }
        // Somebody made it meanwhile, so there is one to change.
        let version = self.update(call, user_id, request, seen).await?;
        Ok(Saved::Updated { version })
    }

    /// Changes somebody's profile. Where that fails, nobody knows whether it was done.
    async fn write<T: Send + 'static>(
        &self,
        call: &Call,
        user_id: UserId,
        unit: impl for<'t> kit_db::Unit<'t, T, UsersFailure> + Clone + Send + 'static,
    ) -> Result<T, UsersFailure> {
        let written = self.0.units.unit(call, unit).await;
        if written.as_ref().is_err_and(Failure::is_fault) {
            self.0.profiles.updated(user_id, None);
        }
        written
    }
}

fn may_modify(call: &Call, user_id: UserId) -> Result<(), UsersFailure> {
    if Editor::from(&*call.actor).may_change(user_id) {
        Ok(())
    } else {
        Err(Failure::Refused(UsersRefusal::NotYoursToModify))
    }
}

/// Makes the profile unless there is one, and writes its event.
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

/// The profile as it is now, held until the transaction ends, if it is what the client has seen.
async fn held(tx: &mut Tx, user_id: UserId, seen: &IfMatch) -> Result<Profile, UsersFailure> {
    let found = store::find_for_update(tx, user_id).await?;
    let profile = found.ok_or(Failure::NotFound(USER))?;
    if seen.allows(profile.version) {
        Ok(profile)
    } else {
        Err(Failure::VersionMismatch)
    }
}

impl Users for UsersService {
    async fn find_profile(
        &self,
        _: &CallContext,
        request: FindProfile,
    ) -> Result<Option<ProfileView>, UsersError> {
        match self.get(request.user_id, Visibility::All).await {
            Ok(profile) => Ok(Some(profile.into())),
            Err(Failure::NotFound(_)) => Ok(None),
            Err(failure) => Err(failure.into_contract_error()),
        }
    }
}
