//! A blocking HTTP/1.1 client: a connection for each request, and every byte of it in the story's hand.
//!
//! It deliberately does not pool, follow, retry or normalise: a story about doubled slashes or a process that
//! dies in the middle of an answer needs to see exactly what happened.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use kit_testing::Reply;
use serde_json::Value;

/// A test that waits this long for an answer waits for ever.
const ANSWER_LIMIT: Duration = Duration::from_mins(1);
const CONNECT_LIMIT: Duration = Duration::from_secs(30);

/// Sends requests to one address, with the same headers each time. Methods that give a [`Reply`] panic where
/// there is none; those that begin with `try` tell.
#[derive(Clone, Debug)]
pub struct Client {
    address: SocketAddr,
    headers: Vec<(String, String)>,
}

impl Client {
    /// A client of this address.
    #[must_use]
    pub const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            headers: Vec::new(),
        }
    }

    /// The same client with a header more, spelled like this.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// The same client, signed in with a token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        self.with("Authorization", &format!("Bearer {token}"))
    }

    /// Where it sends to.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `GET`.
    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None)
    }

    /// `POST` with a JSON body.
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, Some(body))
    }

    /// `PUT` with a JSON body.
    pub fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, Some(body))
    }

    /// `DELETE`.
    pub fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None)
    }

    /// Any method, with a JSON body where there is one.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        match self.try_send(method, path, body) {
            Ok(reply) => reply,
            Err(error) => panic!("{method} {path} at {}: {error}", self.address),
        }
    }

    /// Any method, with a JSON body where there is one.
    pub fn try_send(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<Reply> {
        self.try_exchange(self.request(method, path, body).as_bytes())
    }

    /// A request as bytes; the connection is to be closed after it.
    #[must_use]
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> String {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut text = self.head(method, path);
        if !body.is_empty() {
            let length = body.len().to_string();
            text += "Content-Type: application/json\r\nContent-Length: ";
            text += &(length + "\r\n");
        }
        text + "\r\n" + &body
    }

    /// The head of a request without the empty line that ends it.
    #[must_use]
    pub fn head(&self, method: &str, path: &str) -> String {
        let start = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
            self.address
        );
        self.headers
            .iter()
            .fold(start, |text, (name, value)| text + name + ": " + value + "\r\n")
    }

    /// Sends bytes as they are, and reads one answer.
    pub fn try_exchange(&self, request: &[u8]) -> io::Result<Reply> {
        let mut stream = self.connect()?;
        stream.write_all(request)?;
        read_reply(&mut BufReader::new(stream))
    }

    /// A connection of one's own.
    pub fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect_timeout(&self.address, CONNECT_LIMIT)?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        stream.set_write_timeout(Some(ANSWER_LIMIT))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

/// Reads one answer. Interim ones (`100 Continue`) come before it and are passed over.
pub fn read_reply(stream: &mut impl BufRead) -> io::Result<Reply> {
    loop {
        let (status, headers) = read_head(stream)?;
        if !status.is_informational() {
            let body = read_body(stream, &headers)?.into();
            return Ok(Reply {
                status,
                headers,
                body,
            });
        }
    }
}

/// The status and the headers of the next answer.
pub fn read_head(stream: &mut impl BufRead) -> io::Result<(StatusCode, HeaderMap)> {
    let first = read_line(stream)?;
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| broken(format!("no status line: {first:?}")))?;
    let mut headers = HeaderMap::new();
    loop {
        let line = read_line(stream)?;
        if line.is_empty() {
            return Ok((status, headers));
        }
        let (name, value) = line.split_once(':').ok_or_else(|| broken(line.clone()))?;
        let name: HeaderName = name.parse().map_err(|_| broken(line.clone()))?;
        let value: HeaderValue = value.trim().parse().map_err(|_| broken(line.clone()))?;
        headers.append(name, value);
    }
}

fn read_body(stream: &mut impl BufRead, headers: &HeaderMap) -> io::Result<Vec<u8>> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let mut body = Vec::new();
    if header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        read_chunks(stream, &mut body)?;
    } else if let Some(length) = header("content-length") {
        let length = length.parse().map_err(|_| broken(length.to_owned()))?;
        stream.take(length).read_to_end(&mut body)?;
        if body.len() as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    } else {
        stream.read_to_end(&mut body)?;
    }
    Ok(body)
}

fn read_chunks(stream: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let line = read_line(stream)?;
        let size = u64::from_str_radix(&line, 16).map_err(|_| broken(line))?;
        let before = body.len() as u64;
        stream.take(size).read_to_end(body)?;
        if body.len() as u64 - before != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // Of a trailer nobody here wants to know; the empty line ends it, as it ends a chunk.
        while !read_line(stream)?.is_empty() {}
        if size == 0 {
            return Ok(());
        }
    }
}

fn read_line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn broken(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
