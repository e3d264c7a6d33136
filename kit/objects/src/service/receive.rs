//! Receiving bytes: into memory or a file, counted, summed up and held against what the client said of them.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use futures::StreamExt as _;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::{StdError, TrailingHeaders};

use super::{Objects, io_failed};
use crate::domain::{Algorithm, ChecksumKind, Checksums, Piece, Refusal};
use crate::files::{Files, Leftovers, NewFile};

/// How long a client may send nothing of its body, so that nobody holds room for ever.
const LONGEST_SILENCE: Duration = Duration::from_mins(1);

/// A stream of bytes from a client, or from an object that is copied.
pub(crate) type Body = std::pin::Pin<Box<dyn futures::Stream<Item = Result<Bytes, StdError>> + Send>>;

/// What a client says of a body.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// In bytes. S3 demands it.
    pub(crate) length: u64,
    /// `Content-MD5`, in base64.
    pub(crate) md5: Option<String>,
    /// Checksums in headers.
    pub(crate) sums: Vec<(Algorithm, String)>,
    /// What is to be computed beside those: what a trailer announces, or what an upload is declared with.
    pub(crate) algorithms: Vec<Algorithm>,
    /// Where checksums behind the body come to stand.
    pub(crate) trailers: Option<TrailingHeaders>,
}

/// Bytes that are on stable storage or in memory, and in no row yet.
#[derive(Debug)]
pub(crate) struct Received {
    pub(super) piece: Piece,
    pub(super) size: i64,
    /// MD5 in hex.
    pub(super) etag: String,
    pub(super) checksums: Checksums,
    pub(super) claim: Claim,
}

/// What is given back when bytes do not become an object: the file, and the room that was reserved.
#[derive(Debug)]
pub(crate) struct Claim {
    leftovers: Leftovers,
    file: Option<String>,
    reservation: Option<String>,
}

impl Claim {
    pub(super) fn new(leftovers: &Leftovers, reservation: Option<String>) -> Self {
        Self {
            leftovers: leftovers.clone(),
            file: None,
            reservation,
        }
    }

    /// The reservation's identifier; empty where nothing is reserved.
    pub(super) fn reservation(&self) -> &str {
        self.reservation.as_deref().unwrap_or_default()
    }

    /// A row names the file, and the reservation is gone.
    pub(super) fn settled(mut self) {
        self.file = None;
        self.reservation = None;
    }

    /// A row may name the file; the next start knows.
    pub(super) fn leave_file(&mut self) {
        self.file = None;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            self.leftovers.file(file);
        }
        if let Some(id) = self.reservation.take() {
            self.leftovers.reservation(id);
        }
    }
}

/// Where bytes go.
enum Sink {
    Memory(Vec<u8>),
    File(String, NewFile),
}

impl Objects {
    /// Receives a body. When it breaks off, or is not what was said, nothing of it stays.
    pub(super) async fn receive(
        &self,
        mut body: Body,
        expected: Expected,
        mut claim: Claim,
    ) -> Result<Received, Refusal> {
        let mut sink = self.sink(expected.length, &mut claim).await?;
        let mut sums = Sums::new(&expected);
        let mut size: u64 = 0;
        while let Some(chunk) = next_chunk(&mut body).await? {
            size += chunk.len() as u64;
            if size > expected.length {
                return Err(Refusal::IncompleteBody);
            }
            sums.update(&chunk);
            match &mut sink {
                Sink::Memory(bytes) => bytes.extend_from_slice(&chunk),
                Sink::File(_, file) => file.write(&chunk).await.map_err(|error| io_failed(&error))?,
            }
        }
        if size < expected.length {
            return Err(Refusal::IncompleteBody);
        }
        let (etag, checksums) = sums.finish(&expected)?;
        let piece = match sink {
            Sink::Memory(bytes) => Piece::Bytes(bytes),
            Sink::File(name, file) => {
                file.finish().await.map_err(|error| io_failed(&error))?;
                Piece::File(name)
            }
        };
        Ok(Received {
            piece,
            size: i64::try_from(size).map_err(|_| Refusal::EntityTooLarge)?,
            etag,
            checksums,
            claim,
        })
    }

    async fn sink(&self, length: u64, claim: &mut Claim) -> Result<Sink, Refusal> {
        if length <= self.inner.inline_limit {
            return Ok(Sink::Memory(Vec::new()));
        }
        let name = Files::name(&self.inner.ids);
        // Before it is made, so that it is cleared away whatever happens.
        claim.file = Some(name.clone());
        let file = self
            .inner
            .files
            .create(&name)
            .await
            .map_err(|error| io_failed(&error))?;
        Ok(Sink::File(name, file))
    }
}

async fn next_chunk(body: &mut Body) -> Result<Option<Bytes>, Refusal> {
    let next = tokio::time::timeout(LONGEST_SILENCE, body.next()).await;
    let chunk = next.map_err(|_| Refusal::RequestTimeout)?;
    chunk.transpose().map_err(|error| {
        tracing::debug!(%error, "a body broke off");
        Refusal::IncompleteBody
    })
}

/// Everything that is computed of a body while it passes.
struct Sums {
    md5: Md5,
    others: ChecksumHasher,
}

impl Sums {
    fn new(expected: &Expected) -> Self {
        let stated = expected.sums.iter().map(|(algorithm, _)| *algorithm);
        let mut others = ChecksumHasher::default();
        for algorithm in stated.chain(expected.algorithms.iter().copied()) {
            match algorithm {
                Algorithm::Crc32 => others.crc32 = Some(Crc32::new()),
                Algorithm::Crc32c => others.crc32c = Some(Crc32c::new()),
                Algorithm::Crc64Nvme => others.crc64nvme = Some(Crc64Nvme::new()),
                Algorithm::Sha1 => others.sha1 = Some(Sha1::new()),
                Algorithm::Sha256 => others.sha256 = Some(Sha256::new()),
            }
        }
        Self {
            md5: Md5::new(),
            others,
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.others.update(bytes);
    }

    /// The tag and the checksums, where they are what the client said.
    fn finish(self, expected: &Expected) -> Result<(String, Checksums), Refusal> {
        let md5 = self.md5.finalize();
        if let Some(stated) = &expected.md5 {
            let stated = BASE64_STANDARD
                .decode(stated)
                .ok()
                .filter(|sum| sum.len() == md5.as_ref().len());
            if stated.ok_or(Refusal::InvalidDigest)? != md5.as_ref() {
                return Err(Refusal::BadDigest);
            }
        }
        let sums = computed(self.others);
        let trailing = expected.algorithms.iter().filter_map(|algorithm| {
            let read = |headers: &http::HeaderMap| {
                let value = headers.get(algorithm.header())?.to_str().ok()?;
                Some(value.trim().to_owned())
            };
            Some((*algorithm, expected.trailers.as_ref()?.read(read)??))
        });
        for (algorithm, stated) in expected.sums.iter().cloned().chain(trailing) {
            if sums.iter().any(|(one, sum)| *one == algorithm && *sum != stated) {
                return Err(Refusal::BadDigest);
            }
        }
        let kind = (!sums.is_empty()).then_some(ChecksumKind::FullObject);
        Ok((hex::encode(md5), Checksums { sums, kind }))
    }
}

fn computed(hasher: ChecksumHasher) -> Vec<(Algorithm, String)> {
    let sums = hasher.finalize();
    let all = [
        (Algorithm::Crc32, sums.checksum_crc32),
        (Algorithm::Crc32c, sums.checksum_crc32c),
        (Algorithm::Crc64Nvme, sums.checksum_crc64nvme),
        (Algorithm::Sha1, sums.checksum_sha1),
        (Algorithm::Sha256, sums.checksum_sha256),
    ];
    let computed = all
        .into_iter()
        .filter_map(|(algorithm, sum)| Some((algorithm, sum?)));
    computed.collect()
}
