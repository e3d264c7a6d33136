//! What tests of services are made of: a real database for each, a process with keys and a clock of the
//! test's own, real HTTP on a free port, and clients by identity.
//!
//! Nothing here stands in for a part of the product. Only time and identity are the test's, because a story
//! needs to choose them.

mod app;
mod backend;
pub mod client;
pub mod collector;
pub mod database;
pub mod db;
mod event_log;
mod examples;
mod fixture;
pub mod identity;
mod kafka;
pub mod leaving;
mod minio;
pub mod process;
mod proxy;
mod rabbitmq;
mod redis;
pub mod routes;
mod server_process;
mod waiting;

pub use app::{App, AppBuilder, Person, open_database};
pub use backend::{Launch, backend};
pub use client::{Client, Reply};
pub use database::PostgresDatabase;
pub use event_log::EventLog;
pub use examples::Examples;
pub use fixture::Fixture;
pub use identity::Identity;
pub use kafka::{KafkaServer, PrivateKafka, kafka_server};
pub use minio::{MinIoServer, PrivateMinIo, minio_server};
pub use process::{AUDIENCE, ISSUER, TestProcess};
pub use proxy::DatabaseProxy;
pub use rabbitmq::rabbitmq_url;
pub use redis::{PrivateRedis, SilentServer, redis_url};
pub use server_process::ServerProcess;
pub use waiting::{eventually, pass_time, while_time_goes_on};
