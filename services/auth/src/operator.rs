//! What whoever runs the service may do on its machine, without a token: the command line's way in. Running
//! processes hear of it as they hear of each other, through the database.

use auth_api::{AccountQuery, AccountStatus, AccountView, KeyView, PatchAccount, Register};
use kit_http::IfMatch;
use kit_http::extract::PageRequest;
use kit_token::{Role, UserId};
use thiserror::Error;

use crate::build::service;
use crate::service::{
    AccountRefusal, Actor, AuthFailure, AuthService, ChangeAccount, KeysRefusal, Origin, RegisterRefusal,
};
use crate::{AuthConfig, BuildError, Deps};

/// Auth, as its operator may use it.
pub struct Operator(AuthService);

/// Why something was not done.
#[derive(Debug, Error)]
pub enum OperatorError {
    /// Nobody has this name or address.
    #[error("there is no account `{0}`")]
    UnknownAccount(String),
    /// Nobody could administrate any more.
    #[error("the last admin cannot be removed")]
    LastAdmin,
    /// There is no such key.
    #[error("there is no key `{0}`")]
    UnknownKey(String),
    /// Everything else, in words.
    #[error("{0}")]
    Refused(String),
}

impl Operator {
    /// Opens the service without serving it.
    pub async fn open(config: &AuthConfig, deps: &Deps) -> Result<Self, BuildError> {
        Ok(Self(service(config, deps).await?))
    }

    /// Makes an account with a role.
    pub async fn create_account(&self, wanted: &Register, role: Role) -> Result<UserId, OperatorError> {
        self.0
            .create_account(wanted, role)
            .await
            .map_err(|refusal| match refusal {
                RegisterRefusal::Invalid(errors) => {
                    let told = errors
                        .iter()
                        .map(|error| format!("{}: {}", error.pointer, error.message));
                    OperatorError::Refused(told.collect::<Vec<_>>().join("; "))
                }
                refusal => refused(&refusal),
            })
    }

    /// Accounts whose name or address has this part, at most a hundred.
    pub async fn list_accounts(&self, part: Option<String>) -> Result<Vec<AccountView>, OperatorError> {
        let query = AccountQuery {
            q: part,
            ..AccountQuery::default()
        };
        let page = PageRequest {
            limit: 100,
            after: None,
        };
        Ok(self
            .0
            .list_accounts(query, &page)
            .await
            .map_err(|error| refused(&error))?
            .items)
    }

    /// Gives an account another role.
    pub async fn set_role(&self, name: &str, role: Role) -> Result<AccountView, OperatorError> {
        self.patch(
            name,
            PatchAccount {
                roles: Some(vec![role]),
                status: None,
            },
        )
        .await
    }

    /// Lets an account be used, or not any more.
    pub async fn set_status(&self, name: &str, status: AccountStatus) -> Result<AccountView, OperatorError> {
        self.patch(
            name,
            PatchAccount {
                roles: None,
                status: Some(status),
            },
        )
        .await
    }

    /// Ends all sessions of an account.
    pub async fn sign_out(&self, name: &str) -> Result<(), OperatorError> {
        let user_id = self.find(name).await?;
        let ended = self
            .0
            .end_account_sessions(&Actor::Operator, user_id, &Origin::nowhere())
            .await;
        ended.map(drop).map_err(|error| refused(&error))
    }

    /// The keys that access tokens are signed with.
    pub async fn list_keys(&self) -> Result<Vec<KeyView>, OperatorError> {
        self.0.list_keys().await.map_err(|error| refused(&error))
    }

    /// Makes a new key, which signs once every verifier has it.
    pub async fn rotate_keys(&self) -> Result<Vec<KeyView>, OperatorError> {
        self.0
            .rotate_keys(&Actor::Operator, &Origin::nowhere())
            .await
            .map_err(|error| refused(&error))
    }

    /// Takes a key away that somebody else may have.
    pub async fn withdraw_key(&self, kid: &str) -> Result<Vec<KeyView>, OperatorError> {
        self.0
            .withdraw_key(&Actor::Operator, kid.to_owned(), &Origin::nowhere())
            .await
            .map_err(|refusal| match refusal {
                KeysRefusal::NotFound => OperatorError::UnknownKey(kid.to_owned()),
                refusal => refused(&refusal),
            })
    }

    async fn patch(&self, name: &str, patch: PatchAccount) -> Result<AccountView, OperatorError> {
        let user_id = self.find(name).await?;
        let change = ChangeAccount {
            patch,
            seen: IfMatch::Absent,
        };
        self.0
            .patch_account(&Actor::Operator, user_id, change, &Origin::nowhere())
            .await
            .map(|account| account.view)
            .map_err(|refusal| match refusal {
                AccountRefusal::NotFound => OperatorError::UnknownAccount(name.to_owned()),
                AccountRefusal::LastAdmin => OperatorError::LastAdmin,
                refusal @ (AccountRefusal::Changed | AccountRefusal::Failed(_)) => refused(&refusal),
            })
    }

    async fn find(&self, name: &str) -> Result<UserId, OperatorError> {
        let found: Result<_, AuthFailure> = self.0.find_user(name).await;
        found
            .map_err(|error| refused(&error))?
            .ok_or_else(|| OperatorError::UnknownAccount(name.to_owned()))
    }
}

fn refused(error: &dyn std::fmt::Display) -> OperatorError {
    OperatorError::Refused(error.to_string())
}
