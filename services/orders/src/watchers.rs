//! Who follows which order, and what wakes them.
//!
//! A follower is only told that something may have happened and looks it up in the history, so whoever is slow misses
//! nothing and nothing queues. What other processes do is heard by a broadcast; after each interruption of it everybody
//! looks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kit_bus::{Bus, BusError};
use kit_token::UserId;
use orders_api::{
    OrderCancelled, OrderConfirmed, OrderCreated, OrderDelivered, OrderId, OrderPaid, OrderRefunded,
    OrderRejected, OrderShipped,
};
use tokio::sync::watch;

/// Followers of orders in this process. A cheap handle.
#[derive(Clone)]
pub(crate) struct Watchers(Arc<Inner>);

struct Inner {
    most: usize,
    most_per_user: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    orders: HashMap<OrderId, watch::Sender<()>>,
    users: HashMap<UserId, usize>,
    count: usize,
}

/// One follower of an order. Dropping it makes room for another.
pub(crate) struct Watcher {
    changes: watch::Receiver<()>,
    order_id: OrderId,
    user_id: UserId,
    watchers: Watchers,
}

impl Watchers {
    /// At most so many, and so many of a user.
    pub(crate) fn new(most: usize, most_per_user: usize) -> Self {
        Self(Arc::new(Inner {
            most,
            most_per_user,
            state: Mutex::default(),
        }))
    }

    /// Follows an order, where there is room.
    pub(crate) fn watch(&self, order_id: OrderId, user_id: UserId) -> Option<Watcher> {
        let mut state = self.state();
        let own = state.users.get(&user_id).copied().unwrap_or_default();
        if state.count >= self.0.most || own >= self.0.most_per_user {
            return None;
        }
        state.count += 1;
        state.users.insert(user_id, own + 1);
        let changes = state.orders.entry(order_id).or_default().subscribe();
        Some(Watcher {
            changes,
            order_id,
            user_id,
            watchers: self.clone(),
        })
    }

    /// Hears what becomes of orders, in whichever process.
    pub(crate) fn subscribe(&self, bus: &Bus) -> Result<(), BusError> {
        macro_rules! on_each {
            ($broadcast:expr, $($event:ty),+) => {
                $broadcast$(.on::<$event>({
                    let watchers = self.clone();
                    move |delivery| {
                        watchers.changed(delivery.payload.order_id);
                        std::future::ready(())
                    }
                }))+
            };
        }
        let watchers = self.clone();
        let broadcast = bus.broadcast("orders.watchers").connected(move || {
            watchers.all_changed();
            std::future::ready(Ok(()))
        });
        on_each!(
            broadcast,
            OrderCreated,
            OrderConfirmed,
            OrderRejected,
            OrderPaid,
            OrderCancelled,
            OrderShipped,
            OrderDelivered,
            OrderRefunded
        )
        .start()
    }

    fn changed(&self, order_id: OrderId) {
        if let Some(order) = self.state().orders.get(&order_id) {
            order.send_replace(());
        }
    }

    fn all_changed(&self) {
        for order in self.state().orders.values() {
            order.send_replace(());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher {
    /// Returns once something may have happened since the last time.
    pub(crate) async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            // The sender lives as long as this follower.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut state = self.watchers.state();
        state.count -= 1;
        if let Some(own) = state.users.get_mut(&self.user_id) {
            *own -= 1;
            if *own == 0 {
                state.users.remove(&self.user_id);
            }
        }
        // This follower's receiver is counted still.
        if state
            .orders
            .get(&self.order_id)
            .is_some_and(|order| order.receiver_count() <= 1)
        {
            state.orders.remove(&self.order_id);
        }
    }
}
