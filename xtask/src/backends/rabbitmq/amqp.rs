//! As much of AMQP 0-9-1 as it takes to open a virtual host: section 2.2 of its specification has the
//! handshake, section 4.2 the frames.

use std::io::Write as _;
use std::net::TcpStream;

use anyhow::{Context as _, bail};

use crate::backends::url::Url;
use crate::backends::wire::{self, Answer};

const PROTOCOL: &[u8] = b"AMQP\x00\x00\x09\x01";
const METHOD_FRAME: u8 = 1;
const FRAME_END: u8 = 0xCE;

/// A class and a method.
type Method = (u16, u16);
const START: Method = (10, 10);
const START_OK: Method = (10, 11);
const TUNE: Method = (10, 30);
const TUNE_OK: Method = (10, 31);
const OPEN: Method = (10, 40);
const OPEN_OK: Method = (10, 41);
const CLOSE: Method = (10, 50);
const CLOSE_OK: Method = (10, 51);

/// Signs in, opens the virtual host `/` and closes the connection.
pub(super) fn open(url: &Url) -> anyhow::Result<()> {
    let mut stream = wire::connect(&url.host, url.port)?;
    stream.write_all(PROTOCOL)?;
    expect(&mut stream, START)?;
    send(&mut stream, START_OK, &start_ok(url)?)?;
    let mut limits = expect(&mut stream, TUNE).context("the password may be wrong")?;
    // The server's limits are taken as they are, but for the heartbeat: the connection is closed at once.
    limits.truncate(6);
    limits.extend([0, 0]);
    send(&mut stream, TUNE_OK, &limits)?;
    let no_capabilities_no_insist = [0, 0];
    send(
        &mut stream,
        OPEN,
        &[short_text("/")?.as_slice(), &no_capabilities_no_insist].concat(),
    )?;
    expect(&mut stream, OPEN_OK)?;
    let reply_success = 200_u16.to_be_bytes();
    let no_text_no_cause = [0; 5];
    send(
        &mut stream,
        CLOSE,
        &[reply_success.as_slice(), &no_text_no_cause].concat(),
    )?;
    expect(&mut stream, CLOSE_OK).map(drop)
}

fn start_ok(url: &Url) -> anyhow::Result<Vec<u8>> {
    let credentials = format!("\0{}\0{}", url.user, url.password);
    let no_properties = 0_u32.to_be_bytes();
    Ok([
        no_properties.as_slice(),
        &short_text("PLAIN")?,
        &u32::try_from(credentials.len())?.to_be_bytes(),
        credentials.as_bytes(),
        &short_text("en_US")?,
    ]
    .concat())
}

fn short_text(text: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = vec![u8::try_from(text.len())?];
    bytes.extend(text.as_bytes());
    Ok(bytes)
}

fn send(stream: &mut TcpStream, (class, method): Method, arguments: &[u8]) -> anyhow::Result<()> {
    let payload = [&class.to_be_bytes(), &method.to_be_bytes(), arguments].concat();
    let mut frame = vec![METHOD_FRAME, 0, 0];
    frame.extend(u32::try_from(payload.len())?.to_be_bytes());
    frame.extend(payload);
    frame.push(FRAME_END);
    stream.write_all(&frame)?;
    Ok(())
}

/// The arguments of the method that must come next.
fn expect(stream: &mut TcpStream, wanted: Method) -> anyhow::Result<Vec<u8>> {
    let head = wire::read(stream, 7)?;
    let mut head = Answer(&head);
    let kind = head.take(3)?;
    if kind != [METHOD_FRAME, 0, 0] {
        bail!("it answered with `{}`, which is no method", kind.escape_ascii());
    }
    let length = usize::try_from(head.u32()?)?;
    let frame = wire::read(stream, length + 1)?;
    let mut answer = Answer(frame.strip_suffix(&[FRAME_END]).context("a frame does not end")?);
    let got = (answer.u16()?, answer.u16()?);
    if got != wanted {
        bail!(
            "it answered with method {got:?} `{}`, not {wanted:?}",
            answer.0.escape_ascii()
        );
    }
    Ok(answer.0.to_vec())
}
