//! Placing an order.

use std::time::Duration;

use cart_api::{CartItem, CartOwner, ClearCart, GetCart};
use catalog_api::GetItems;
use kit_db::{Reader, Tx};
use kit_http::Anyone;
use kit_rpc::CallContext;
use kit_service::{Call, Failure, JsonAnswer, StepWorker as _};
use kit_values::Money;
use orders_api::{CreateOrder, OrderStatus, OrdersRefusal, PlacedLine, PlacedOrder};

use super::advancing::publish;
use super::steps::LEASE;
use super::{ORDERS, OrdersFailure, OrdersService};
use crate::domain::{
    Buyer, Credentials, DueStep, Order, OrderDetails, OrderDraft, OrderEvent, OrderLine, OrderLines, SagaStep,
};
use crate::store;

/// How long whoever places an order waits for another service.
const PEER_LIMIT: Duration = Duration::from_secs(3);

/// Why there is no draft of an order.
#[derive(Clone, Debug)]
enum NoDraft {
    Refused(OrdersRefusal),
    /// This service is away.
    Unavailable(&'static str),
}

impl From<NoDraft> for OrdersFailure {
    fn from(reason: NoDraft) -> Self {
        match reason {
            NoDraft::Refused(refusal) => Self::Refused(refusal),
            NoDraft::Unavailable(service) => Self::Unavailable {
                service,
                cause: "it was asked before the order".into(),
            },
        }
    }
}

impl OrdersService {
    /// Places an order at the catalog's prices of this moment.
    ///
    /// Others are asked before the unit of work, which would find an order with the same key. So what they refuse is
    /// said in there: of an order that was placed, it does not matter any more what they say.
    pub(crate) async fn create_order(
        &self,
        call: &Call<Anyone>,
        credentials: Credentials,
        request: CreateOrder,
    ) -> Result<JsonAnswer<PlacedOrder>, OrdersFailure> {
        let known = (call.origin().network(), self.0.deps.ids.random());
        let buyer = Buyer::check(credentials, request.email.clone(), known)?;
        let drafted = match self.draft(call, &buyer, &request).await {
            Ok(draft) => Ok(draft),
            Err(Failure::Refused(refusal)) => Err(NoDraft::Refused(refusal)),
            Err(Failure::Unavailable { service, .. } | Failure::Unknown { service, .. }) => {
                Err(NoDraft::Unavailable(service))
            }
            Err(failure) => return Err(failure),
        };
        let (orders, placing, placed) = (self.clone(), buyer.clone(), request.clone());
        let unit = async move |tx: &mut Tx| {
            let (draft, cart_version) = drafted.clone()?;
            let order = orders.new_order(&placing, &placed, draft);
            orders.create_in(tx, order, (&placing, cart_version)).await
        };
        let answer = match &buyer {
            Buyer::User(_) => self.units().once(call, &request, unit).await?,
            Buyer::Guest(guest) => {
                let keyed = call.clone().with_key_owner(format!("cart:{}", guest.cart.hash()));
                self.units().once(&keyed, &request, unit).await?
            }
        };
        if request.items.is_none() {
            self.clear_cart_now(&answer).await;
        }
        match &buyer {
            Buyer::User(_) => Ok(answer),
            Buyer::Guest(guest) => self.with_token(answer, &guest.cart).await,
        }
    }

    async fn create_in(
        &self,
        tx: &mut Tx,
        mut order: Order,
        (buyer, cart_version): (&Buyer, Option<i64>),
    ) -> Result<PlacedOrder, OrdersFailure> {
        let most = self.0.deps.most_unpaid;
        if let Buyer::User(user_id) = buyer
            && store::has_unpaid(tx, *user_id, most).await?
        {
            return Err(Failure::Refused(OrdersRefusal::TooManyUnpaid { most }));
        }
        store::insert_order(tx, &order).await?;
        if let Buyer::Guest(guest) = buyer {
            self.receive_guest_in(tx, &order, guest).await?;
        }
        if let Some(version) = cart_version {
            self.take_cart_in(tx, &order, (&buyer.cart(), version)).await?;
        }
        self.begin_in(tx, &mut order, &buyer.actor()).await?;
        let refunds = Vec::new();
        Ok(PlacedOrder {
            order: OrderDetails { order, refunds }.into(),
            guest_access_token: None,
        })
    }

    /// The cart is ordered by this order, and by no other.
    async fn take_cart_in(
        &self,
        tx: &mut Tx,
        order: &Order,
        cart: (&CartOwner, i64),
    ) -> Result<(), OrdersFailure> {
        if !store::insert_ordered_cart(tx, cart, order.id).await? {
            return Err(Failure::Refused(OrdersRefusal::CartEmpty));
        }
        // Whoever placed the order empties it at once, and the worker where they are lost.
        let due_at = order.created_at.plus(LEASE);
        store::set_step(tx, (order.id, SagaStep::ClearCart), None, due_at).await?;
        Ok(())
    }

    /// Empties the cart before the order is answered, where that can be done now.
    async fn clear_cart_now(&self, answer: &JsonAnswer<PlacedOrder>) {
        let Ok(PlacedOrder { order, .. }) = answer.value() else {
            return;
        };
        let id = order.id;
        let read = async move |reader: &mut Reader| store::has_step(reader, id, SagaStep::ClearCart).await;
        // Of an order that was placed before, it was done before.
        if self.units().read(read).await.unwrap_or(false) {
            let step = DueStep {
                order_id: id,
                step: SagaStep::ClearCart,
                refund_id: None,
                tries: 0,
            };
            self.run_step(step).await;
        }
    }

    /// Takes what was ordered out of the cart that an order was made of; what came into it since stays.
    pub(super) async fn clear_cart(&self, call: &CallContext, order: &Order) -> Result<(), OrdersFailure> {
        let id = order.id;
        let read = async move |reader: &mut Reader| store::find_ordered_cart(reader, id).await;
        let Some((owner, version)) = self.units().read(read).await? else {
            return Ok(());
        };
        let item = |line: &OrderLine| CartItem {
            sku: line.sku.clone(),
            quantity: line.quantity,
        };
        let request = ClearCart {
            owner,
            order_id: id,
            version,
            items: order.lines.iter().map(item).collect(),
        };
        Ok(self.0.deps.cart.clear_cart(call, request).await?)
    }

    /// What is ordered, at its prices; with the version of the cart where it is that.
    async fn draft(
        &self,
        call: &CallContext,
        buyer: &Buyer,
        request: &CreateOrder,
    ) -> Result<(OrderDraft, Option<i64>), OrdersFailure> {
        let to_peer = call.clone().for_service(ORDERS).within(PEER_LIMIT);
        let (lines, cart_version) = if let Some(items) = &request.items {
            (OrderLines::check(items)?, None)
        } else {
            let owner = buyer.cart();
            let cart = self.0.deps.cart.get_cart(&to_peer, GetCart { owner }).await?;
            if cart.items.is_empty() {
                return Err(Failure::Refused(OrdersRefusal::CartEmpty));
            }
            let line = |item: CartItem| PlacedLine {
                sku: item.sku,
                quantity: item.quantity,
            };
            let lines: Vec<_> = cart.items.into_iter().map(line).collect();
            (OrderLines::check(&lines)?, Some(cart.version))
        };
        let asked = GetItems { skus: lines.skus() };
        let found = self.0.deps.catalog.get_items(&to_peer, asked).await?;
        let draft = lines.price(&found.items).map_err(Failure::Refused)?;
        Ok((draft, cart_version))
    }

    fn new_order(&self, buyer: &Buyer, request: &CreateOrder, draft: OrderDraft) -> Order {
        let now = self.units().now();
        Order {
            id: self.units().new_id(),
            // Given last.
            number: 0,
            user_id: buyer.user_id(),
            email: request.email.as_ref().map(ToString::to_string),
            status: OrderStatus::Pending,
            version: 1,
            revision: 1,
            refunded: Money::zero(draft.total.currency),
            total: draft.total,
            payment_id: None,
            shipping_address: request.shipping_address.clone(),
            note: request.note.as_ref().map(ToString::to_string),
            reason: None,
            shortages: Vec::new(),
            tracking: None,
            lines: draft.lines,
            created_at: now,
            updated_at: now,
        }
    }

    /// Begins the history and the saga of a new order, and gives it its number.
    async fn begin_in(&self, tx: &mut Tx, order: &mut Order, actor: &str) -> Result<(), OrdersFailure> {
        store::insert_entry(tx, order.id, &order.placed(), actor).await?;
        self.set_timer(tx, order).await?;
        store::number_order(tx, order).await?;
        publish(tx, OrderEvent::created(order));
        Ok(())
    }
}
