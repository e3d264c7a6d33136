//! Decisions about carts: state and input in, new state or a refusal out.

mod articles;
mod ordered;
mod owner;
mod stored_cart;

pub(crate) use articles::Articles;
pub(crate) use owner::Owner;
pub(crate) use stored_cart::{StoredCart, StoredLine};
