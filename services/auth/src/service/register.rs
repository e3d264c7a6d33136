//! Making an account.

use auth_api::{AuthRefusal, Register, Registered, UserRegistered};
use kit_db::Tx;
use kit_http::Anyone;
use kit_service::{Call, Failure};
use kit_token::{Role, UserId};

use super::failure::account_not_inserted;
use super::tokens::IssueFor;
use super::{AuthFailure, AuthService, By, SessionOnRegister};
use crate::domain::{Account, Credentials, MailPurpose, MailRequest, NewAccount};
use crate::store::{self, Taken};

impl AuthService {
    /// Makes an account, and with it the first session where the configuration says so.
    pub(crate) async fn register(
        &self,
        call: &Call<Anyone>,
        request: &Register,
    ) -> Result<Registered, AuthFailure> {
        let account = self.new_account(request, Role::Customer).await?;
        let start = match self.settings.session_on_register {
            SessionOnRegister::Yes => Some(self.session_start(call, account.user_id)),
            SessionOnRegister::No => None,
        };
        let issue = start.as_ref().map(|start| IssueFor::from(&start.session));
        let stored = account.clone();
        let mail = self.confirmation_of(&account);
        let unit = async move |tx: &mut Tx| {
            insert(tx, &stored).await?;
            store::insert_mail_request(tx, &mail).await?;
            if let Some(start) = &start {
                start.store(tx).await?;
            }
            Ok::<_, AuthFailure>(())
        };
        self.units.unit(call, unit).await?;
        let account = Account::from(account);
        Ok(Registered {
            user_id: account.user_id,
            message: "User registered successfully".to_owned(),
            session: issue.map(|issue| self.tokens(&account, issue)),
            username: account.username,
        })
    }

    /// Asks whoever reads the mail of a new account's address to confirm it.
    fn confirmation_of(&self, account: &NewAccount) -> MailRequest {
        self.mail_request(
            MailPurpose::EmailConfirmation,
            account.email.key(),
            account.created_at,
        )
    }

    /// Makes an account with a role, for whoever may give one.
    pub(crate) async fn create_account(
        &self,
        by: By,
        request: &Register,
        role: Role,
    ) -> Result<UserId, AuthFailure> {
        let account = self.new_account(request, role).await?;
        let (user_id, mail) = (account.user_id, self.confirmation_of(&account));
        let line = self.audit_line(&by, "account.created", user_id);
        let unit = async move |tx: &mut Tx| {
            insert(tx, &account).await?;
            store::insert_mail_request(tx, &mail).await?;
            store::insert_audit(tx, &line).await?;
            Ok(user_id)
        };
        self.units.unit(&by.context, unit).await
    }

    /// Checks a request and hashes its password. Whether the name is free, only the insert can tell.
    pub(super) async fn new_account(
        &self,
        request: &Register,
        role: Role,
    ) -> Result<NewAccount, AuthFailure> {
        let credentials = Credentials::check(request, self.settings.password_rules)?;
        Ok(NewAccount {
            user_id: self.units.new_id(),
            password_hash: self.hasher.hash(&credentials.password).await?,
            username: credentials.username,
            email: credentials.email,
            role,
            created_at: self.units.now(),
        })
    }
}

/// Stores an account and tells of it, in the caller's transaction.
pub(super) async fn insert(tx: &mut Tx, account: &NewAccount) -> Result<(), AuthFailure> {
    match store::find_taken(tx, account).await? {
        Some(Taken::Username) => return Err(Failure::Refused(AuthRefusal::UsernameTaken)),
        Some(Taken::Email) => return Err(Failure::Refused(AuthRefusal::EmailTaken)),
        None => {}
    }
    let inserted = store::insert_account(tx, account).await;
    inserted.map_err(account_not_inserted)?;
    tx.publish(UserRegistered {
        user_id: account.user_id,
        username: account.username.as_str().to_owned(),
        email: account.email.as_str().to_owned(),
        timestamp: account.created_at,
    });
    Ok(())
}
