//! Sends spans to an OpenTelemetry collector: OTLP 1 over HTTP, in its JSON encoding.
//!
//! An exporter of our own instead of OpenTelemetry's crates, since all that is needed of them is one document
//! and one POST (`docs/decisions/0018-spans-are-exported-by-an-exporter-of-our-own.md`).
//!
//! - **It is in nobody's way.** Spans come by a bounded queue ([`kit_telemetry::Tracer`]); while a collector is
//!   slow or away the queue fills, and what is too much is dropped and counted.
//! - **What a collector says is obeyed.** 429, 502, 503 and 504 and a broken connection are tried again, with
//!   growing pauses or the one that `Retry-After` names, for [`GIVE_UP`] at most; any other refusal is final.
//! - **What has ended before the process is still sent**, within a limit: [`Exporter::stop`] comes after the
//!   last request.
//!
//! What it deliberately does not do: gRPC, protobuf, compression, metrics and logs (a scrape and stderr carry
//! those), or keep spans on disk.

mod encode;
mod export;
mod settings;

pub use encode::Resource;
pub use export::{Exporter, GIVE_UP};
pub use settings::{ExportSettings, Headers, HeadersError};
