//! Does what is due for orders: opens payments, asks how they ended, asks for refunds, gives up what waits too long.
//!
//! Processes may do so side by side. A step is taken for half a minute; who takes it and is lost leaves it to whoever
//! looks after that. Steps are done at once and not one after the other, so that one that waits for somebody who is away
//! keeps no other.

use std::time::Duration;

use futures::future::join_all;
use kit_runtime::{Stop, TaskError, Tasks};

use crate::service::OrdersService;

/// How many steps are done at once.
const AT_ONCE: u32 = 32;

/// Starts it.
pub(crate) fn start(tasks: &Tasks, orders: &OrdersService, poll: Duration) {
    let orders = orders.clone();
    tasks.supervise("orders.saga", move |stop| {
        let orders = orders.clone();
        async move { run(&orders, poll, &stop).await }
    });
}

async fn run(orders: &OrdersService, poll: Duration, stop: &Stop) -> Result<(), TaskError> {
    while !stop.is_requested() {
        let due = orders.claim_due(AT_ONCE).await?;
        let is_more = due.len() >= AT_ONCE as usize;
        join_all(due.into_iter().map(|step| orders.run_step(step))).await;
        if !is_more {
            tokio::select! {
                () = stop.requested() => {}
                () = orders.woken() => {}
                () = tokio::time::sleep(poll) => {}
            }
        }
    }
    Ok(())
}
