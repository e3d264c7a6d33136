//! Clients of S3 who put objects and get them again, by signed addresses.

use std::net::SocketAddr;
use std::rc::Rc;

use anyhow::ensure;
use kit_minio::signature::{Presigned, Signer};
use kit_runtime::Clock;

use super::Kind;
use crate::load::Talker;

/// Longer than a run takes.
const VALID_FOR: u32 = 3600;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Put,
    Get,
}

/// A bucket, and who may use it.
#[derive(Clone)]
pub(super) struct Bucket {
    pub(super) address: SocketAddr,
    pub(super) name: String,
    pub(super) signer: Rc<Signer>,
}

impl Bucket {
    /// A request for a path below the bucket, with a signed address.
    pub(super) fn request(&self, method: &str, key: &str, body: &[u8]) -> Vec<u8> {
        let host = self.address.to_string();
        let address = self.signer.presigned(&Presigned {
            method,
            host: &host,
            path: &format!("/{}{key}", self.name),
            at: Clock::system().now(),
            expires_in: VALID_FOR,
        });
        let head = format!(
            "{method} {address} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    }
}

/// One of them, with names of its own.
pub(super) struct Client {
    bucket: Bucket,
    kind: Kind,
    prefix: String,
    body: Rc<[u8]>,
    doing: Doing,
    /// How many objects it has put.
    put: u64,
    at: u64,
    request: Vec<u8>,
}

impl Client {
    pub(super) fn new(bucket: Bucket, kind: Kind, prefix: String, body: Rc<[u8]>) -> Self {
        Self {
            bucket,
            kind,
            prefix,
            body,
            doing: Doing::Put,
            put: 0,
            at: 0,
            request: Vec::new(),
        }
    }

    /// Puts from now on, or gets what it has put.
    pub(super) fn begin(&mut self, doing: Doing) {
        (self.doing, self.at) = (doing, 0);
        self.prepare();
    }

    fn prepare(&mut self) {
        let (method, names, body): (_, _, &[u8]) = match self.doing {
            Doing::Put => ("PUT", self.kind.names, &self.body),
            Doing::Get => ("GET", self.kind.names.min(self.put.max(1)), &[]),
        };
        let key = format!("/{}/{}", self.prefix, self.at % names);
        self.request = self.bucket.request(method, &key, body);
    }
}

impl Talker for Client {
    fn request(&self) -> &[u8] {
        &self.request
    }

    fn receive(&mut self, body: &[u8]) -> anyhow::Result<()> {
        let expected = match self.doing {
            Doing::Put => 0,
            Doing::Get => self.kind.bytes,
        };
        ensure!(body.len() == expected, "an answer of {} bytes", body.len());
        self.at += 1;
        if self.doing == Doing::Put {
            self.put = self.put.max(self.at);
        }
        self.prepare();
        Ok(())
    }
}
