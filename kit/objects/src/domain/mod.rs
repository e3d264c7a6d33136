//! Decisions: values in, values or a refusal out. Nothing here knows SQL, a file, a clock or the wire.

mod checksums;
mod completion;
mod conditions;
mod headers;
mod listing;
mod names;
mod object;
mod quota;
mod ranges;
mod refusal;

pub(crate) use checksums::{Algorithm, ChecksumKind, Checksums, combine};
pub(crate) use completion::{Completion, ListedPart, MOST_PARTS, complete};
pub(crate) use conditions::{ReadConditions, ReadOutcome, Tag, WriteConditions};
pub(crate) use headers::Headers;
pub(crate) use listing::{Bound, Entry, ListQuery, Lister, Scan};
pub(crate) use names::{check_bucket_name, check_key};
pub(crate) use object::{Object, Piece, Segment, Upload};
pub(crate) use quota::{Bucket, Change};
pub(crate) use ranges::{ByteRange, slices};
pub(crate) use refusal::Refusal;
