//! What whoever runs the service may do on its machine, without a token: the command line's way in. Running
//! processes hear of it as they hear of each other, through the database.

use anyhow::anyhow;
use auth_api::{AccountQuery, AccountStatus, AccountView, KeyView, PatchAccount, Register};
use kit_http::IfMatch;
use kit_http::extract::PageRequest;
use kit_service::{Failure, Home};
use kit_token::{Role, UserId};

use crate::build::use_cases;
use crate::service::{AuthService, By};

/// Auth, as its operator may use it.
pub struct Operator(AuthService);

impl Operator {
    /// Opens the service without serving it.
    pub async fn open(home: &Home) -> anyhow::Result<Self> {
        Ok(Self(use_cases(&home.section()?, home).await?))
    }

    /// Makes an account with a role.
    pub async fn create_account(&self, request: &Register, role: Role) -> anyhow::Result<UserId> {
        Ok(self.0.create_account(by(), request, role).await?)
    }

    /// Accounts whose name or address has this part, at most a hundred.
    pub async fn list_accounts(&self, part: Option<String>) -> anyhow::Result<Vec<AccountView>> {
        let query = AccountQuery {
            q: part,
            ..AccountQuery::default()
        };
        Ok(self.0.list_accounts(query, &PageRequest::first()).await?.items)
    }

    /// Gives an account another role.
    pub async fn set_role(&self, name: &str, role: Role) -> anyhow::Result<AccountView> {
        let patch = PatchAccount {
            roles: Some(vec![role]),
            status: None,
        };
        self.patch(name, patch).await
    }

    /// Lets an account be used, or not any more.
    pub async fn set_status(&self, name: &str, status: AccountStatus) -> anyhow::Result<AccountView> {
        let patch = PatchAccount {
            roles: None,
            status: Some(status),
        };
        self.patch(name, patch).await
    }

    /// Ends all sessions of an account.
    pub async fn sign_out(&self, name: &str) -> anyhow::Result<()> {
        let user_id = self.get_user(name).await?;
        Ok(self.0.end_account_sessions(by(), user_id).await?)
    }

    /// The keys that access tokens are signed with.
    pub async fn list_keys(&self) -> anyhow::Result<Vec<KeyView>> {
        Ok(self.0.list_keys().await?.items)
    }

    /// Makes a new key, which signs once every verifier has it.
    pub async fn rotate_keys(&self) -> anyhow::Result<Vec<KeyView>> {
        Ok(self.0.rotate_keys(by()).await?.items)
    }

    /// Takes a key away that somebody else may have.
    pub async fn withdraw_key(&self, kid: &str) -> anyhow::Result<Vec<KeyView>> {
        match self.0.withdraw_key(by(), kid.to_owned()).await {
            Err(Failure::NotFound(_)) => Err(anyhow!("there is no key `{kid}`")),
            withdrawn => Ok(withdrawn?.items),
        }
    }

    async fn patch(&self, name: &str, patch: PatchAccount) -> anyhow::Result<AccountView> {
        let user_id = self.get_user(name).await?;
        let patched = self.0.patch_account(by(), user_id, patch, IfMatch::Absent);
        Ok(patched.await?.view)
    }

    async fn get_user(&self, name: &str) -> anyhow::Result<UserId> {
        let found = self.0.find_user(name).await?;
        found.ok_or_else(|| anyhow!("there is no account `{name}`"))
    }
}

fn by() -> By {
    By::operator("command line")
}
