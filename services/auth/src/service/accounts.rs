//! Accounts as others see them, and what admins do with them.

use auth_api::{
    AccountQuery, AccountStatus, AccountView, AuditEntry, AuthRefusal, PatchAccount, RolesChanged,
    UserDisabled, UserUpdated,
};
use kit_db::{Reader, Session, StoreError, Tx};
use kit_http::IfMatch;
use kit_http::extract::{Page, PageRequest};
use kit_runtime::Timestamp;
use kit_service::Failure;
use kit_token::{Role, UserId};

use super::revoking::{Ended, Which};
use super::tokens::included;
use super::{AuthFailure, AuthService, By, USER};
use crate::domain::{Account, AccountPatch, LoginName, PatchRefusal};
use crate::store::{self, AccountChange, AccountFilter};

/// An account as others see it.
pub(crate) struct VersionedAccount {
    /// Grows with each change that an admin makes. Sessions come and go without it.
    pub version: i64,
    pub view: AccountView,
}

impl AuthService {
    /// An account. There may be none any more, although a token of it lives.
    pub(crate) async fn get_account(&self, user_id: UserId) -> Result<VersionedAccount, AuthFailure> {
        let now = self.units.now();
        let read = async move |reader: &mut Reader| find_versioned(reader, user_id, now).await;
        self.units.read(read).await?.ok_or(Failure::NotFound(USER))
    }

    /// Who has this name or address.
    pub(crate) async fn find_user(&self, name: &str) -> Result<Option<UserId>, AuthFailure> {
        let Some(name) = LoginName::parse(name) else {
            return Ok(None);
        };
        let read = async move |reader: &mut Reader| store::find_by_login(reader, &name).await;
        Ok(self.units.read(read).await?.map(|account| account.user_id))
    }

    pub(crate) async fn list_accounts(
        &self,
        query: AccountQuery,
        request: &PageRequest,
    ) -> Result<Page<AccountView>, AuthFailure> {
        // No name or address has them, and PostgreSQL refuses a NUL in a text.
        if query.q.as_ref().is_some_and(|q| q.contains(char::is_control)) {
            return Err(Failure::InvalidQuery(
                "`q` must not contain control characters".into(),
            ));
        }
        let (now, (after, limit)) = (self.units.now(), request.rows::<String>()?);
        let filter = AccountFilter {
            text: query.q.map(|text| text.to_lowercase()),
            role: query.role,
            status: query.status,
            after: after.unwrap_or_default(),
            limit,
        };
        let read = async move |reader: &mut Reader| {
            let mut views = Vec::new();
            for account in store::list_accounts(reader, &filter).await? {
                let open = store::count_open_sessions(reader, account.user_id, now).await?;
                views.push(view(account, open));
            }
            Ok(views)
        };
        let found = self.units.read(read).await?;
        Ok(Page::cut(found, request, |account| account.user_id.to_string()))
    }

    /// Changes roles or status. What was issued before is dead: the epoch rises, and a disabled account has no
    /// sessions left.
    pub(crate) async fn patch_account(
        &self,
        by: impl Into<By>,
        user_id: UserId,
        patch: PatchAccount,
        seen: IfMatch,
    ) -> Result<VersionedAccount, AuthFailure> {
        let roles = patch.roles;
        let patch = AccountPatch {
            role: roles.map(|roles| roles.into_iter().max().unwrap_or(Role::Customer)),
            status: patch.status,
        };
        let (by, at) = (by.into(), self.units.now());
        let (auth, line) = (self.clone(), self.audit_line(&by, "account.changed", user_id));
        let unit = async move |tx: &mut Tx| {
            // The lock first, then the account: one order for everybody.
            store::lock_admins(tx).await?;
            let admins = store::list_admins(tx).await?;
            let found = store::find_by_id_for_update(tx, user_id).await?;
            let account = found.ok_or(Failure::NotFound(USER))?;
            if !seen.allows(account.epoch) {
                return Err(Failure::VersionMismatch);
            }
            let change = patch.apply(&account, &admins);
            let change =
                change.map_err(|PatchRefusal::LastAdmin| Failure::Refused(AuthRefusal::LastAdmin))?;
            let mut ended = Ended::default();
            if let Some((role, status)) = change {
                let change = AccountChange { role, status, at };
                let detail = format!("{}; {}", differences(&account, &change), line.detail);
                store::insert_audit(tx, &AuditEntry { detail, ..line }).await?;
                ended = auth.change_account(tx, &account, change).await?;
            }
            // As this change left it: the next one may come before a later look.
            let changed = find_versioned(tx, user_id, at).await?;
            Ok((ended, changed.ok_or(Failure::NotFound(USER))?))
        };
        let done: Result<(Ended, VersionedAccount), AuthFailure> = self.units.unit(&by.context, unit).await;
        let (ended, changed) = done?;
        self.apply_here(&ended);
        Ok(changed)
    }

    /// Signs somebody out everywhere.
    pub(crate) async fn end_account_sessions(
        &self,
        by: impl Into<By>,
        user_id: UserId,
    ) -> Result<(), AuthFailure> {
        self.get_account(user_id).await?;
        self.end(user_id, Which::All, &by.into()).await?;
        Ok(())
    }

    async fn change_account(
        &self,
        tx: &mut Tx,
        before: &Account,
        change: AccountChange,
    ) -> Result<Ended, StoreError> {
        let (user_id, timestamp) = (before.user_id, change.at);
        let epoch = store::change_account(tx, user_id, change).await?;
        let mut ended = self.revoke_epoch(tx, user_id, epoch, timestamp).await?;
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
                ended = ended.and(self.revoke_sessions(tx, user_id, Which::All, timestamp).await?);
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
}

async fn find_versioned(
    on: &mut impl Session,
    user_id: UserId,
    now: Timestamp,
) -> Result<Option<VersionedAccount>, StoreError> {
    let Some(account) = store::find_by_id(on, user_id).await? else {
        return Ok(None);
    };
    let open = store::count_open_sessions(on, user_id, now).await?;
    Ok(Some(VersionedAccount {
        version: account.epoch,
        view: view(account, open),
    }))
}

/// What changes, for the audit log: `customer → staff, active → disabled`.
fn differences(before: &Account, after: &AccountChange) -> String {
    let mut changes = Vec::new();
    if after.role != before.role {
        changes.push(format!("{} → {}", before.role.as_str(), after.role.as_str()));
    }
    if after.status != before.status {
        changes.push(format!("{} → {}", before.status.as_str(), after.status.as_str()));
    }
    changes.join(", ")
}

fn view(account: Account, open_sessions: i64) -> AccountView {
    AccountView {
        user_id: account.user_id,
        username: account.username,
        email: account.email,
        email_verified: account.email_verified,
        roles: included(account.role),
        status: account.status,
        sessions: u64::try_from(open_sessions).unwrap_or(0),
        created_at: account.created_at,
    }
}
