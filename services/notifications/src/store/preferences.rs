//! How users want to be told.

use std::collections::BTreeMap;

use kit_db::{Row, Session, StoreError, Tx, sql};
use kit_token::UserId;
use notifications_api::NotificationKind;

use crate::domain::{ChannelChange, Channels};

/// What a user said of kinds; those of which nothing was said are left out.
pub(crate) async fn list_preferences(
    on: &mut impl Session,
    user_id: UserId,
) -> Result<BTreeMap<NotificationKind, Channels>, StoreError> {
    let rows = sql("SELECT kind, in_app, email, sms FROM preferences WHERE user_id = $1")
        .bind(user_id.to_string())
        .all(on)
        .await?;
    let preference = |row: &Row| Ok((row.parse("kind")?, channels(row)?));
    rows.iter().map(preference).collect()
}

/// How a user wants to be told of a kind.
pub(crate) async fn get_preference(
    on: &mut impl Session,
    user_id: UserId,
    kind: NotificationKind,
) -> Result<Channels, StoreError> {
    let row = sql("SELECT in_app, email, sms FROM preferences WHERE user_id = $1 AND kind = $2")
        .bind(user_id.to_string())
        .bind(kind.as_str())
        .optional(on)
        .await?;
    row.as_ref().map_or(Ok(Channels::default()), channels)
}

fn channels(row: &Row) -> Result<Channels, StoreError> {
    Ok(Channels {
        in_app: row.get("in_app")?,
        email: row.get("email")?,
        sms: row.get("sms")?,
    })
}

/// Writes what a user says of kinds, of which there is at least one.
pub(crate) async fn save_preferences(
    tx: &mut Tx,
    user_id: UserId,
    changes: &BTreeMap<NotificationKind, ChannelChange>,
) -> Result<(), StoreError> {
    let statement = sql("INSERT INTO preferences (user_id, kind, in_app, email, sms) VALUES ").push_rows(
        changes,
        |row, (kind, channels)| {
            row.bind(user_id.to_string())
                .bind(kind.as_str())
                .bind(channels.in_app)
                .bind(channels.email)
                .bind(channels.sms.unwrap_or_default())
        },
    );
    statement
        .push(" ON CONFLICT (user_id, kind) DO UPDATE SET in_app = excluded.in_app, email = excluded.email")
        .execute(tx)
        .await?;
    for (kind, channels) in changes {
        if let Some(sms) = channels.sms {
            sql("UPDATE preferences SET sms = $3 WHERE user_id = $1 AND kind = $2")
                .bind(user_id.to_string())
                .bind(kind.as_str())
                .bind(sms)
                .execute(tx)
                .await?;
        }
    }
    Ok(())
}

/// Removes what a user said.
pub(crate) async fn delete_preferences(tx: &mut Tx, user_id: UserId) -> Result<(), StoreError> {
    sql("DELETE FROM preferences WHERE user_id = $1")
        .bind(user_id.to_string())
        .execute(tx)
        .await?;
    Ok(())
}
