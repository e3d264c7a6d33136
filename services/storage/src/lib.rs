//! Storage that users subscribe to: plans, and for whoever has paid for one a bucket with a quota and a key to it.
//!
//! It is two things at once. To users it sells plans and shows what they have; to subscriptions it is an adapter, which
//! makes, suspends and takes away what is paid for, by the protocol of adapters (`kit-adapter`). It never looks at
//! money: that a service is paid is known by being asked for it.
//!
//! What it has in common with everything that is sold so is `kit-adapter-shop`: plans, purchases, and a row for each
//! service, whose columns have names of storage's own since its tables are older.
//!
//! What is provisioned is a row before it is a bucket, and the bucket's name is made of the instance's identifier, so
//! that there is no bucket without a row and each step can be done again. A service has two keys: the owner's, whose
//! secret is made here, handed to the object store and to whoever asked, and kept nowhere else; and one by which this
//! service signs addresses, whose secret can be computed. Both change with a rotation, are disabled with a suspension,
//! and go with the bucket.
//!
//! Objects are kept by a back end. The one that is built in runs in this process, which alone has its folder, and
//! answers S3 on a socket of its own. The other is a MinIO, which clients ask themselves; then any number of processes may
//! run storage.
//!
//! A point where tests inject faults (inert unless `fail/failpoints` is on): `storage::after-back-end`, where the back end
//! has done something and nobody has heard of it.

mod backend;
mod build;
mod config;
mod domain;
mod edge;
mod http;
mod service;
mod store;

pub use build::{build, service};
pub use config::StorageConfig;
