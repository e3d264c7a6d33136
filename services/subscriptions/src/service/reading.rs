//! What can be looked up.

use kit_db::Reader;
use kit_http::Customer;
use kit_http::extract::{Page, PageRequest};
use kit_service::{Call, Failure};
use kit_token::{Role, UserId};
use subscriptions_api::{
    AdapterView, InvoiceId, InvoiceView, SubscriptionFilter, SubscriptionId, SubscriptionView,
};

use super::{INVOICE, SUBSCRIPTION, SubscriptionsFailure, SubscriptionsService};
use crate::domain::{Invoice, Subscription};
use crate::store::{self, SubscriptionSearch};

/// Whether somebody may know of what belongs to a user: the user, and admins.
pub(super) fn may_see(actor: &Customer, owner: UserId) -> bool {
    actor.user_id == owner || actor.includes(Role::Admin)
}

impl SubscriptionsService {
    /// The caller's subscriptions, the newest first.
    pub(crate) async fn list_subscriptions(
        &self,
        call: &Call,
        request: &PageRequest,
    ) -> Result<Page<SubscriptionView>, SubscriptionsFailure> {
        let search = SubscriptionSearch {
            user_id: Some(call.actor.user_id),
            ..SubscriptionSearch::default()
        };
        self.search(search, request).await
    }

    /// Everybody's subscriptions, the newest first.
    pub(crate) async fn list_all_subscriptions(
        &self,
        filter: SubscriptionFilter,
        request: &PageRequest,
    ) -> Result<Page<SubscriptionView>, SubscriptionsFailure> {
        let search = SubscriptionSearch {
            user_id: filter.user_id,
            status: filter.status,
            adapter: filter.adapter,
        };
        self.search(search, request).await
    }

    async fn search(
        &self,
        search: SubscriptionSearch,
        request: &PageRequest,
    ) -> Result<Page<SubscriptionView>, SubscriptionsFailure> {
        let (after, limit) = request.rows::<SubscriptionId>()?;
        let read =
            async move |reader: &mut Reader| store::list_subscriptions(reader, &search, after, limit).await;
        let found = self.units().read(read).await?;
        let page = Page::cut(found, request, |subscription| subscription.id.to_string());
        Ok(page.map(SubscriptionView::from))
    }

    /// A subscription that the caller may know of.
    pub(crate) async fn get_subscription(
        &self,
        call: &Call,
        id: SubscriptionId,
    ) -> Result<Subscription, SubscriptionsFailure> {
        self.find_subscription(id)
            .await?
            .filter(|subscription| may_see(&call.actor, subscription.user_id))
            .ok_or(Failure::NotFound(SUBSCRIPTION))
    }

    pub(super) async fn find_subscription(
        &self,
        id: SubscriptionId,
    ) -> Result<Option<Subscription>, SubscriptionsFailure> {
        let read = async move |reader: &mut Reader| store::find_subscription(reader, id).await;
        Ok(self.units().read(read).await?)
    }

    pub(super) async fn find_invoice(&self, id: InvoiceId) -> Result<Option<Invoice>, SubscriptionsFailure> {
        let read = async move |reader: &mut Reader| store::find_invoice(reader, id).await;
        Ok(self.units().read(read).await?)
    }

    /// The caller's invoices, the newest first.
    pub(crate) async fn list_invoices(
        &self,
        call: &Call,
        request: &PageRequest,
    ) -> Result<Page<InvoiceView>, SubscriptionsFailure> {
        let (before, limit) = request.rows::<i64>()?;
        let (user_id, rows) = (call.actor.user_id, (before.unwrap_or(i64::MAX), limit));
        let read = async move |reader: &mut Reader| store::list_invoices(reader, user_id, rows).await;
        let found = self.units().read(read).await?;
        let page = Page::cut(found, request, |invoice| invoice.number.to_string());
        Ok(page.map(InvoiceView::from))
    }

    /// An invoice that the caller may know of.
    pub(crate) async fn get_invoice(
        &self,
        call: &Call,
        id: InvoiceId,
    ) -> Result<Invoice, SubscriptionsFailure> {
        let found = self.find_invoice(id).await?;
        found
            .filter(|invoice| may_see(&call.actor, invoice.user_id))
            .ok_or(Failure::NotFound(INVOICE))
    }

    /// The adapters, where they run, and whether they can be used.
    pub(crate) async fn list_adapters(&self) -> Page<AdapterView> {
        Page {
            items: self.0.deps.adapters.list().await,
            next_cursor: None,
        }
    }
}
