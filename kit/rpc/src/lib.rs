//! How services reach each other and the world: the pool of upstream connections.

pub mod pool;
