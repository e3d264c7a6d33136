//! Every statement of users.

use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_runtime::Timestamp;
use kit_token::UserId;

use crate::domain::{Profile, ProfileChange, ProfileDraft, Visibility};

const COLUMNS: &str = "SELECT user_id, username, email, full_name, bio, version, created_at FROM profiles ";

const COLUMNS_AND_VISIBILITY: &str = "SELECT user_id, username, email, full_name, bio, version, created_at,
    (SELECT CAST(COUNT(*) AS BIGINT) FROM disabled_accounts WHERE disabled_accounts.user_id = profiles.user_id)
        AS hidden
    FROM profiles ";

/// A profile, and whether it is shown to admins only.
pub(crate) struct Listed {
    pub(crate) profile: Profile,
    pub(crate) is_hidden: bool,
}

pub(crate) async fn find(on: &mut impl Session, user_id: UserId) -> Result<Option<Listed>, StoreError> {
    let row = sql(COLUMNS_AND_VISIBILITY)
        .push("WHERE user_id = $1")
        .bind(user_id.to_string())
        .optional(on)
        .await?;
    let listed = |row: Row| {
        Ok(Listed {
            profile: profile(&row)?,
            is_hidden: row.get::<i64>("hidden")? > 0,
        })
    };
    row.map(listed).transpose()
}

/// The profile, which nobody else changes until the transaction ends.
pub(crate) async fn find_for_update(tx: &mut Tx, user_id: UserId) -> Result<Option<Profile>, StoreError> {
    let statement = sql(COLUMNS)
        .push("WHERE user_id = $1")
        .bind(user_id.to_string())
        .for_update();
    statement.optional(tx).await?.map(|row| profile(&row)).transpose()
}

/// At most `limit` profiles in the order of their owners' identifiers, after the one given.
pub(crate) async fn list(
    on: &mut impl Session,
    after: &str,
    limit: i64,
    visibility: Visibility,
) -> Result<Vec<Profile>, StoreError> {
    let statement = sql(COLUMNS)
        .push("WHERE user_id > $1")
        .push(seen(visibility))
        .push(" ORDER BY user_id LIMIT $2")
        .bind(after)
        .bind(limit);
    statement.all(on).await?.iter().map(profile).collect()
}

/// Makes the profile unless there is one; its version if it was made.
pub(crate) async fn insert(
    tx: &mut Tx,
    draft: &ProfileDraft,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let version = now.as_micros();
    let made = sql(
        "INSERT INTO profiles (user_id, username, email, full_name, bio, version, created_at, updated_at)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (user_id) DO NOTHING",
    )
    .bind(draft.user_id.to_string())
    .bind(draft.username.as_str())
    .bind(draft.email.as_str())
    .bind(draft.change.full_name.clone().flatten().map(String::from))
    .bind(draft.change.bio.clone().flatten().map(String::from))
    .bind(version)
    .bind(now)
    .execute(tx)
    .await?;
    Ok((made == 1).then_some(version))
}

/// Writes the members that the change names and counts the version up. The caller holds the row.
pub(crate) async fn update(
    tx: &mut Tx,
    profile: &Profile,
    change: &ProfileChange,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE profiles SET full_name = $2, bio = $3, version = version + 1, updated_at = $4 WHERE user_id = $1")
        .bind(profile.user_id.to_string())
        .bind(change.full_name.clone().map_or_else(|| profile.full_name.clone(), |given| given.map(String::from)))
        .bind(change.bio.clone().map_or_else(|| profile.bio.clone(), |given| given.map(String::from)))
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

pub(crate) async fn delete(tx: &mut Tx, user_id: UserId) -> Result<(), StoreError> {
    sql("DELETE FROM profiles WHERE user_id = $1")
        .bind(user_id.to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// Hides the profile of an account, whether there is one yet or not; false if it was hidden.
pub(crate) async fn hide(tx: &mut Tx, user_id: UserId, at: Timestamp) -> Result<bool, StoreError> {
    let hidden = sql("INSERT INTO disabled_accounts (user_id, disabled_at) VALUES ($1, $2) ON CONFLICT (user_id) DO NOTHING")
        .bind(user_id.to_string())
        .bind(at)
        .execute(tx)
        .await?;
    Ok(hidden == 1)
}

/// Shows it again; false if it was shown.
pub(crate) async fn show(tx: &mut Tx, user_id: UserId) -> Result<bool, StoreError> {
    let shown = sql("DELETE FROM disabled_accounts WHERE user_id = $1")
        .bind(user_id.to_string())
        .execute(tx)
        .await?;
    Ok(shown == 1)
}

/// Writes an account's name and address into its profile, where there is one that has others; its new version.
pub(crate) async fn rename(
    tx: &mut Tx,
    user_id: UserId,
    (username, email): (&str, &str),
    at: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let renamed = sql(
        "UPDATE profiles SET username = $2, email = $3, version = version + 1, updated_at = $4 \
         WHERE user_id = $1 AND (username <> $2 OR email <> $3) RETURNING version",
    )
    .bind(user_id.to_string())
    .bind(username)
    .bind(email)
    .bind(at)
    .optional(tx)
    .await?;
    renamed.map(|row| row.get("version")).transpose()
}

const fn seen(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::All => "",
        Visibility::Enabled => {
            " AND NOT EXISTS (SELECT 1 FROM disabled_accounts WHERE disabled_accounts.user_id = profiles.user_id)"
        }
    }
}

fn profile(row: &Row) -> Result<Profile, StoreError> {
    Ok(Profile {
        user_id: row.parse("user_id")?,
        username: row.get("username")?,
        email: row.get("email")?,
        full_name: row.get("full_name")?,
        bio: row.get("bio")?,
        version: row.get("version")?,
        created_at: row.get("created_at")?,
    })
}
