//! Making an account.

use auth_api::{Register, Registered, UserRegistered};
use kit_db::{Tx, UnitError, refuse};
use kit_token::{Role, UserId};

use super::login::Origin;
use super::{Actor, AuthService, IssueFor, RegisterRefusal, SessionOnRegister};
use crate::domain::{Account, Credentials, NewAccount};
use crate::store::{self, Taken};

impl AuthService {
    /// Makes an account, and with it the first session where the configuration says so.
    pub(crate) async fn register(
        &self,
        request: &Register,
        origin: Origin,
    ) -> Result<Registered, RegisterRefusal> {
        let account = self.new_account(request, Role::Customer).await?;
        let session = match self.inner.settings.session_on_register {
            SessionOnRegister::Yes => Some(self.inner.new_session(account.user_id, origin.clone())),
            SessionOnRegister::No => None,
        };
        let begun = session.clone().map(|session| {
            let user_id = account.user_id;
            let line = self
                .inner
                .audit_line(user_id, "session.started", user_id, &origin);
            (session, line)
        });
        let stored = account.clone();
        let unit = async move |tx: &mut Tx| {
            insert(tx, &stored).await?;
            if let Some((session, line)) = &begun {
                store::insert_session(tx, session).await?;
                store::insert_audit(tx, line).await?;
            }
            Ok(())
        };
        self.db.write(unit).await.map_err(RegisterRefusal::from)?;
        let account = Account::from(account);
        Ok(Registered {
            user_id: account.user_id,
            message: "User registered successfully".to_owned(),
            session: session.map(|session| self.inner.tokens(&account, IssueFor::new_session(&session))),
            username: account.username,
        })
    }

    /// Makes an account with a role, for whoever may give one.
    pub(crate) async fn create_account(
        &self,
        request: &Register,
        role: Role,
    ) -> Result<UserId, RegisterRefusal> {
        let account = self.new_account(request, role).await?;
        let user_id = account.user_id;
        let line = self
            .inner
            .audit_line(Actor::Operator, "account.created", user_id, &Origin::nowhere());
        let unit = async move |tx: &mut Tx| {
            insert(tx, &account).await?;
            Ok(store::insert_audit(tx, &line).await?)
        };
        self.db.write(unit).await.map_err(RegisterRefusal::from)?;
        Ok(user_id)
    }

    /// Checks a request and hashes its password. Whether the name is free, only the insert can tell.
    pub(super) async fn new_account(
        &self,
        request: &Register,
        role: Role,
    ) -> Result<NewAccount, RegisterRefusal> {
        let wanted = Credentials::check(request, self.inner.settings.password_rules)
            .map_err(RegisterRefusal::Invalid)?;
        Ok(NewAccount {
            user_id: UserId::from(self.inner.ids.uuid()),
            password_hash: self.inner.hasher.hash(&wanted.password).await?,
            username: wanted.username,
            email: wanted.email,
            role,
            created_at: self.inner.clock.now(),
        })
    }
}

/// Stores an account and tells of it, in the caller's transaction. Of those who come at once for one name,
/// the constraint decides.
pub(super) async fn insert(tx: &mut Tx, account: &NewAccount) -> Result<(), UnitError<RegisterRefusal>> {
    match store::find_taken(tx, account).await? {
        Some(Taken::Username) => return Err(refuse(RegisterRefusal::UsernameTaken)),
        Some(Taken::Email) => return Err(refuse(RegisterRefusal::EmailTaken)),
        None => store::insert_account(tx, account).await?,
    }
    tx.publish(UserRegistered {
        user_id: account.user_id,
        username: account.username.as_str().to_owned(),
        email: account.email.as_str().to_owned(),
        timestamp: account.created_at,
    });
    Ok(())
}
