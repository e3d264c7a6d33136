//! Message queues that users subscribe to: plans, and for whoever has paid for one a virtual host of RabbitMQ with limits
//! and a user of its own.
//!
//! It is two things at once, as every service that sells what is provisioned (`kit-adapter-shop`). To users it sells
//! plans and shows what they have; to subscriptions it is the adapter `queues`. What it has of its own are the adapter's
//! steps, by RabbitMQ's management API.
//!
//! The name of a virtual host is made of the instance's identifier, so that there is none without a row and each step
//! can be done again. Its user is written down by name before it is made, and has access to nothing else. The password
//! is handed to the broker and to whoever asked, and kept nowhere else. A service that is suspended lets nobody
//! connect, and keeps its queues.
//!
//! Without `queues.management_url` there is no broker: nothing is sold, and whatever was is tried again until there is
//! one.

mod broker;
mod build;
mod config;
mod domain;
mod http;
mod service;

pub use build::{build, service};
pub use config::QueuesConfig;
