//! A connection that gives up: what is asked of a paused server must not wait for ever.

use std::io::Read as _;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use anyhow::{Context as _, bail};

const PATIENCE: Duration = Duration::from_secs(5);

/// No answer that is asked for is longer; a length beyond it is not the protocol's.
const LONGEST: usize = 1024 * 1024;

/// Connects; every read and write of the connection ends in time.
pub(super) fn connect(host: &str, port: u16) -> anyhow::Result<TcpStream> {
    let address = (host, port)
        .to_socket_addrs()?
        .next()
        .with_context(|| format!("`{host}` has no address"))?;
    let stream = TcpStream::connect_timeout(&address, PATIENCE)
        .with_context(|| format!("nobody listens on {host}:{port}"))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Reads that many bytes.
pub(super) fn read(stream: &mut TcpStream, length: usize) -> anyhow::Result<Vec<u8>> {
    if length > LONGEST {
        bail!("an answer of {length} bytes was announced");
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).context("no answer")?;
    Ok(bytes)
}

/// What is left of an answer.
pub(super) struct Answer<'a>(pub(super) &'a [u8]);

impl<'a> Answer<'a> {
    /// The next bytes.
    pub(super) fn take(&mut self, length: usize) -> anyhow::Result<&'a [u8]> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .context("the answer is too short")?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next two bytes, as both protocols write numbers: the highest first.
    pub(super) fn u16(&mut self) -> anyhow::Result<u16> {
        Ok(u16::from_be_bytes(self.take(2)?.try_into()?))
    }

    /// The next four bytes.
    pub(super) fn u32(&mut self) -> anyhow::Result<u32> {
        Ok(u32::from_be_bytes(self.take(4)?.try_into()?))
    }
}
