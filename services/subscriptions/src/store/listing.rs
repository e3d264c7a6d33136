//! Which subscriptions and invoices somebody looks for.

use kit_db::{Session, StoreError, TableRow as _, sql};
use kit_token::UserId;
use subscriptions_api::{AdapterName, SubscriptionId, SubscriptionStatus};

use super::invoices;
use super::subscriptions::SubscriptionRow;
use crate::domain::{Invoice, Subscription};

/// Which subscriptions are looked for: all of these hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct SubscriptionSearch {
    pub user_id: Option<UserId>,
    pub status: Option<SubscriptionStatus>,
    pub adapter: Option<AdapterName>,
}

/// At most `limit` subscriptions, the newest first, after one of them.
pub(crate) async fn list_subscriptions(
    on: &mut impl Session,
    search: &SubscriptionSearch,
    after: Option<SubscriptionId>,
    limit: i64,
) -> Result<Vec<Subscription>, StoreError> {
    let mut statement = sql(SubscriptionRow::SELECT).push("WHERE 1 = 1");
    if let Some(after) = after {
        statement = statement
            .push(" AND (created_at, id) < (SELECT created_at, id FROM subscriptions WHERE id = ")
            .push_bind(after.to_string())
            .push(")");
    }
    if let Some(user_id) = search.user_id {
        statement = statement.push(" AND user_id = ").push_bind(user_id.to_string());
    }
    if let Some(status) = search.status {
        statement = statement.push(" AND status = ").push_bind(status.as_str());
    }
    if let Some(adapter) = &search.adapter {
        statement = statement.push(" AND adapter = ").push_bind(adapter.as_str());
    }
    let rows: Vec<SubscriptionRow> = statement
        .push(" ORDER BY created_at DESC, id DESC LIMIT ")
        .push_bind(limit)
        .rows(on)
        .await?;
    Ok(rows.into_iter().map(Subscription::from).collect())
}

/// At most `limit` invoices of a user, the newest first, from before a number.
pub(crate) async fn list_invoices(
    on: &mut impl Session,
    user_id: UserId,
    (before, limit): (i64, i64),
) -> Result<Vec<Invoice>, StoreError> {
    let rows = invoices::list_rows(on, user_id, (before, limit)).await?;
    invoices::with_lines(on, rows).await
}
