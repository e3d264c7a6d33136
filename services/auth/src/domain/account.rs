//! Accounts: names and addresses as they may be, and what an account is.

use auth_api::{AccountStatus, Register};
use kit_http::FieldError;
use kit_runtime::Timestamp;
use kit_token::{Role, UserId};
use unicode_normalization::UnicodeNormalization;

use super::{Password, PasswordRules};

const SHORTEST_NAME: usize = 3;
const LONGEST_NAME: usize = 32;
const LONGEST_EMAIL: usize = 254;
const LONGEST_LOCAL_PART: usize = 64;

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

/// A username: 3 to 32 of `A-Z a-z 0-9 _ . -`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handle(String);

impl Handle {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if !(SHORTEST_NAME..=LONGEST_NAME).contains(&text.len()) || !text.bytes().all(allowed) {
            return Err("must be 3 to 32 of `A-Z a-z 0-9 _ . -`");
        }
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What must be unique.
    pub(crate) fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// An e-mail address: plausible, and the same however it is cased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EmailAddress(String);

impl EmailAddress {
    /// Accepts what a mail server could deliver to: one `@`, a local part of printable characters without
    /// spaces, and a domain of dotted labels. Whether it exists, only a mail to it can tell. It is kept in
    /// Unicode's composed form (NFC) with the domain in lower case.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "must be an e-mail address";
        // Bounded before it is looked at any closer; composing makes a text shorter, by how much is bounded.
        if text.len() > LONGEST_EMAIL * 4 {
            return Err(WRONG);
        }
        let text: String = text.trim().nfc().collect();
        let (local, domain) = text.rsplit_once('@').ok_or(WRONG)?;
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"@<>()[]\\,;:\"".contains(c);
        let local_fits = (1..=LONGEST_LOCAL_PART).contains(&local.len())
            && local.chars().all(plain)
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        if !local_fits || text.len() > LONGEST_EMAIL || !is_domain(domain) {
            return Err(WRONG);
        }
        Ok(Self(format!("{local}@{}", domain.to_lowercase())))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What must be unique. Servers that tell `Ada@` from `ada@` are not known to exist.
    pub(crate) fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    domain.contains('.') && domain.split('.').all(label)
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
        match EmailAddress::parse(text) {
            Ok(email) => Some(Self::Email(email.key())),
            Err(_) => Handle::parse(text)
                .ok()
                .map(|handle| Self::Username(handle.key())),
        }
    }
}

/// What a registration asks for, once it is known to be possible.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub username: Handle,
    pub email: EmailAddress,
    pub password: Password,
}

impl Credentials {
    /// Checks every member and names all that are wrong.
    pub(crate) fn check(request: &Register, rules: PasswordRules) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut wrong = |pointer: &str, message: &str| errors.push(FieldError::new(pointer, message));
        let username = Handle::parse(&request.username)
            .map_err(|message| wrong("/username", message))
            .ok();
        let email = EmailAddress::parse(&request.email)
            .map_err(|message| wrong("/email", message))
            .ok();
        let password = Password::parse(&request.password, rules)
            .map_err(|message| wrong("/password", message))
            .ok();
        match (username, email, password) {
            (Some(username), Some(email), Some(password)) => Ok(Self {
                username,
                email,
                password,
            }),
            _ => Err(errors),
        }
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
    pub username: Handle,
    pub email: EmailAddress,
    pub password_hash: String,
    pub role: Role,
    pub created_at: Timestamp,
}

impl From<NewAccount> for Account {
    fn from(new: NewAccount) -> Self {
        Self {
            user_id: new.user_id,
            username: new.username.0,
            email: new.email.0,
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
    fn a_username_has_3_to_32_plain_characters() {
        for good in ["ada", "A.d_a-1", &"x".repeat(32)] {
            assert!(Handle::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "ab", "a b", "adä", "a@b", &"x".repeat(33)] {
            assert!(Handle::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_is_plausible_and_has_one_key() {
        for good in ["a@example.com", "o'neil+tag@sub.example.co", "jörg@müller.de"] {
            assert!(EmailAddress::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "nope",
            "@example.com",
            "a@",
            "a@b",
            "a b@example.com",
            "a@exa mple.com",
            ".a@example.com",
            "a@-b.com",
            "a@b..com",
            "a@@example.com",
            "a\n@example.com",
        ] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad}");
        }
        let shouted = EmailAddress::parse("Ada@EXAMPLE.com").unwrap();
        assert_eq!(shouted.as_str(), "Ada@example.com");
        assert_eq!(shouted.key(), "ada@example.com");
    }

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
            user_id: UserId::from(kit_runtime::Uuid::max()),
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
        let (only, other) = (admin().user_id, UserId::from(kit_runtime::Uuid::nil()));
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
