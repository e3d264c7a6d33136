//! What is held of the stock for orders.
//!
//! Each use case is a function of a transaction, so that a consumer of orders' events does it together with its
//! inbox row. Rows are held in one order: the reservation, then stock by SKU; times are taken after them.

use catalog_api::{CatalogRefusal, MovementKind, ReservationStatus, StockOverdue};
use kit_db::{Reader, StoreError, Tx};
use kit_rpc::CallContext;
use kit_runtime::Timestamp;
use kit_service::Failure;
use kit_values::Sku;
use orders_api::{CancelReason, OrderId};

use super::{CatalogFailure, CatalogService};
use crate::domain::{Delta, OrderLines, Reservation, ReservationEvent, ReservationStep, Stock, StockChange};
use crate::reads::{Change, Changed};
use crate::store::{self, Holding};

const RESERVATION: &str = "Reservation";

/// How many reservations are looked at together once they are overdue.
const OVERDUE_AT_ONCE: u32 = 100;

/// Whether there was enough of everything.
enum Held {
    /// The stock of each line, after it was taken.
    All(Vec<Stock>),
    /// What there is of the lines' SKUs; nothing was taken.
    Short(Vec<Stock>),
}

impl CatalogService {
    /// Holds the lines of an order, all of them or none. Asked again, it answers as it did; what was released
    /// before stays released.
    pub(crate) async fn reserve(
        &self,
        call: &CallContext,
        order_id: OrderId,
        lines: OrderLines,
    ) -> Result<Reservation, CatalogFailure> {
        let changed = Changed::default();
        let (catalog, noted) = (self.clone(), changed.clone());
        let unit = async move |tx: &mut Tx| catalog.reserve_in(tx, (order_id, &lines), &noted).await;
        self.changing(&changed, self.units.unit(call, unit)).await
    }

    /// Does one step with the reservation of an order, if it comes in time; the reservation after it.
    pub(crate) async fn advance(
        &self,
        call: &CallContext,
        order_id: OrderId,
        step: ReservationStep,
    ) -> Result<Reservation, CatalogFailure> {
        let changed = Changed::default();
        let (catalog, noted) = (self.clone(), changed.clone());
        let unit = async move |tx: &mut Tx| catalog.advance_in(tx, (order_id, step), &noted).await;
        self.changing(&changed, self.units.unit(call, unit)).await
    }

    pub(crate) async fn find_reservation(
        &self,
        order_id: OrderId,
    ) -> Result<Option<Reservation>, CatalogFailure> {
        let read =
            async move |reader: &mut Reader| store::find_reservation(reader, order_id, Holding::Read).await;
        Ok(self.units.read(read).await?)
    }

    /// Asks what became of orders whose stock is held longer than it should be, and holds it as long again; how many
    /// there were. Only orders know whether one is paid and merely not heard of yet.
    pub(crate) async fn ask_about_overdue(&self) -> Result<usize, CatalogFailure> {
        let timestamp = self.units.now();
        let until = timestamp.plus(self.time_to_live);
        let unit = async move |tx: &mut Tx| {
            let overdue = store::prolong_overdue(tx, timestamp, until, OVERDUE_AT_ONCE).await?;
            for &order_id in &overdue {
                tx.publish(StockOverdue { order_id, timestamp });
            }
            Ok::<_, StoreError>(overdue.len())
        };
        Ok(self.units.write(unit).await?)
    }

    /// [`Self::reserve`], in a transaction.
    pub(crate) async fn reserve_in(
        &self,
        tx: &mut Tx,
        (order_id, lines): (OrderId, &OrderLines),
        changed: &Changed,
    ) -> Result<Reservation, CatalogFailure> {
        let mut reservation = Reservation {
            order_id,
            status: ReservationStatus::Reserved,
            expires_at: Some(self.units.now().plus(self.time_to_live)),
            items: Vec::new(),
        };
        if !store::insert_reservation(tx, &reservation, self.units.now()).await? {
            return known(tx, order_id, lines).await;
        }
        let held = hold_all(tx, lines).await?;
        let at = self.units.now();
        let stocks = match held {
            Held::All(stocks) => {
                let held = lines.iter().zip(&stocks).map(|((_, quantity), stock)| {
                    let delta = Delta {
                        on_hand: 0,
                        reserved: quantity,
                    };
                    StockChange::of_order(stock.clone(), delta, (MovementKind::Reserved, order_id), at)
                });
                record_all(tx, held.collect(), changed).await?;
                stocks
            }
            Held::Short(stocks) => {
                reservation.status = ReservationStatus::Rejected;
                store::set_reservation_status(tx, order_id, reservation.status, at).await?;
                stocks
            }
        };
        reservation.items = lines.items(&stocks);
        store::insert_reservation_items(tx, &reservation).await?;
        publish(tx, &reservation, at);
        Ok(reservation)
    }

    /// [`Self::advance`], in a transaction.
    pub(crate) async fn advance_in(
        &self,
        tx: &mut Tx,
        (order_id, step): (OrderId, ReservationStep),
        changed: &Changed,
    ) -> Result<Reservation, CatalogFailure> {
        let mut reservation = match store::find_reservation(tx, order_id, Holding::ForUpdate).await? {
            Some(reservation) => reservation,
            None if step == ReservationStep::Release => match self.mark_released(tx, order_id).await? {
                Ok(mark) => return Ok(mark),
                Err(reservation) => reservation,
            },
            None => return Err(Failure::NotFound(RESERVATION)),
        };
        let Some(next) = step.next(reservation.status) else {
            return Ok(reservation);
        };
        let mut moved = Vec::new();
        for item in &mut reservation.items {
            let delta = step.delta(item.quantity);
            let stock = store::move_stock(tx, &item.sku, delta).await?;
            let stock =
                stock.ok_or_else(|| Failure::internal("stock is less than what is reserved of it"))?;
            item.available = stock.available();
            moved.push((stock, delta));
        }
        let at = self.units.now();
        let cause = (step.kind(), order_id);
        let moved = moved
            .into_iter()
            .map(|(stock, delta)| StockChange::of_order(stock, delta, cause, at));
        record_all(tx, moved.collect(), changed).await?;
        reservation.status = next;
        store::set_reservation_status(tx, order_id, next, at).await?;
        publish(tx, &reservation, at);
        Ok(reservation)
    }

    /// Lets go of whatever an order has, since it is given up: what is held is free, what was taken is back on hand.
    pub(crate) async fn give_up_in(
        &self,
        tx: &mut Tx,
        (order_id, reason): (OrderId, CancelReason),
        changed: &Changed,
    ) -> Result<Reservation, CatalogFailure> {
        let release = match reason {
            CancelReason::ReservationExpired => ReservationStep::Expire,
            CancelReason::Requested
            | CancelReason::StockTimeout
            | CancelReason::PaymentExpired
            | CancelReason::PaymentFailed => ReservationStep::Release,
        };
        let reservation = self.advance_in(tx, (order_id, release), changed).await?;
        if reservation.status == ReservationStatus::Committed {
            let restock = (order_id, ReservationStep::Restock);
            return self.advance_in(tx, restock, changed).await;
        }
        Ok(reservation)
    }

    /// Leaves a mark that the order is given up, unless its reservation was made meanwhile: then that.
    async fn mark_released(
        &self,
        tx: &mut Tx,
        order_id: OrderId,
    ) -> Result<Result<Reservation, Reservation>, CatalogFailure> {
        let mark = Reservation {
            order_id,
            status: ReservationStatus::Released,
            expires_at: None,
            items: Vec::new(),
        };
        if store::insert_reservation(tx, &mark, self.units.now()).await? {
            return Ok(Ok(mark));
        }
        let made = store::find_reservation(tx, order_id, Holding::ForUpdate).await?;
        made.map(Err).ok_or(Failure::NotFound(RESERVATION))
    }
}

/// What became of an order that has been asked for before.
async fn known(tx: &mut Tx, order_id: OrderId, lines: &OrderLines) -> Result<Reservation, CatalogFailure> {
    let found = store::find_reservation(tx, order_id, Holding::Read).await?;
    let reservation = found.ok_or(Failure::NotFound(RESERVATION))?;
    // A mark of a release has no lines.
    if reservation.items.is_empty() || reservation.is_of(lines) {
        Ok(reservation)
    } else {
        Err(Failure::Refused(CatalogRefusal::ReservationDiffers))
    }
}

/// Takes all lines, by SKU, or leaves everything as it was. Where there plainly is not enough, no row is held, so
/// that whoever comes too late does not wait for those who came in time.
async fn hold_all(tx: &mut Tx, lines: &OrderLines) -> Result<Held, StoreError> {
    let skus = lines.skus();
    let seen = store::list_stock_of(tx, &skus, Holding::Read).await?;
    if !lines.are_there(&seen) {
        return Ok(Held::Short(seen));
    }
    let mut held: Vec<Stock> = Vec::new();
    for (sku, quantity) in lines.iter() {
        let Some(stock) = hold(tx, sku, quantity).await? else {
            for (stock, (_, quantity)) in held.iter().zip(lines.iter()) {
                store::put_back(tx, &stock.sku, quantity).await?;
            }
            return Ok(Held::Short(store::list_stock_of(tx, &skus, Holding::Read).await?));
        };
        held.push(stock);
    }
    Ok(Held::All(held))
}

/// Takes one line; none where there is not enough, and then it stays so until the transaction ends.
async fn hold(tx: &mut Tx, sku: &Sku, quantity: i64) -> Result<Option<Stock>, StoreError> {
    let delta = Delta {
        on_hand: 0,
        reserved: quantity,
    };
    if let Some(stock) = store::move_stock(tx, sku, delta).await? {
        return Ok(Some(stock));
    }
    // Somebody may have given some back since; what others are told must be true.
    store::find_stock(tx, sku, Holding::ForUpdate).await?;
    store::move_stock(tx, sku, delta).await
}

/// Writes changes that were made, and their events.
async fn record_all(tx: &mut Tx, made: Vec<StockChange>, changed: &Changed) -> Result<(), StoreError> {
    store::insert_movements(tx, &made).await?;
    for change in &made {
        tx.publish(change.event());
        changed.note(Change::Stock(change.stock.product_id));
    }
    Ok(())
}

fn publish(tx: &mut Tx, reservation: &Reservation, at: Timestamp) {
    match reservation.event(at) {
        Some(ReservationEvent::Reserved(event)) => tx.publish(event),
        Some(ReservationEvent::Rejected(event)) => tx.publish(event),
        Some(ReservationEvent::Released(event)) => tx.publish(event),
        Some(ReservationEvent::Committed(event)) => tx.publish(event),
        None => {}
    }
}
