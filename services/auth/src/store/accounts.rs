//! Accounts.

use auth_api::AccountStatus;
use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;
use kit_token::{Role, SessionId, UserId};

use crate::domain::{Account, LoginName, NewAccount};

const COLUMNS: &str =
    "SELECT user_id, username, email, email_verified, password_hash, role, status, epoch, created_at
    FROM accounts ";

/// What can be somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Username,
    Email,
}

pub(crate) async fn insert_account(tx: &mut Tx, account: &NewAccount) -> Result<(), StoreError> {
    sql("INSERT INTO accounts
            (user_id, username, username_key, email, email_key, password_hash, role, status, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $8)")
    .bind(account.user_id.to_string())
    .bind(account.username.as_str())
    .bind(account.username.key())
    .bind(account.email.as_str())
    .bind(account.email.key())
    .bind(account.password_hash.as_str())
    .bind(account.role.as_str())
    .bind(account.created_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// Which of a new account's marks is somebody's already. With both taken it is the name, on any database.
pub(crate) async fn find_taken(tx: &mut Tx, account: &NewAccount) -> Result<Option<Taken>, StoreError> {
    let name = account.username.key();
    let rows = sql("SELECT username_key FROM accounts WHERE username_key = $1 OR email_key = $2")
        .bind(name.as_str())
        .bind(account.email.key())
        .all(tx)
        .await?;
    let mut found = None;
    for row in rows {
        if row.get::<String>("username_key")? == name {
            return Ok(Some(Taken::Username));
        }
        found = Some(Taken::Email);
    }
    Ok(found)
}

pub(crate) async fn find_by_id(
    on: &mut impl Session,
    user_id: UserId,
) -> Result<Option<Account>, StoreError> {
    let row = sql(COLUMNS)
        .push("WHERE user_id = $1")
        .bind(user_id.to_string())
        .optional(on)
        .await?;
    row.map(|row| account(&row)).transpose()
}

/// As [`find_by_id`], and nobody else changes it until the transaction ends.
pub(crate) async fn find_by_id_for_update(
    tx: &mut Tx,
    user_id: UserId,
) -> Result<Option<Account>, StoreError> {
    let statement = sql(COLUMNS)
        .push("WHERE user_id = $1")
        .bind(user_id.to_string())
        .for_update();
    statement.optional(tx).await?.map(|row| account(&row)).transpose()
}

/// As [`find_by_id_for_update`], of whom a session is: one statement, since that never changes.
pub(crate) async fn find_owner_for_update(
    tx: &mut Tx,
    session_id: SessionId,
) -> Result<Option<Account>, StoreError> {
    let statement = sql(COLUMNS)
        .push("WHERE user_id = (SELECT user_id FROM sessions WHERE session_id = $1)")
        .bind(session_id.to_string())
        .for_update();
    statement.optional(tx).await?.map(|row| account(&row)).transpose()
}

pub(crate) async fn find_by_login(
    on: &mut impl Session,
    name: &LoginName,
) -> Result<Option<Account>, StoreError> {
    let statement = match name {
        LoginName::Username(key) => sql(COLUMNS).push("WHERE username_key = $1").bind(key),
        LoginName::Email(key) => sql(COLUMNS).push("WHERE email_key = $1").bind(key),
    };
    statement.optional(on).await?.map(|row| account(&row)).transpose()
}

/// Lets nobody else change how many admins there are until the transaction ends.
pub(crate) async fn lock_admins(tx: &mut Tx) -> Result<(), StoreError> {
    let lock = sql("SELECT name FROM locks WHERE name = 'admins'").for_update();
    lock.one(tx).await?;
    Ok(())
}

/// Whether somebody may already administrate.
pub(crate) async fn admin_exists(on: &mut impl Session) -> Result<bool, StoreError> {
    let found = sql("SELECT user_id FROM accounts WHERE role = 'admin' AND status = 'active' LIMIT 1")
        .optional(on)
        .await?;
    Ok(found.is_some())
}

/// Replaces the hash that was read, unless another took its place meanwhile.
pub(crate) async fn replace_hash(
    tx: &mut Tx,
    account: &Account,
    hash: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE accounts SET password_hash = $3, updated_at = $4 WHERE user_id = $1 AND password_hash = $2")
        .bind(account.user_id.to_string())
        .bind(account.password_hash.as_str())
        .bind(hash)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Who may administrate.
pub(crate) async fn list_admins(on: &mut impl Session) -> Result<Vec<UserId>, StoreError> {
    let rows =
        sql("SELECT user_id FROM accounts WHERE role = 'admin' AND status = 'active' ORDER BY user_id");
    rows.all(on)
        .await?
        .iter()
        .map(|row| row.parse("user_id"))
        .collect()
}

/// What an admin makes of an account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AccountChange {
    pub role: Role,
    pub status: AccountStatus,
    pub at: Timestamp,
}

/// Changes an account and raises its epoch, so that no token of before is good; the new epoch.
pub(crate) async fn change_account(
    tx: &mut Tx,
    user_id: UserId,
    change: AccountChange,
) -> Result<i64, StoreError> {
    let row = sql(
        "UPDATE accounts SET role = $2, status = $3, updated_at = $4, epoch = epoch + 1
                   WHERE user_id = $1 RETURNING epoch",
    )
    .bind(user_id.to_string())
    .bind(change.role.as_str())
    .bind(change.status.as_str())
    .bind(change.at)
    .one(tx)
    .await?;
    row.get("epoch")
}

/// Which accounts to list.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccountFilter {
    /// A part of the name or the address, in lower case.
    pub text: Option<String>,
    pub role: Option<Role>,
    pub status: Option<AccountStatus>,
    /// The identifier of the last one seen.
    pub after: String,
    pub limit: i64,
}

/// Accounts in the order of their identifiers.
pub(crate) async fn list_accounts(
    on: &mut impl Session,
    filter: &AccountFilter,
) -> Result<Vec<Account>, StoreError> {
    let mut statement = sql(COLUMNS)
        .push("WHERE user_id > ")
        .push_bind(filter.after.as_str());
    if let Some(text) = &filter.text {
        let pattern = format!(
            "%{}%",
            text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
        );
        statement = statement
            .push(" AND (username_key LIKE ")
            .push_bind(pattern.as_str())
            .push(" ESCAPE '\\'");
        statement = statement
            .push(" OR email_key LIKE ")
            .push_bind(pattern)
            .push(" ESCAPE '\\')");
    }
    if let Some(role) = filter.role {
        statement = statement.push(" AND role = ").push_bind(role.as_str());
    }
    if let Some(status) = filter.status {
        statement = statement.push(" AND status = ").push_bind(status.as_str());
    }
    let statement = statement.push(" ORDER BY user_id LIMIT ").push_bind(filter.limit);
    statement.all(on).await?.iter().map(account).collect()
}

fn account(row: &Row) -> Result<Account, StoreError> {
    Ok(Account {
        user_id: row.parse("user_id")?,
        username: row.get("username")?,
        email: row.get("email")?,
        email_verified: row.get("email_verified")?,
        password_hash: row.get("password_hash")?,
        role: row.parse("role")?,
        status: row.parse("status")?,
        epoch: row.get("epoch")?,
        created_at: row.get("created_at")?,
    })
}
