//! Beginning a session.

use auth_api::{AccountStatus, AuditEntry, AuthRefusal, LogIn, LoggedIn};
use kit_db::{Reader, StoreError, Tx};
use kit_http::Anyone;
use kit_service::{Call, Failure, Origin};
use kit_token::UserId;
use kit_values::Uuid;

use super::audit::AuditActor;
use super::guesses::GuessedAt;
use super::tokens::IssueFor;
use super::{AuthFailure, AuthService, By};
use crate::domain::{Account, LoginName, Password};
use crate::hashing::PasswordCheck;
use crate::store::{self, NewSession};

/// How often an account is looked at whose hash another sign-in has renewed meanwhile.
const ATTEMPTS: u32 = 3;

/// A session about to begin, and the line that tells of it.
#[derive(Clone)]
pub(super) struct SessionStart {
    pub session: NewSession,
    line: AuditEntry,
}

/// Somebody who gave the right password.
pub(super) struct Authenticated {
    pub account: Account,
    password: Password,
    check: PasswordCheck,
}

impl AuthService {
    /// Begins a session. An unknown name, a wrong password and a disabled account take the same work and get
    /// the same answer.
    pub(crate) async fn log_in(&self, call: &Call<Anyone>, request: &LogIn) -> Result<LoggedIn, AuthFailure> {
        let refused = || Failure::Refused(AuthRefusal::InvalidCredentials);
        let origin = call.origin();
        for _ in 0..ATTEMPTS {
            let (found, who) = self.look_up(&request.username, &origin.ip).await?;
            let checked = self
                .check_password(found, &who, &request.password, &origin)
                .await?;
            let Authenticated {
                account,
                password,
                check,
            } = checked.ok_or_else(refused)?;
            let new_hash = match check {
                PasswordCheck::RightButOutdated => self.renew(&password).await,
                PasswordCheck::Right | PasswordCheck::Wrong => None,
            };
            let start = self.session_start(call, account.user_id);
            let issue = IssueFor::from(&start.session);
            if let Some(current) = self.begin(call, account, start, new_hash).await? {
                return Ok(self.logged_in(current, issue));
            }
        }
        Err(refused())
    }

    /// Checks a password that was given for an account, and counts the attempt. `None` where it is wrong, where it
    /// comes too soon, and where the account may not be used or is not there, all of which take the same work.
    pub(super) async fn check_password(
        &self,
        found: Option<Account>,
        who: &GuessedAt<'_>,
        given: &str,
        origin: &Origin,
    ) -> Result<Option<Authenticated>, AuthFailure> {
        let attempt = self.guesses.attempt(who, &origin.ip).await;
        let stored = found.as_ref().map(|account| account.password_hash.clone());
        // An attempt that comes too soon is checked against the dummy, like one for nobody.
        let password = Password::given(given).filter(|_| attempt.is_some());
        let check = match self.hasher.check(password.clone(), stored).await {
            Ok(check) => check,
            Err(busy) => {
                if let Some(attempt) = attempt {
                    attempt.was_not_made();
                }
                return Err(busy.into());
            }
        };
        let (Some(account), Some(password), Some(attempt)) = (found, password, attempt) else {
            return Ok(None);
        };
        if check == PasswordCheck::Wrong || account.status == AccountStatus::Disabled {
            return Ok(None);
        }
        attempt.was_right();
        Ok(Some(Authenticated {
            account,
            password,
            check,
        }))
    }

    /// A hash with today's parameters; where there is no time for it, the next sign-in makes one.
    async fn renew(&self, password: &Password) -> Option<String> {
        let made = self.hasher.hash(password).await;
        made.inspect_err(|error| tracing::warn!(%error, "a password's hash was not renewed"))
            .ok()
    }

    /// Who has this name or address, and as what a guess at them counts. For nobody too it is asked whether
    /// they are at home, so that the work is the same.
    async fn look_up<'n>(
        &self,
        name: &'n str,
        ip: &str,
    ) -> Result<(Option<Account>, GuessedAt<'n>), AuthFailure> {
        let nobody = (None, GuessedAt::Nobody(name));
        let Some(login) = LoginName::parse(name) else {
            return Ok(nobody);
        };
        let ip = ip.to_owned();
        let read = async move |reader: &mut Reader| {
            let found = store::find_by_login(reader, &login).await?;
            let user_id = found
                .as_ref()
                .map_or(Uuid::nil().into(), |account| account.user_id);
            Ok((found, guessed_at(reader, user_id, &ip).await?))
        };
        let (found, who) = self.units.read(read).await?;
        Ok(found.map_or(nobody, |account| (Some(account), who)))
    }

    /// A session that a user begins by a call.
    pub(super) fn session_start(&self, call: &Call<Anyone>, user_id: UserId) -> SessionStart {
        let by = By::caller(AuditActor::User(user_id), call);
        let (now, origin) = (self.units.now(), call.origin());
        SessionStart {
            session: NewSession {
                session_id: self.units.new_id(),
                user_id,
                device: origin.device,
                ip: origin.ip,
                created_at: now,
                expires_at: now.plus(self.settings.refresh_expiry),
            },
            line: self.audit_line(&by, "session.started", user_id),
        }
    }

    /// Stores the session, unless the account was disabled or its hash changed while the given password was
    /// being checked; answers with the account as it is now.
    async fn begin(
        &self,
        call: &Call<Anyone>,
        seen: Account,
        start: SessionStart,
        new_hash: Option<String>,
    ) -> Result<Option<Account>, AuthFailure> {
        let unit = async move |tx: &mut Tx| {
            let current = store::find_by_id_for_update(tx, seen.user_id).await?;
            let unchanged = |account: &Account| {
                account.status == AccountStatus::Active && account.password_hash == seen.password_hash
            };
            let Some(current) = current.filter(unchanged) else {
                return Ok(None);
            };
            start.store(tx).await?;
            if let Some(hash) = &new_hash {
                store::replace_hash(tx, &seen, hash, start.session.created_at).await?;
            }
            Ok::<_, StoreError>(Some(current))
        };
        Ok(self.units.unit(call, unit).await?)
    }
}

impl SessionStart {
    pub(super) async fn store(&self, tx: &mut Tx) -> Result<(), StoreError> {
        store::insert_session(tx, &self.session).await?;
        store::insert_audit(tx, &self.line).await
    }
}

/// As what a guess at this account counts that comes from there.
pub(super) async fn guessed_at(
    reader: &mut Reader,
    user_id: UserId,
    ip: &str,
) -> Result<GuessedAt<'static>, StoreError> {
    Ok(if store::has_begun_at(reader, user_id, ip).await? {
        GuessedAt::AtHome(user_id)
    } else {
        GuessedAt::Account(user_id)
    })
}
