//! Reading a range of an object as a stream of chunks.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::stream::{Stream, try_unfold};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, SeekFrom};

use super::{Files, Pin};
use crate::domain::{ByteRange, Piece};

/// Large enough that a chunk costs little more than its bytes, and small enough for thousands of readers.
const CHUNK: usize = 256 * 1024;

struct Reading {
    files: Files,
    /// What is still to be read, the next last.
    rest: Vec<(Piece, ByteRange)>,
    /// The file that is being read, and how many bytes of it are still to be read.
    open: Option<(File, u64)>,
    /// Keeps the files.
    _pin: Arc<Pin>,
}

/// The bytes of these slices of pieces, one after the other.
pub(crate) fn read(
    files: Files,
    mut slices: Vec<(Piece, ByteRange)>,
    pin: Arc<Pin>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static {
    slices.reverse();
    let reading = Reading {
        files,
        rest: slices,
        open: None,
        _pin: pin,
    };
    try_unfold(reading, |mut reading| async move {
        let chunk = reading.next().await?;
        Ok(chunk.map(|chunk| (chunk, reading)))
    })
}

impl Reading {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            if let Some((mut file, left)) = self.open.take() {
                let chunk = read_chunk(&mut file, left).await?;
                let left = left.saturating_sub(chunk.len() as u64);
                self.open = (left > 0).then_some((file, left));
                return Ok(Some(chunk));
            }
            let Some((piece, slice)) = self.rest.pop() else {
                return Ok(None);
            };
            match piece {
                Piece::File(name) => {
                    let mut file = self.files.open_file(&name).await?;
                    file.seek(SeekFrom::Start(slice.from)).await?;
                    self.open = Some((file, slice.length));
                }
                Piece::Bytes(bytes) => return cut(bytes, &slice).map(Some),
                Piece::Unread => return Err(io::ErrorKind::InvalidInput.into()),
            }
        }
    }
}

async fn read_chunk(file: &mut File, left: u64) -> io::Result<Bytes> {
    let want = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK);
    let mut chunk = BytesMut::with_capacity(want);
    let read = file.take(want as u64).read_buf(&mut chunk).await?;
    if read == 0 {
        // The row says that there is more.
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(chunk.freeze())
}

fn cut(bytes: Vec<u8>, slice: &ByteRange) -> io::Result<Bytes> {
    let from = usize::try_from(slice.from).unwrap_or(usize::MAX);
    let length = usize::try_from(slice.length).unwrap_or(usize::MAX);
    let end = from.checked_add(length).filter(|end| *end <= bytes.len());
    match end {
        Some(end) => Ok(Bytes::from(bytes).slice(from..end)),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
