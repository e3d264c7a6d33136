//! What is forgotten after a while.

use std::time::Duration;

use kit_db::Tx;

use super::{CartFailure, CartService};
use crate::store;

/// How many carts are deleted together.
const CARTS_AT_ONCE: u32 = 100;

/// How long an order that was taken out of its cart is known. Orders ask again within minutes of a crash; asked after
/// this, what was put into the cart since the order stays all the same.
const ORDERS_KEPT: Duration = Duration::from_hours(30 * 24);

impl CartService {
    /// Deletes guests' carts that were not changed for so long, and forgets old orders; how many carts.
    pub(crate) async fn sweep(&self, kept: Duration) -> Result<usize, CartFailure> {
        let now = self.units.now();
        let unit = async move |tx: &mut Tx| {
            store::delete_cleared_orders(tx, now.minus(ORDERS_KEPT)).await?;
            store::delete_expired_carts(tx, now.minus(kept), CARTS_AT_ONCE).await
        };
        Ok(self.units.write(unit).await?)
    }
}
