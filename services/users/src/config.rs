//! What an operator may set.

use std::net::SocketAddr;

kit_config::config! {
    /// Profiles of users.
    pub struct UsersConfig("users") {
        /// Where the service listens when it has a port of its own.
        listen: SocketAddr = "127.0.0.1:8084",
    }
}
