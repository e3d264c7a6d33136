//! The load: requests on connections that stay open, each with one request at a time: the same one again and
//! again, or whatever a talker makes of the answer before.
//!
//! It is a plain byte pump on one thread, so that it takes little of the machine it shares with what it loads:
//! no HTTP library, one write and usually one read a request. So it understands only what it needs: a status,
//! and a body of a declared length. An answer of another status, or a connection that closes, is an error;
//! failures never count as requests served.

use std::cell::Cell;
use std::net::SocketAddr;
use std::ops::Range;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::samples::percentile;

/// No measurement takes longer.
const PATIENCE: Duration = Duration::from_mins(2);

/// What is sent, where, and over how many connections.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) request: Vec<u8>,
    pub(crate) connections: u64,
    /// Between two requests of one connection.
    pub(crate) pause: Duration,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) requests: u64,
    pub(crate) seconds: f64,
    /// Of every request, in microseconds, ascending.
    pub(crate) latencies: Vec<u32>,
}

impl Outcome {
    pub(crate) fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 requests")]
        let requests = self.requests as f64;
        requests / self.seconds
    }

    /// What 99 of 100 requests take at most, in milliseconds.
    pub(crate) fn ninety_ninth(&self) -> f64 {
        percentile(&self.latencies, 0.99) / 1e3
    }
}

/// Says what a connection sends next.
pub(crate) trait Talker: 'static {
    /// The whole request.
    fn request(&self) -> &[u8];

    /// The body of its answer has come. This time is not measured.
    fn receive(&mut self, body: &[u8]) -> anyhow::Result<()>;
}

/// Always the same request.
struct Repeated(Rc<[u8]>);

impl Talker for Repeated {
    fn request(&self) -> &[u8] {
        &self.0
    }

    fn receive(&mut self, _: &[u8]) -> anyhow::Result<()> {
        Ok(())
    }
}

/// What makes a connection stop.
#[derive(Clone)]
enum Until {
    Time(Instant),
    /// So many are left to send, of all connections together.
    Count(Rc<Cell<u64>>),
}

impl Until {
    fn goes_on(&self) -> bool {
        match self {
            Self::Time(end) => Instant::now() < *end,
            Self::Count(left) => left.get().checked_sub(1).map(|less| left.set(less)).is_some(),
        }
    }
}

impl Load {
    /// On one connection, without a pause.
    pub(crate) fn new(address: SocketAddr, request: Vec<u8>) -> Self {
        Self {
            address,
            request,
            connections: 1,
            pause: Duration::ZERO,
        }
    }

    /// The same on so many connections.
    pub(crate) fn on(&self, connections: u64) -> Self {
        Self {
            connections,
            ..self.clone()
        }
    }

    /// Runs for a time, on the calling thread.
    pub(crate) fn for_span(&self, span: Duration) -> anyhow::Result<Outcome> {
        self.run(&Until::Time(Instant::now() + span))
    }

    /// Sends exactly so many requests, on the calling thread.
    pub(crate) fn for_requests(&self, count: u64) -> anyhow::Result<Outcome> {
        self.run(&Until::Count(Rc::new(Cell::new(count))))
    }

    fn run(&self, until: &Until) -> anyhow::Result<Outcome> {
        let request: Rc<[u8]> = self.request.as_slice().into();
        let talkers = (0..self.connections).map(|_| Repeated(request.clone()));
        let (outcome, _) = together(self.address, talkers.collect(), self.pause, until)?;
        Ok(outcome)
    }
}

/// Lets all talk at once for a time, each on a connection of its own, on the calling thread; gives them back.
pub(crate) fn talk<T: Talker>(
    address: SocketAddr,
    talkers: Vec<T>,
    span: Duration,
) -> anyhow::Result<(Outcome, Vec<T>)> {
    let until = Until::Time(Instant::now() + span);
    together(address, talkers, Duration::ZERO, &until)
}

/// The same until they have sent exactly so many requests, all of them together.
pub(crate) fn talk_for_requests<T: Talker>(
    address: SocketAddr,
    talkers: Vec<T>,
    count: u64,
) -> anyhow::Result<(Outcome, Vec<T>)> {
    let until = Until::Count(Rc::new(Cell::new(count)));
    together(address, talkers, Duration::ZERO, &until)
}

fn together<T: Talker>(
    address: SocketAddr,
    talkers: Vec<T>,
    pause: Duration,
    until: &Until,
) -> anyhow::Result<(Outcome, Vec<T>)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (local, begin) = (LocalSet::new(), Instant::now());
    let connections: Vec<_> = talkers
        .into_iter()
        .map(|talker| local.spawn_local(drive(address, talker, pause, until.clone())))
        .collect();
    let all = local.run_until(async {
        let (mut latencies, mut talkers) = (Vec::new(), Vec::new());
        for connection in connections {
            let (talker, mut measured) = connection.await??;
            latencies.append(&mut measured);
            talkers.push(talker);
        }
        anyhow::Ok((latencies, talkers))
    });
    let (mut latencies, talkers) = runtime
        .block_on(async { tokio::time::timeout(PATIENCE, all).await })
        .context("the load does not end")??;
    let seconds = begin.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let outcome = Outcome {
        requests: latencies.len() as u64,
        seconds,
        latencies,
    };
    Ok((outcome, talkers))
}

async fn drive<T: Talker>(
    address: SocketAddr,
    mut talker: T,
    pause: Duration,
    until: Until,
) -> anyhow::Result<(T, Vec<u32>)> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut buffer, mut latencies) = (Vec::with_capacity(16 * 1024), Vec::new());
    while until.goes_on() {
        let begin = Instant::now();
        stream.write_all(talker.request()).await?;
        let body = read_answer(&mut stream, &mut buffer).await?;
        latencies.push(u32::try_from(begin.elapsed().as_micros()).unwrap_or(u32::MAX));
        talker.receive(body)?;
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
    Ok((talker, latencies))
}

/// Reads a whole answer into the buffer; its body.
async fn read_answer<'b>(stream: &mut TcpStream, buffer: &'b mut Vec<u8>) -> anyhow::Result<&'b [u8]> {
    buffer.clear();
    loop {
        ensure!(stream.read_buf(buffer).await? > 0, "the connection was closed");
        let Some(extent) = extent(buffer)? else {
            continue;
        };
        while buffer.len() < extent.end {
            ensure!(
                stream.read_buf(buffer).await? > 0,
                "the connection was closed within an answer"
            );
        }
        return Ok(&buffer[extent]);
    }
}

/// Where the body is of the answer that begins here, once the head is complete.
fn extent(bytes: &[u8]) -> anyhow::Result<Option<Range<usize>>> {
    let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&bytes[..head]).context("the head of an answer is not text")?;
    if !text.starts_with("HTTP/1.1 200 ") && !text.starts_with("HTTP/1.1 201 ") {
        bail!("the load is refused: {}", text.lines().next().unwrap_or_default());
    }
    let length = text
        .lines()
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim())
        })
        .context("an answer without a length")?;
    let begin = head + 4;
    Ok(Some(begin..begin + length.parse::<usize>()?))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn serve(answer: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = [0; 256];
                while stream.read(&mut request).unwrap() > 0 {
                    stream.write_all(answer).unwrap();
                }
            }
        });
        address
    }

    fn load(address: SocketAddr) -> Load {
        Load::new(address, b"GET / HTTP/1.1\r\n\r\n".to_vec())
    }

    #[test]
    fn exactly_so_many_requests_are_sent() {
        let address = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        let outcome = load(address).for_requests(7).unwrap();
        assert_eq!((outcome.requests, outcome.latencies.len()), (7, 7));
    }

    /// Wants the answer that it had before.
    struct Echo(Vec<u8>, usize);

    impl Talker for Echo {
        fn request(&self) -> &[u8] {
            &self.0
        }

        fn receive(&mut self, body: &[u8]) -> anyhow::Result<()> {
            ensure!(body == b"ok", "another answer");
            self.1 += 1;
            Ok(())
        }
    }

    #[test]
    fn every_talker_hears_every_answer_and_comes_back() {
        let address = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        let talkers = vec![
            Echo(b"GET /one HTTP/1.1\r\n\r\n".to_vec(), 0),
            Echo(b"GET /two HTTP/1.1\r\n\r\n".to_vec(), 0),
        ];
        let (outcome, talkers) = talk_for_requests(address, talkers, 10).unwrap();
        assert_eq!(outcome.requests, 10);
        assert_eq!(talkers.iter().map(|talker| talker.1).sum::<usize>(), 10);
    }

    #[test]
    fn a_refused_request_is_not_counted_as_served() {
        let address = serve(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
        let error = load(address).for_requests(7).unwrap_err();
        assert!(error.to_string().contains("503"), "{error}");
    }

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let answer = b"HTTP/1.1 200 OK\r\nX: y\r\ncontent-length: 5\r\n\r\nhello";
        let body = answer.len() - 5..answer.len();
        assert_eq!(extent(answer).unwrap(), Some(body));
        assert_eq!(extent(&answer[..20]).unwrap(), None);
        assert!(extent(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
