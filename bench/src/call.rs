//! Single HTTP calls, to prepare what is measured.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(30);

/// The bytes of a request without a body; its connection stays open after it.
pub(crate) fn get_request(path: &str, token: Option<&str>) -> Vec<u8> {
    let authorization = authorization(token);
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n{authorization}\r\n")
        .into_bytes()
}

fn authorization(token: Option<&str>) -> String {
    token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"))
}

/// Sends JSON and gives back JSON; any status but 2xx is an error that shows the answer.
pub(crate) fn send(
    address: SocketAddr,
    line: &str,
    token: Option<&str>,
    body: &Value,
) -> anyhow::Result<Value> {
    let (body, authorization) = (body.to_string(), authorization(token));
    let request = format!(
        "{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n\
         {authorization}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (status, answer) = exchange(address, request.as_bytes())?;
    ensure!(
        (200..300).contains(&status),
        "`{line}` answers {status}: {answer}"
    );
    serde_json::from_str(&answer).with_context(|| format!("`{line}` answers something that is not JSON"))
}

/// The status and the body of a GET; an error where nobody answers.
pub(crate) fn get(address: SocketAddr, path: &str, token: Option<&str>) -> anyhow::Result<(u16, String)> {
    let authorization = authorization(token);
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{authorization}\r\n");
    exchange(address, request.as_bytes())
}

fn exchange(address: SocketAddr, request: &[u8]) -> anyhow::Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8(answer)?;
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        bail!("`{address}` closes without an answer");
    };
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .context("an answer without a status")?;
    Ok((status, body.to_owned()))
}

/// The bytes of a POST of JSON; its connection stays open after it.
pub(crate) fn post_request(path: &str, token: Option<&str>, body: &Value) -> Vec<u8> {
    let (body, authorization) = (body.to_string(), authorization(token));
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
         {authorization}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
