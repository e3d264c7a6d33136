//! What can be looked up.

use kit_db::Reader;
use kit_http::extract::{Page, PageRequest};
use kit_rpc::CallContext;
use kit_service::{Call, Failure, Follower};
use orders_api::{
    FindOrder, OrderFilter, OrderId, OrderView, Orders, OrdersError, OrdersRefusal, TimelineItem,
};

use super::{ORDER, OrdersFailure, OrdersService, StreamOwner};
use crate::domain::{OrderDetails, Viewer, is_final};
use crate::store::{self, OrderSearch};

/// A part of an order's timeline, and the order as it was before that was read.
pub(crate) struct TimelineRead {
    pub items: Vec<TimelineItem>,
    /// The order's version.
    pub newest: i64,
    /// Nothing more happens to it, as far as can be known: no money is on its way back.
    pub is_over: bool,
}

impl OrdersService {
    /// The caller's orders, the newest first.
    pub(crate) async fn list_orders(
        &self,
        call: &Call,
        request: &PageRequest,
    ) -> Result<Page<OrderView>, OrdersFailure> {
        let search = OrderSearch {
            user_id: Some(call.actor.user_id),
            ..OrderSearch::default()
        };
        self.search(search, request).await
    }

    /// Everybody's orders, the newest first.
    pub(crate) async fn list_all_orders(
        &self,
        filter: OrderFilter,
        request: &PageRequest,
    ) -> Result<Page<OrderView>, OrdersFailure> {
        let text = filter.q.as_deref().map(str::trim).filter(|text| !text.is_empty());
        if text.is_some_and(|text| text.contains('\0')) {
            return Err(Failure::InvalidQuery(
                "`q` must not contain a NUL character".into(),
            ));
        }
        let search = OrderSearch {
            user_id: None,
            status: filter.status,
            text: text.map(ToOwned::to_owned),
        };
        self.search(search, request).await
    }

    async fn search(
        &self,
        search: OrderSearch,
        request: &PageRequest,
    ) -> Result<Page<OrderView>, OrdersFailure> {
        let (before, limit) = request.rows()?;
        let before = before.unwrap_or(i64::MAX);
        let read = async move |reader: &mut Reader| {
            let ids = store::list_ids(reader, &search, before, limit).await?;
            store::list_details(reader, &ids).await
        };
        let found = self.units().read(read).await?;
        let page = Page::cut(found, request, |details| details.order.number.to_string());
        Ok(page.map(OrderView::from))
    }

    /// An order that the caller may know of.
    pub(crate) async fn get_order(
        &self,
        call: &Call<Viewer>,
        id: OrderId,
    ) -> Result<OrderDetails, OrdersFailure> {
        let (found, viewer) = (self.find_details(id).await?, &call.actor);
        found
            .filter(|details| viewer.may_see(&details.order))
            .map(|details| viewer.shown(details))
            .ok_or(Failure::NotFound(ORDER))
    }

    async fn find_details(&self, id: OrderId) -> Result<Option<OrderDetails>, OrdersFailure> {
        let read = async move |reader: &mut Reader| store::list_details(reader, &[id]).await;
        Ok(self.units().read(read).await?.pop())
    }

    /// What happened to an order that the caller may know of, the first first.
    pub(crate) async fn timeline(
        &self,
        call: &Call<Viewer>,
        id: OrderId,
        request: &PageRequest,
    ) -> Result<Page<TimelineItem>, OrdersFailure> {
        let (after, limit) = request.rows::<i64>()?;
        let found = self.timeline_after(call, id, (after.unwrap_or(0), limit)).await?;
        Ok(Page::cut(found.items, request, |item| item.version.to_string()))
    }

    /// As much of it as `limit` allows, from after a version.
    pub(crate) async fn timeline_after(
        &self,
        call: &Call<Viewer>,
        id: OrderId,
        (after, limit): (i64, i64),
    ) -> Result<TimelineRead, OrdersFailure> {
        let viewer = call.actor.clone();
        let read = async move |reader: &mut Reader| {
            let found = store::find_order(reader, id).await?;
            let Some(order) = found.filter(|order| viewer.may_see(order)) else {
                return Ok(None);
            };
            Ok(Some(TimelineRead {
                is_over: is_final(order.status) && !store::awaits_refund(reader, id).await?,
                items: store::list_entries(reader, &order, after, limit).await?,
                newest: order.version,
            }))
        };
        let mut found = self.units().read(read).await?.ok_or(Failure::NotFound(ORDER))?;
        if !call.actor.is_staff() {
            for item in &mut found.items {
                item.actor = None;
            }
        }
        Ok(found)
    }

    /// Follows an order.
    pub(crate) fn follow(
        &self,
        call: &Call<Viewer>,
        id: OrderId,
    ) -> Result<Follower<OrderId, StreamOwner>, OrdersFailure> {
        let owner = match &call.actor {
            Viewer::User(principal) => StreamOwner::User(principal.user_id),
            Viewer::Guest(opened) => StreamOwner::Guest(*opened),
        };
        let follower = self.0.deps.followers.follow(id, owner);
        follower.map_err(|_| Failure::Refused(OrdersRefusal::TooManyStreams))
    }
}

impl Orders for OrdersService {
    async fn find_order(
        &self,
        _: &CallContext,
        request: FindOrder,
    ) -> Result<Option<OrderView>, OrdersError> {
        match self.find_details(request.order_id).await {
            Ok(found) => Ok(found.map(OrderView::from)),
            Err(failure) => Err(failure.into_contract_error()),
        }
    }
}
