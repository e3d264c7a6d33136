//! Objects, uploads and the pieces that their bytes are in.

use kit_runtime::Timestamp;

use super::{Algorithm, ChecksumKind, Checksums, Headers};

/// An object without its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// Whose segments are its bytes.
    pub(crate) content_id: String,
    /// In bytes.
    pub(crate) size: i64,
    /// Without quotes: MD5 in hex, or of an upload the MD5 of those of the parts and `-` and their number.
    pub(crate) etag: String,
    /// How many parts it was uploaded in; 0 where it was put in one piece.
    pub(crate) parts: i64,
    pub(crate) modified_at: Timestamp,
    pub(crate) headers: Headers,
    pub(crate) checksums: Checksums,
}

/// An upload in parts that is not completed.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) id: String,
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) headers: Headers,
    /// What is computed of each part, and what of the whole; none where the client asked for none.
    pub(crate) checksum: Option<(Algorithm, ChecksumKind)>,
    pub(crate) created_at: Timestamp,
}

/// Where the bytes of a segment are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// In the file of this name.
    File(String),
    /// In the row.
    Bytes(Vec<u8>),
    /// In the row, which was read without them.
    Unread,
}

/// A part of an upload, or a piece of an object.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) content_id: String,
    pub(crate) number: i64,
    /// In bytes.
    pub(crate) size: i64,
    pub(crate) piece: Piece,
    /// MD5 in hex.
    pub(crate) etag: String,
    pub(crate) checksums: Checksums,
    pub(crate) modified_at: Timestamp,
}
