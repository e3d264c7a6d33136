//! Every statement of orders. Rows are held in one order: the order, then its refunds and steps. Whoever changes
//! anything of an order holds its row until the commit.

mod carts;
mod deleted_users;
mod details;
mod guests;
mod history;
mod invariants;
mod listing;
mod orders;
mod refunds;
mod steps;

pub(crate) use carts::{find_ordered_cart, insert_ordered_cart};
pub(crate) use deleted_users::{forget_user, is_deleted};
pub(crate) use details::list_details;
pub(crate) use guests::{
    count_guest_order, delete_guest_order, find_guest_token, find_order_of_guest, find_owner_of_address,
    insert_guest_order, list_orders_of_address, release_guest_order, save_confirmed_address,
};
pub(crate) use history::{insert_entry, list_entries};
pub(crate) use invariants::{FACTS, INVARIANTS};
pub(crate) use listing::{OrderSearch, has_unpaid, list_ids};
pub(crate) use orders::{find_order, hold_order, insert_order, number_order, update_order};
pub(crate) use refunds::{awaits_refund, find_refund, insert_refund, list_refunds, set_refund_status};
pub(crate) use steps::{claim_due, delete_step, delete_timers, has_step, postpone_step, set_step};
