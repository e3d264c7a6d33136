//! Every statement of cart.
//!
//! Whoever changes a cart holds its row; of two, a guest's before a user's.

mod carts;
mod expiry;

pub(crate) use carts::{delete_cart, find_cart, find_cart_for_update, find_or_insert_cart, save_cart};
pub(crate) use expiry::{delete_cleared_orders, delete_expired_carts, insert_cleared_order};
