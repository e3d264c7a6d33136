//! What end-to-end stories are made of: the real binary as real processes on free ports, a blocking HTTP
//! client that can also send what no sane client sends, and people who sign up.
//!
//! A story sees the platform only from outside: command line, files, sockets, signals. It is told once and run
//! in every topology: everything in one process on SQLite, and separate ones on one PostgreSQL database, with
//! brokers between them where it is a story about events.
//! Nothing waits for a fixed time; whoever waits asks again until a deadline, and then fails with what it saw
//! and with the logs of its processes.
//!
//! What is needed and not there fails the test that needs it, naming the command that makes it.

pub mod brokers;
pub mod database;
pub mod foreign;
pub mod http_client;
pub mod link;
pub mod node;
pub mod paths;
pub mod person;
pub mod ports;
pub mod protected;
pub mod random;
pub mod server;
pub mod session;
pub mod setup;
pub mod topology;
pub mod waiting;

pub use brokers::{Brokers, Carrier};
pub use http_client::Client;
pub use kit_testing::Reply;
pub use node::Node;
pub use person::Person;
pub use protected::ProtectedRoutes;
pub use server::Server;
pub use session::Session;
pub use setup::{Finished, Setup};
pub use topology::{Stoa, Topology};
pub use waiting::{eventually, patience};
