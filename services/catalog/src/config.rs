//! What an operator may set.

use std::net::SocketAddr;

kit_config::config! {
    /// Products, categories and stock.
    pub struct CatalogConfig("catalog") {
        /// Where the service listens when it has a port of its own.
        listen: SocketAddr = "127.0.0.1:8085",
    }
}
