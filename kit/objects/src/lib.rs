//! An object store that speaks S3: buckets with a quota, access keys bound to one bucket each, objects.
//!
//! [`ObjectStore::open`] opens a folder; its methods make buckets and access keys; [`ObjectStore::endpoint`] answers
//! what clients of S3 ask (boto3, awscli, rclone, browsers with presigned addresses and forms), addressed by path.
//! Signatures, presigned addresses, form policies and chunked bodies with trailers are `s3s`'s.
//!
//! What it promises:
//! - What is acknowledged survives a crash of the process or the machine: bytes are synced before the row that names
//!   them, and the row is synced before the answer.
//! - What is not acknowledged is not there in part. A body that breaks off, or is not what its length, `Content-MD5`,
//!   checksum or signature says, leaves nothing.
//! - A key of an object is only ever a value. Files have names of our own, so that `../x` is a key like others.
//! - The numbers of a bucket ([`Usage`]) are exact at any time, since they change in the transaction of the object.
//!   Parts of uploads that are not completed count against the quota, and so does what is being received: it is
//!   promised its room before the body is read, or refused with `QuotaExceeded` (403).
//! - Of writers with `If-None-Match: *` or `If-Match` one wins; the others get 412.
//! - A reader of an object that is replaced or deleted meanwhile reads the old one to its end.
//! - An access key does what is done with objects of its bucket, and nothing else. It is looked up for each request:
//!   an old secret, a disabled key and a deleted bucket are dead at once.
//!
//! How: everything but large bytes is rows of one SQLite database (`objects.db`), written by units of work of
//! `kit-db`, which commits together what is written at the same time. Objects and parts of uploads up to
//! [`ObjectSettings::inline_limit`] are in their rows; larger ones are files under `files/`. An upload is completed
//! without copying: its parts are the object. A file that no row names is cleared away after the commit, after the
//! last reader, or at the next start.
//!
//! What it deliberately does not do: versions, ACLs and policies (whoever has a key may do everything in the bucket),
//! tags, lifecycles, encryption, object lock, static websites, rules for other origins (CORS), events, virtual hosts,
//! and several processes on one folder. Who asks for encryption, tags, a lock or a redirect is refused rather than
//! served without; ACLs and storage classes are not kept. It never ends an upload by itself. Making, listing and
//! deleting buckets is the owner's alone, by [`ObjectStore`].
//!
//! `s3s` logs each refusal as an error, and at `debug` whole heads of requests, both under its own target `s3s`, which
//! whoever serves this quiets. It takes signatures of version 2 beside those of version 4. Secrets of access keys are
//! kept as they are, since `SigV4` computes with them; the database is its owner's alone.

mod domain;
mod endpoint;
mod files;
mod object_store;
mod s3;
mod service;
mod settings;
mod store;

pub use endpoint::S3Endpoint;
pub use object_store::{ListOptions, ListedObject, ListedPage, ObjectError, ObjectStore, Usage};
pub use settings::{ObjectDeps, ObjectSettings, OpenError};
