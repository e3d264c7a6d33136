//! Segments: the bytes of objects and the parts of uploads.

use kit_db::{Row, Session, StoreError, Tx, sql};

use super::to_json;
use crate::domain::{Piece, Segment};

fn segment(row: &Row, piece: Piece) -> Result<Segment, StoreError> {
    Ok(Segment {
        content_id: row.get("content_id")?,
        number: row.get("number")?,
        size: row.get("size")?,
        piece,
        etag: row.get("etag")?,
        checksums: row.json("checksums")?,
        modified_at: row.get("modified_at")?,
    })
}

/// What an object's bytes are made of, in order, with those that are in rows.
pub(crate) async fn list_segments(
    on: &mut impl Session,
    content_id: &str,
) -> Result<Vec<Segment>, StoreError> {
    let rows = sql(
        "SELECT content_id, number, size, file, bytes, etag, checksums, modified_at FROM segments \
         WHERE content_id = $1 ORDER BY number",
    )
    .bind(content_id)
    .all(on)
    .await?;
    let read = |row: &Row| {
        let piece = match row.get::<Option<String>>("file")? {
            Some(file) => Piece::File(file),
            None => Piece::Bytes(row.get("bytes")?),
        };
        segment(row, piece)
    };
    rows.iter().map(read).collect()
}

/// The parts of an upload behind a number, without their bytes.
pub(crate) async fn list_parts(
    on: &mut impl Session,
    upload_id: &str,
    behind: i64,
    limit: i64,
) -> Result<Vec<Segment>, StoreError> {
    let rows = sql(
        "SELECT content_id, number, size, etag, checksums, modified_at FROM segments \
         WHERE content_id = $1 AND number > $2 ORDER BY number LIMIT $3",
    )
    .bind(upload_id)
    .bind(behind)
    .bind(limit)
    .all(on)
    .await?;
    rows.iter().map(|row| segment(row, Piece::Unread)).collect()
}

pub(crate) async fn insert_segment(tx: &mut Tx, segment: &Segment) -> Result<(), StoreError> {
    let (file, bytes) = match &segment.piece {
        Piece::File(file) => (Some(file.as_str()), None),
        Piece::Bytes(bytes) => (None, Some(bytes.as_slice())),
        Piece::Unread => (None, None),
    };
    sql(
        "INSERT INTO segments (content_id, number, size, file, bytes, etag, checksums, modified_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(segment.content_id.as_str())
    .bind(segment.number)
    .bind(segment.size)
    .bind(file)
    .bind(bytes)
    .bind(segment.etag.as_str())
    .bind(to_json(&segment.checksums)?)
    .bind(segment.modified_at)
    .execute(tx)
    .await?;
    Ok(())
}

fn files_of(rows: &[Row]) -> Result<Vec<String>, StoreError> {
    let files: Result<Vec<Option<String>>, _> = rows.iter().map(|row| row.get("file")).collect();
    Ok(files?.into_iter().flatten().collect())
}

/// Forgets all segments of an object or an upload; the files that they were in.
pub(crate) async fn delete_segments(tx: &mut Tx, content_id: &str) -> Result<Vec<String>, StoreError> {
    let rows = sql("DELETE FROM segments WHERE content_id = $1 RETURNING file")
        .bind(content_id)
        .all(tx)
        .await?;
    files_of(&rows)
}

/// Forgets one, if there is one: its size, and the file that it was in.
pub(crate) async fn delete_segment(
    tx: &mut Tx,
    content_id: &str,
    number: i64,
) -> Result<Option<(i64, Option<String>)>, StoreError> {
    let row = sql("DELETE FROM segments WHERE content_id = $1 AND number = $2 RETURNING size, file")
        .bind(content_id)
        .bind(number)
        .optional(tx)
        .await?;
    row.map(|row| Ok((row.get("size")?, row.get("file")?)))
        .transpose()
}

/// The files that segments are in, with names from one to before another.
pub(crate) async fn list_files(
    on: &mut impl Session,
    from: &str,
    before: &str,
) -> Result<Vec<String>, StoreError> {
    let rows = sql("SELECT file FROM segments WHERE file IS NOT NULL AND file >= $1 AND file < $2")
        .bind(from)
        .bind(before)
        .all(on)
        .await?;
    files_of(&rows)
}
