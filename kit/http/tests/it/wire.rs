//! A client below HTTP, which sends exactly what a story says and reads what comes back.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::net::SocketAddr;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Whoever waits this long waits for ever.
const PATIENCE: Duration = Duration::from_mins(1);

/// One connection.
pub(crate) struct Wire(BufReader<TcpStream>);

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Wire {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(address).await.unwrap()))
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).await.unwrap();
    }

    /// As [`Wire::send`], to a server that may hang up meanwhile.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.0.write_all(bytes.as_ref()).await
    }

    /// Sends a request without a body: its first line, and header lines that each end with CRLF.
    pub(crate) async fn ask(&mut self, line: &str, headers: &str) -> Answer {
        self.send(format!("{line} HTTP/1.1\r\nHost: test\r\n{headers}\r\n"))
            .await;
        self.answer().await
    }

    /// Sends a request with a JSON body.
    pub(crate) async fn send_body(&mut self, line: &str, headers: &str, body: &str) -> Answer {
        let length = body.len();
        let head = format!(
            "{line} HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n{headers}\r\n"
        );
        self.send(head + body).await;
        self.answer().await
    }

    /// The next answer with its body.
    pub(crate) async fn answer(&mut self) -> Answer {
        let read = async {
            let mut answer = self.head().await;
            if answer.headers.contains_key("transfer-encoding") {
                answer.body = self.chunks().await;
            } else {
                let length = answer.header("content-length").parse().unwrap_or(0);
                answer.body = vec![0; length];
                self.0.read_exact(&mut answer.body).await.unwrap();
            }
            answer
        };
        tokio::time::timeout(PATIENCE, read)
            .await
            .expect("an answer in time")
    }

    /// The next answer's head, for requests whose answer has no body.
    pub(crate) async fn head(&mut self) -> Answer {
        let mut line = String::new();
        self.0.read_line(&mut line).await.unwrap();
        let status = line.split(' ').nth(1).expect("a status line").parse().unwrap();
        let mut headers = HeaderMap::new();
        loop {
            line.clear();
            self.0.read_line(&mut line).await.unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        Answer {
            status,
            headers,
            body: Vec::new(),
        }
    }

    async fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.unwrap();
            let length = usize::from_str_radix(line.trim_end(), 16).unwrap();
            let mut chunk = vec![0; length + 2];
            self.0.read_exact(&mut chunk).await.unwrap();
            if length == 0 {
                return body;
            }
            body.extend_from_slice(&chunk[..length]);
        }
    }

    /// Returns when the server has closed; everything that it still said.
    pub(crate) async fn closed(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let read = self.0.read_to_end(&mut rest);
        // A reset is an end too.
        let _ = tokio::time::timeout(PATIENCE, read)
            .await
            .expect("closed in time");
        rest
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Asserts the one shape of an error, and gives its message.
    #[track_caller]
    pub(crate) fn refusal(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{self:?}");
        let body = self.json();
        assert_eq!(self.header("content-type"), "application/json", "{body}");
        assert_eq!(body["status"], status.to_string(), "{body}");
        assert!(
            body["code"].as_str().is_some_and(|code| !code.is_empty()),
            "{body}"
        );
        assert!(!self.header("x-request-id").is_empty());
        assert_eq!(body["request_id"], self.header("x-request-id"), "{body}");
        body["message"].as_str().unwrap().to_owned()
    }
}
