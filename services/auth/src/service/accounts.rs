//! What admins do with accounts.

use auth_api::{
    AccountQuery, AccountStatus, AccountView, AuditEntry, PatchAccount, RolesChanged, UserDisabled,
    UserUpdated,
};
use kit_db::{Reader, StoreError, Tx, UnitError, refuse};
use kit_http::IfMatch;
use kit_http::extract::{Page, PageRequest};
use kit_token::{Role, UserId};
use thiserror::Error;

use super::revoking::{Ended, Revoker, Which};
use super::{Actor, AuthFailure, AuthService, Origin, SeenAccount, account_view, included};
use crate::domain::{Account, AccountPatch, PatchRefusal};
use crate::store::{self, AccountChange, AccountFilter};

/// Why an account stays as it is.
#[derive(Debug, Error)]
pub(crate) enum AccountRefusal {
    #[error("there is no such account")]
    NotFound,
    /// It is not as the client has seen it.
    #[error("the account has changed since")]
    Changed,
    #[error("somebody must be able to administrate")]
    LastAdmin,
    #[error(transparent)]
    Failed(#[from] AuthFailure),
}

/// What an admin wants of an account, and as what they have seen it.
#[derive(Clone, Debug)]
pub(crate) struct ChangeAccount {
    pub patch: PatchAccount,
    pub seen: IfMatch,
}

impl AuthService {
    pub(crate) async fn list_accounts(
        &self,
        query: AccountQuery,
        request: &PageRequest,
    ) -> Result<Page<AccountView>, AuthFailure> {
        let now = self.inner.clock.now();
        let filter = AccountFilter {
            text: query.q.map(|text| text.to_lowercase()),
            role: query.role,
            status: query.status,
            after: request.after.clone().unwrap_or_default(),
            limit: i64::from(request.limit) + 1,
        };
        let read = async move |reader: &mut Reader| {
            let mut views = Vec::new();
            for account in store::list_accounts(reader, &filter).await? {
                let open = store::count_open_sessions(reader, account.user_id, now).await?;
                views.push(account_view(account, open));
            }
            Ok(views)
        };
        Ok(Page::cut(self.db.read(read).await?, request, |account| {
            account.user_id.to_string()
        }))
    }

    /// Changes roles or status. What was issued before is dead: the epoch rises, and a disabled account has no
    /// sessions left.
    pub(crate) async fn patch_account(
        &self,
        actor: &Actor,
        user_id: UserId,
        change: ChangeAccount,
        origin: &Origin,
    ) -> Result<SeenAccount, AccountRefusal> {
        let ChangeAccount { patch, seen } = change;
        let roles = patch.roles;
        let wanted = AccountPatch {
            role: roles.map(|roles| roles.into_iter().max().unwrap_or(Role::Customer)),
            status: patch.status,
        };
        let now = self.inner.clock.now();
        let revoker = self.inner.revoker(now);
        let line = self.inner.audit_line(actor, "account.changed", user_id, origin);
        let unit = async move |tx: &mut Tx| {
            // The lock first, then the account: one order for everybody.
            store::lock_admins(tx).await?;
            let admins = store::list_admins(tx).await?;
            let found = store::find_by_id_for_update(tx, user_id).await?;
            let account = found.ok_or_else(|| refuse(AccountRefusal::NotFound))?;
            if !seen.allows(account.epoch) {
                return Err(refuse(AccountRefusal::Changed));
            }
            let change = wanted.apply(&account, &admins);
            let change = change.map_err(|PatchRefusal::LastAdmin| refuse(AccountRefusal::LastAdmin))?;
            let Some((role, status)) = change else {
                return Ok(Ended::default());
            };
            let detail = told(&account, role, status) + &line.detail;
            store::insert_audit(tx, &AuditEntry { detail, ..line }).await?;
            Ok(change_account(
                tx,
                &revoker,
                &account,
                AccountChange {
                    role,
                    status,
                    at: now,
                },
            )
            .await?)
        };
        let written: Result<Ended, kit_db::WriteError<UnitError<AccountRefusal>>> = self.db.write(unit).await;
        let ended = written.map_err(|error| {
            error
                .flatten()
                .settle(|error: StoreError| AccountRefusal::Failed(error.into()))
        })?;
        self.inner.believe(&ended);
        self.find_account(user_id).await?.ok_or(AccountRefusal::NotFound)
    }

    /// Signs somebody out everywhere; whether there is such an account.
    pub(crate) async fn end_account_sessions(
        &self,
        actor: &Actor,
        user_id: UserId,
        origin: &Origin,
    ) -> Result<bool, AuthFailure> {
        if self.find_account(user_id).await?.is_none() {
            return Ok(false);
        }
        self.end(user_id, Which::All, actor, origin).await?;
        Ok(true)
    }
}

/// What changes, for the audit log: `customer → staff, active → disabled; ` and then from what.
fn told(before: &Account, role: Role, status: AccountStatus) -> String {
    let mut changes = Vec::new();
    if role != before.role {
        changes.push(format!("{} → {}", before.role.as_str(), role.as_str()));
    }
    if status != before.status {
        changes.push(format!("{} → {}", before.status.as_str(), status.as_str()));
    }
    changes.join(", ") + "; "
}

async fn change_account(
    tx: &mut Tx,
    revoker: &Revoker,
    before: &Account,
    change: AccountChange,
) -> Result<Ended, StoreError> {
    let (user_id, timestamp) = (before.user_id, change.at);
    let epoch = store::change_account(tx, user_id, change).await?;
    let mut ended = revoker.epoch(tx, user_id, epoch).await?;
    if change.role != before.role {
        tx.publish(RolesChanged {
            user_id,
            roles: included(change.role),
            timestamp,
        });
    }
    if change.status == before.status {
        return Ok(ended);
    }
    match change.status {
        AccountStatus::Disabled => {
            ended = ended.and(revoker.sessions(tx, user_id, Which::All).await?);
            tx.publish(UserDisabled { user_id, timestamp });
        }
        AccountStatus::Active => tx.publish(UserUpdated {
            user_id,
            username: before.username.clone(),
            email: before.email.clone(),
            status: change.status,
            timestamp,
        }),
    }
    Ok(ended)
}
