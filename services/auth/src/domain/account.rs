//! Accounts: what one is made of, what it becomes, and what somebody signs in with.

use auth_api::{AccountStatus, Register};
use kit_http::{Check, FieldError};
use kit_runtime::Timestamp;
use kit_token::{Role, UserId};
use kit_values::{EmailAddress, Username};

use super::{Password, PasswordRules};

/// An account as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub user_id: UserId,
    pub username: String,
    pub email: String,
    pub email_verified: bool,
    pub password_hash: String,
    pub role: Role,
    pub status: AccountStatus,
    pub epoch: i64,
    pub created_at: Timestamp,
}

impl Account {
    /// Whether whoever reads the mail of an address may do something by it.
    pub(crate) fn is_usable_at(&self, email_key: &str) -> bool {
        let address = self.email.parse().map(|email: EmailAddress| email.key());
        self.status == AccountStatus::Active && address.as_deref() == Ok(email_key)
    }
}

/// What somebody types to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LoginName {
    /// The key of a username.
    Username(String),
    /// The key of an address.
    Email(String),
}

impl LoginName {
    /// `None` where no account can have it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let email = text.parse().map(|email: EmailAddress| Self::Email(email.key()));
        let username = || text.parse().map(|name: Username| Self::Username(name.key()));
        email.ok().or_else(|| username().ok())
    }
}

/// What a registration asks for, once it is known to be possible.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub username: Username,
    pub email: EmailAddress,
    pub password: Password,
}

impl Credentials {
    /// Checks every member and names all that are wrong.
    pub(crate) fn check(request: &Register, rules: PasswordRules) -> Result<Self, Vec<FieldError>> {
        let mut check = Check::new();
        let username = check.field("/username", request.username.parse::<Username>());
        let email = check.field("/email", request.email.parse::<EmailAddress>());
        let password = check.field("/password", Password::parse(&request.password, rules));
        check.finish(|| {
            Some(Self {
                username: username?,
                email: email?,
                password: password?,
            })
        })
    }
}

/// What an admin wants an account to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AccountPatch {
    pub role: Option<Role>,
    pub status: Option<AccountStatus>,
}

/// Why an account stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatchRefusal {
    /// Nobody could administrate any more.
    LastAdmin,
}

impl AccountPatch {
    /// The role and status that an account gets; `None` where nothing changes. `admins` are all who may
    /// administrate now.
    pub(crate) fn apply(
        self,
        account: &Account,
        admins: &[UserId],
    ) -> Result<Option<(Role, AccountStatus)>, PatchRefusal> {
        let (role, status) = (
            self.role.unwrap_or(account.role),
            self.status.unwrap_or(account.status),
        );
        if (role, status) == (account.role, account.status) {
            return Ok(None);
        }
        let stays = role == Role::Admin && status == AccountStatus::Active;
        if !stays && admins == [account.user_id] {
            return Err(PatchRefusal::LastAdmin);
        }
        Ok(Some((role, status)))
    }
}

/// An account about to be stored.
#[derive(Clone, Debug)]
pub(crate) struct NewAccount {
    pub user_id: UserId,
    pub username: Username,
    pub email: EmailAddress,
    pub password_hash: String,
    pub role: Role,
    pub created_at: Timestamp,
}

impl From<NewAccount> for Account {
    fn from(new: NewAccount) -> Self {
        Self {
            user_id: new.user_id,
            username: new.username.into(),
            email: new.email.into(),
            email_verified: false,
            password_hash: new.password_hash,
            role: new.role,
            status: AccountStatus::Active,
            epoch: 0,
            created_at: new.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_names_a_user_or_an_address() {
        assert_eq!(
            LoginName::parse("Ada"),
            Some(LoginName::Username("ada".to_owned()))
        );
        assert_eq!(
            LoginName::parse("Ada@Example.com"),
            Some(LoginName::Email("ada@example.com".to_owned()))
        );
        assert_eq!(LoginName::parse("no such thing"), None);
    }

    fn admin() -> Account {
        Account {
            user_id: UserId::from(kit_values::Uuid::max()),
            username: "root".to_owned(),
            email: "root@example.com".to_owned(),
            email_verified: false,
            password_hash: String::new(),
            role: Role::Admin,
            status: AccountStatus::Active,
            epoch: 0,
            created_at: Timestamp::default(),
        }
    }

    #[test]
    fn the_last_admin_stays() {
        let demote = AccountPatch {
            role: Some(Role::Staff),
            status: None,
        };
        let disable = AccountPatch {
            role: None,
            status: Some(AccountStatus::Disabled),
        };
        let (only, other) = (admin().user_id, UserId::from(kit_values::Uuid::nil()));
        assert_eq!(demote.apply(&admin(), &[only]), Err(PatchRefusal::LastAdmin));
        assert_eq!(disable.apply(&admin(), &[only]), Err(PatchRefusal::LastAdmin));
        assert_eq!(
            demote.apply(&admin(), &[only, other]),
            Ok(Some((Role::Staff, AccountStatus::Active)))
        );
    }

    #[test]
    fn a_patch_that_changes_nothing_is_none() {
        let same = AccountPatch {
            role: Some(Role::Admin),
            status: Some(AccountStatus::Active),
        };
        assert_eq!(same.apply(&admin(), &[admin().user_id]), Ok(None));
    }
}
