//! Forgets what nobody comes back for: guests' carts, and the orders whose lines were taken out of theirs.

use kit_runtime::Tasks;

use crate::config::CartConfig;
use crate::service::CartService;

/// Starts it. Processes may do so side by side.
pub(crate) fn start(tasks: &Tasks, carts: &CartService, config: &CartConfig) {
    let (carts, kept) = (carts.clone(), config.guest_time_to_live.into());
    tasks.repeat("cart.sweeper", config.sweep.into(), move || {
        let carts = carts.clone();
        async move { carts.sweep(kept).await.map(|swept| swept > 0) }
    });
}
