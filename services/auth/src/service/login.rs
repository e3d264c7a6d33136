//! Beginning a session.

use auth_api::{AccountStatus, AuditEntry, LogIn, LoggedIn};
use kit_db::{Reader, StoreError, Tx};
use kit_token::{SessionId, UserId};
use kit_values::Uuid;
use thiserror::Error;

use super::{AuthFailure, AuthService, GuessedAt, Inner, IssueFor};
use crate::domain::{Account, LoginName, Password};
use crate::hashing::Verdict;
use crate::store::{self, NewSession};

/// How often an account is looked at whose hash another sign-in has renewed meanwhile.
const ATTEMPTS: u32 = 3;

/// Where a request came from, as far as it says.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub device: String,
    pub ip: String,
}

impl Origin {
    /// The command line of the service's own machine.
    pub(crate) fn nowhere() -> Self {
        Self {
            device: "command line".to_owned(),
            ip: String::new(),
        }
    }

    /// The configuration of the service.
    pub(crate) fn configuration() -> Self {
        Self {
            device: "configuration".to_owned(),
            ip: String::new(),
        }
    }
}

/// What is stored when a session begins.
#[derive(Clone)]
struct Begin {
    session: NewSession,
    new_hash: Option<String>,
    line: AuditEntry,
}

/// Why a session did not begin.
#[derive(Debug, Error)]
pub(crate) enum LogInRefusal {
    /// Unknown, wrong, or disabled: nobody is told which.
    #[error("invalid username or password")]
    Invalid,
    #[error(transparent)]
    Failed(#[from] AuthFailure),
}

/// Somebody who gave the right password.
struct Proven {
    account: Account,
    new_hash: Option<String>,
}

impl AuthService {
    /// Begins a session. An unknown name, a wrong password and a disabled account take the same work and get
    /// the same answer.
    pub(crate) async fn log_in(&self, request: &LogIn, origin: Origin) -> Result<LoggedIn, LogInRefusal> {
        for _ in 0..ATTEMPTS {
            let Proven { account, new_hash } = self.prove(request, &origin).await?;
            let user_id = account.user_id;
            let line = self
                .inner
                .audit_line(user_id, "session.started", user_id, &origin);
            let session = self.inner.new_session(user_id, origin.clone());
            let begin = Begin {
                session: session.clone(),
                new_hash,
                line,
            };
            if let Some(current) = self.begin(account, begin).await? {
                return Ok(LoggedIn {
                    session: self.inner.tokens(&current, IssueFor::new_session(&session)),
                    user_id: current.user_id,
                    username: current.username,
                });
            }
        }
        Err(LogInRefusal::Invalid)
    }

    /// The account whose password this is, as it was when it was looked at.
    async fn prove(&self, request: &LogIn, origin: &Origin) -> Result<Proven, LogInRefusal> {
        let (found, who) = self.look_up(&request.username, origin).await?;
        let attempt = self
            .inner
            .guesses
            .attempt(&who, &origin.ip, &self.inner.clock)
            .await;
        let stored = found.as_ref().map(|account| account.password_hash.clone());
        // An attempt that comes too soon is checked against the dummy, like one for nobody.
        let password = Password::given(&request.password).filter(|_| attempt.is_some());
        let checked = self.inner.hasher.check(password.clone(), stored).await;
        let verdict = match checked {
            Ok(verdict) => verdict,
            Err(busy) => {
                if let Some(attempt) = attempt {
                    attempt.was_not_made();
                }
                return Err(AuthFailure::from(busy).into());
            }
        };
        let (Some(account), Some(password), Some(attempt)) = (found, password, attempt) else {
            return Err(LogInRefusal::Invalid);
        };
        if verdict == Verdict::Wrong || account.status == AccountStatus::Disabled {
            return Err(LogInRefusal::Invalid);
        }
        attempt.was_right();
        let new_hash = match verdict {
            Verdict::RightButOutdated => self.renew(&password).await,
            Verdict::Right | Verdict::Wrong => None,
        };
        Ok(Proven { account, new_hash })
    }

    /// A hash with today's parameters; where there is no time for it, the next sign-in makes one.
    async fn renew(&self, password: &Password) -> Option<String> {
        let made = self.inner.hasher.hash(password).await;
        made.inspect_err(|error| tracing::warn!(%error, "a password's hash was not renewed"))
            .ok()
    }

    /// Who has this name or address, and as what a guess at them counts. For nobody too it is asked whether
    /// they are at home, so that the work is the same.
    async fn look_up<'n>(
        &self,
        name: &'n str,
        origin: &Origin,
    ) -> Result<(Option<Account>, GuessedAt<'n>), AuthFailure> {
        let nobody = (None, GuessedAt::Nobody(name));
        let Some(login) = LoginName::parse(name) else {
            return Ok(nobody);
        };
        let ip = origin.ip.clone();
        let read = async move |reader: &mut Reader| {
            let found = store::find_by_login(reader, &login).await?;
            let user_id = found
                .as_ref()
                .map_or(Uuid::nil().into(), |account| account.user_id);
            Ok((found, guessed_at(reader, user_id, &ip).await?))
        };
        let (found, who) = self.db.read(read).await?;
        Ok(found.map_or(nobody, |account| (Some(account), who)))
    }

    /// Who has this name or address.
    pub(crate) async fn find_user(&self, name: &str) -> Result<Option<UserId>, AuthFailure> {
        Ok(self.find_by_login(name).await?.map(|account| account.user_id))
    }

    async fn find_by_login(&self, name: &str) -> Result<Option<Account>, AuthFailure> {
        let Some(name) = LoginName::parse(name) else {
            return Ok(None);
        };
        Ok(self
            .db
            .read(async move |reader: &mut Reader| store::find_by_login(reader, &name).await)
            .await?)
    }

    /// Stores the session, unless the account was disabled or its hash changed while the given password was
    /// being checked; answers with the account as it is now.
    async fn begin(&self, seen: Account, begin: Begin) -> Result<Option<Account>, AuthFailure> {
        let now = begin.session.created_at;
        let unit = async move |tx: &mut Tx| {
            let current = store::find_by_id_for_update(tx, seen.user_id).await?;
            let unchanged = |account: &Account| {
                account.status == AccountStatus::Active && account.password_hash == seen.password_hash
            };
            let Some(current) = current.filter(unchanged) else {
                return Ok(None);
            };
            store::insert_session(tx, &begin.session).await?;
            store::insert_audit(tx, &begin.line).await?;
            if let Some(hash) = &begin.new_hash {
                store::replace_hash(tx, &seen, hash, now).await?;
            }
            Ok::<_, kit_db::StoreError>(Some(current))
        };
        Ok(self.db.write(unit).await?)
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

impl IssueFor {
    /// The first tokens of a session.
    pub(super) fn new_session(session: &NewSession) -> Self {
        Self {
            session_id: session.session_id,
            counter: 0,
            issued_at: session.created_at,
        }
    }
}

impl Inner {
    pub(super) fn new_session(&self, user_id: UserId, origin: Origin) -> NewSession {
        let now = self.clock.now();
        NewSession {
            session_id: SessionId::from(self.ids.uuid()),
            user_id,
            device: origin.device,
            ip: origin.ip,
            created_at: now,
            expires_at: now.plus(self.settings.refresh_expiry),
        }
    }
}
