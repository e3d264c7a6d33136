//! An OpenTelemetry collector for tests: an HTTP server on a port of its own that reads OTLP's JSON strictly.
//! An unknown member, an identifier of the wrong length or a time that is no text is kept as a complaint, and
//! [`Collector::spans`] panics with it.
//!
//! It runs in plain threads, so that stories without a runtime can use it too.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde::Deserialize;

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It takes everything.
    Takes,
    /// It refuses with this status.
    Refuses(u16),
    /// It takes a request, refuses so many of its spans, and says so.
    Rejects(u64),
    /// It reads and does not answer until it has another manner.
    Silent,
}

/// A span as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedSpan {
    /// `service.name` of the resource.
    pub service: String,
    /// 32 hex digits.
    pub trace: String,
    /// 16 hex digits.
    pub id: String,
    /// The span before it.
    pub parent: Option<String>,
    /// What was done.
    pub name: String,
    /// As the protocol numbers them: 2 server, 3 client, 4 producer, 5 consumer.
    pub kind: u8,
    /// Numbers as texts too.
    pub attributes: BTreeMap<String, String>,
    /// Whether its status is an error.
    pub failed: bool,
}

/// The server. It ends with the value.
pub struct Collector {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    manner: Manner,
    spans: Vec<ReceivedSpan>,
    complaints: Vec<String>,
    requests: Vec<String>,
    is_over: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            manner: Manner::Takes,
            spans: Vec::new(),
            complaints: Vec::new(),
            requests: Vec::new(),
            is_over: false,
        }
    }
}

impl Collector {
    /// A collector that takes everything.
    ///
    /// # Panics
    /// When there is no free port.
    #[expect(clippy::expect_used, reason = "a test without its collector cannot go on")]
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::default());
        let server = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if server.state().is_over {
                    return;
                }
                let server = server.clone();
                thread::spawn(move || server.serve(&stream));
            }
        });
        Self { address, shared }
    }

    /// Its base address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it answers like this.
    pub fn behave(&self, manner: Manner) {
        self.shared.state().manner = manner;
        self.shared.changed.notify_all();
    }

    /// What it took.
    ///
    /// # Panics
    /// When something was not OTLP.
    pub fn spans(&self) -> Vec<ReceivedSpan> {
        let state = self.shared.state();
        assert!(state.complaints.is_empty(), "not OTLP: {:?}", state.complaints);
        state.spans.clone()
    }

    /// The heads of all requests so far, whatever became of them.
    pub fn requests(&self) -> Vec<String> {
        self.shared.state().requests.clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.changed.notify_all();
        // So that the listener looks up; that it is gone already is as good.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request a connection.
    fn serve(&self, stream: &TcpStream) {
        // Whoever hangs up has no answer.
        if let Ok((head, body)) = read(stream) {
            let answer = self.answer(&head, &body);
            let mut writer = stream;
            let _ = writer.write_all(answer.as_bytes());
        }
    }

    fn answer(&self, head: &str, body: &[u8]) -> String {
        let mut state = self.state();
        state.requests.push(head.to_owned());
        self.changed.notify_all();
        while state.manner == Manner::Silent && !state.is_over {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let (status, text) = match state.manner {
            Manner::Refuses(status) => (status, String::new()),
            Manner::Rejects(count) => {
                let text = format!(
                    r#"{{"partialSuccess":{{"rejectedSpans":"{count}","errorMessage":"too many"}}}}"#
                );
                (200, text)
            }
            Manner::Takes | Manner::Silent => (200, "{}".to_owned()),
        };
        if status == 200 {
            match parse_spans(head, body) {
                Ok(spans) => state.spans.extend(spans),
                Err(complaint) => state.complaints.push(complaint),
            }
        }
        format!(
            "HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{text}",
            text.len()
        )
    }
}

fn read(stream: &TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line.to_ascii_lowercase());
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((head, body))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ResourceSpans {
    resource: Resource,
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScopeSpans {
    #[serde(rename = "scope")]
    _scope: Scope,
    spans: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scope {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "version")]
    _version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Step {
    trace_id: String,
    span_id: String,
    parent_span_id: Option<String>,
    flags: u32,
    name: String,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Attribute>,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attribute {
    key: String,
    value: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum Value {
    StringValue(String),
    IntValue(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Status {
    code: u8,
    #[serde(rename = "message")]
    _message: String,
}

fn parse_spans(head: &str, body: &[u8]) -> Result<Vec<ReceivedSpan>, String> {
    if !head.starts_with("post /v1/traces http/1.1\r\n") {
        return Err(format!("posted elsewhere: {head}"));
    }
    if !head.contains("\r\ncontent-type: application/json\r\n") {
        return Err(format!("not announced as JSON: {head}"));
    }
    let document: Document = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let mut all = Vec::new();
    for part in document.resource_spans {
        let mut resource = attributes(part.resource.attributes)?;
        let service = resource
            .remove("service.name")
            .ok_or("a resource without a name")?;
        for span in part.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            all.push(one(&service, span)?);
        }
    }
    Ok(all)
}

fn one(service: &str, span: Step) -> Result<ReceivedSpan, String> {
    let start = nanos(&span.start_time_unix_nano)?;
    let wrong = [
        (!is_id(&span.trace_id, 32), "the trace's id"),
        (!is_id(&span.span_id, 16), "the span's id"),
        (
            span.parent_span_id.as_ref().is_some_and(|id| !is_id(id, 16)),
            "the parent's id",
        ),
        (span.flags & 1 == 0, "a span that is not sampled"),
        (span.name.is_empty(), "no name"),
        (!(1..=5).contains(&span.kind), "the kind"),
        (
            nanos(&span.end_time_unix_nano)? < start,
            "it ends before it begins",
        ),
        (
            span.status.as_ref().is_some_and(|status| status.code > 2),
            "the status",
        ),
    ];
    if let Some((_, what)) = wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
        return Err(format!("{what}, of `{}`", span.name));
    }
    Ok(ReceivedSpan {
        service: service.to_owned(),
        trace: span.trace_id,
        id: span.span_id,
        parent: span.parent_span_id,
        name: span.name,
        kind: span.kind,
        attributes: attributes(span.attributes)?,
        failed: span.status.is_some_and(|status| status.code == 2),
    })
}

fn nanos(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("no time: {text}"))
}

fn is_id(text: &str, length: usize) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == length && text.bytes().all(is_digit) && text.bytes().any(|byte| byte != b'0')
}

fn attributes(given: Vec<Attribute>) -> Result<BTreeMap<String, String>, String> {
    let mut all = BTreeMap::new();
    for Attribute { key, value } in given {
        let value = match value {
            Value::StringValue(text) => text,
            Value::IntValue(text) => text
                .parse::<i64>()
                .map_err(|error| error.to_string())?
                .to_string(),
        };
        if all.insert(key.clone(), value).is_some() {
            return Err(format!("`{key}` is said twice"));
        }
    }
    Ok(all)
}
