//! As much of Kafka's protocol as it takes to sign in and ask for the brokers of a cluster.

use std::io::Write as _;
use std::net::TcpStream;

use anyhow::{Context as _, bail};

use crate::backends::url::Url;
use crate::backends::wire::{self, Answer};

/// The kind of a request, and the version of its format.
type Kind = (u16, u16);
const SASL_HANDSHAKE: Kind = (17, 1);
const SASL_AUTHENTICATE: Kind = (36, 0);
const METADATA: Kind = (3, 4);

const NO_TOPICS: [u8; 4] = [0; 4];
const DO_NOT_CREATE: [u8; 1] = [0];

/// Asks; a cluster that knows no broker that takes requests is not ready.
pub(super) fn ask(url: &Url) -> anyhow::Result<()> {
    let mut stream = wire::connect(&url.host, url.port)?;
    let chosen = exchange(&mut stream, SASL_HANDSHAKE, &text("PLAIN")?)?;
    refuse_error(&chosen).context("sign-in by `PLAIN`")?;
    let credentials = format!("\0{}\0{}", url.user, url.password);
    let length = u32::try_from(credentials.len())?.to_be_bytes();
    let signed_in = exchange(
        &mut stream,
        SASL_AUTHENTICATE,
        &[&length, credentials.as_bytes()].concat(),
    )?;
    refuse_error(&signed_in).context("sign-in")?;
    let metadata = exchange(
        &mut stream,
        METADATA,
        &[NO_TOPICS.as_slice(), &DO_NOT_CREATE].concat(),
    )?;
    let mut metadata = Answer(&metadata);
    let _throttle_ms = metadata.u32()?;
    if metadata.u32()? == 0 {
        bail!("no broker of the cluster takes requests");
    }
    Ok(())
}

/// Sends a request and gives back the body of its answer.
fn exchange(stream: &mut TcpStream, (kind, version): Kind, body: &[u8]) -> anyhow::Result<Vec<u8>> {
    let correlation = [0; 4];
    let client = text("xtask")?;
    let request = [
        kind.to_be_bytes().as_slice(),
        &version.to_be_bytes(),
        &correlation,
        &client,
        body,
    ]
    .concat();
    stream.write_all(&u32::try_from(request.len())?.to_be_bytes())?;
    stream.write_all(&request)?;
    let length = wire::read(stream, 4)?;
    let length = Answer(&length).u32()?;
    let answer = wire::read(stream, usize::try_from(length)?)?;
    let (answered, body) = answer.split_at_checked(4).context("the answer is too short")?;
    if answered != correlation {
        bail!("it answered another request");
    }
    Ok(body.to_vec())
}

fn refuse_error(body: &[u8]) -> anyhow::Result<()> {
    match Answer(body).u16()? {
        0 => Ok(()),
        code => bail!("it answered with error {code}"),
    }
}

fn text(text: &str) -> anyhow::Result<Vec<u8>> {
    Ok([&u16::try_from(text.len())?.to_be_bytes(), text.as_bytes()].concat())
}
