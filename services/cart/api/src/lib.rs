//! What others may know of cart: its public routes, the types that go through them, and the contract that orders
//! calls. It publishes no events: a cart is nobody's news until there is an order of it.

mod contract;
mod refusal;
mod routes;
mod token;
mod types;

pub use contract::{
    Cart, CartClient, CartContents, CartError, CartItem, CartOwner, ClearCart, GetCart, MOST_LINES,
};
pub use refusal::CartRefusal;
pub use routes::routes;
pub use token::{CART_TOKEN, CartToken, CartTokenError, CartTokenHash, SentCartToken};
pub use types::{AddItem, CartLineView, CartView, MergeCart, SetQuantity};
