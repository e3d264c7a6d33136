//! A client of MinIO, or of a server that is compatible with it, for whoever keeps buckets there for others: users,
//! policies and quotas by the admin API (version 3), buckets and what is in them by S3.
//!
//! Everything may be asked again: what is there already, or gone already, is no error. A request is sent once, signed by
//! its header, within a limit of time and size; who calls decides whether it is sent again.
//!
//! Its signatures are those of S3 ([`signature`]), so that addresses can be signed for any such server.
//!
//! What it deliberately does not do: objects' bytes, versions, virtual hosts, groups, service accounts, everything else of
//! the admin API.

mod admin;
mod buckets;
mod connection;
mod sealing;
pub mod signature;

pub use admin::{BucketUsage, DataUsage, User};
pub use buckets::{ListAsk, Listed, ListedObject};
pub use connection::{MinIo, MinIoDeps, MinIoError, MinIoSettings, MinIoStartError};
