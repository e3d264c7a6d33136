//! What can be looked up.

use kit_db::Reader;
use kit_http::extract::{Page, PageRequest};
use kit_rpc::CallContext;
use kit_service::{Call, Failure, Follower};
use kit_token::Role;
use orders_api::{
    FindOrder, OrderFilter, OrderId, OrderView, Orders, OrdersError, OrdersRefusal, TimelineItem,
};

use super::{ORDER, OrdersFailure, OrdersService, may_see};
use crate::domain::{Order, OrderDetails};
use crate::store::{self, OrderSearch};

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
    pub(crate) async fn get_order(&self, call: &Call, id: OrderId) -> Result<OrderDetails, OrdersFailure> {
        let found = self.find_details(id).await?;
        found
            .filter(|details| may_see(call, &details.order))
            .ok_or(Failure::NotFound(ORDER))
    }

    async fn find_details(&self, id: OrderId) -> Result<Option<OrderDetails>, OrdersFailure> {
        let read = async move |reader: &mut Reader| store::list_details(reader, &[id]).await;
        Ok(self.units().read(read).await?.pop())
    }

    /// What happened to an order that the caller may know of, the first first.
    pub(crate) async fn timeline(
        &self,
        call: &Call,
        id: OrderId,
        request: &PageRequest,
    ) -> Result<Page<TimelineItem>, OrdersFailure> {
        let (after, limit) = request.rows::<i64>()?;
        let (_, items) = self.timeline_after(call, id, (after.unwrap_or(0), limit)).await?;
        Ok(Page::cut(items, request, |item| item.version.to_string()))
    }

    /// As much of it as `limit` allows, from after a version, and the order as it was before.
    pub(crate) async fn timeline_after(
        &self,
        call: &Call,
        id: OrderId,
        (after, limit): (i64, i64),
    ) -> Result<(Order, Vec<TimelineItem>), OrdersFailure> {
        let caller = call.clone();
        let read = async move |reader: &mut Reader| {
            let found = store::find_order(reader, id).await?;
            let Some(order) = found.filter(|order| may_see(&caller, order)) else {
                return Ok(None);
            };
            let items = store::list_entries(reader, &order, after, limit).await?;
            Ok(Some((order, items)))
        };
        let (order, mut items) = self.units().read(read).await?.ok_or(Failure::NotFound(ORDER))?;
        if !call.actor.includes(Role::Staff) {
            for item in &mut items {
                item.actor = None;
            }
        }
        Ok((order, items))
    }

    /// Follows an order.
    pub(crate) fn follow(&self, call: &Call, id: OrderId) -> Result<Follower<OrderId>, OrdersFailure> {
        let follower = self.0.deps.followers.follow(id, call.actor.user_id);
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
