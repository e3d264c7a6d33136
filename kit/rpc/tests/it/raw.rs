//! A server below HTTP, which does exactly what a test says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kit_config::BaseUrl;
use kit_runtime::Tasks;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A listening socket whose connections are each given to a closure, with their number from 1.
pub(crate) struct RawServer {
    pub(crate) address: BaseUrl,
    accepted: Arc<AtomicUsize>,
}

impl RawServer {
    pub(crate) async fn start<F>(tasks: &Tasks, talk: impl Fn(usize, TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = address_of(&listener);
        let accepted = Arc::new(AtomicUsize::new(0));
        let (count, connections) = (accepted.clone(), tasks.clone());
        tasks.spawn("raw server", async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                connections.spawn("raw connection", talk(number, stream));
            }
        });
        Self { address, accepted }
    }

    /// One that answers every request with the number of its connection.
    pub(crate) async fn numbering(tasks: &Tasks) -> Self {
        Self::start(tasks, |number, mut stream| async move {
            while read_head(&mut stream).await.is_some() {
                write(&mut stream, &ok(&number.to_string())).await;
            }
        })
        .await
    }

    /// One that reads a request, says `answer` and hangs up.
    pub(crate) async fn saying(tasks: &Tasks, answer: impl Into<String>) -> Self {
        let answer: Arc<str> = answer.into().into();
        Self::start(tasks, move |_, mut stream| {
            let answer = answer.clone();
            async move {
                read_request(&mut stream).await;
                write(&mut stream, &answer).await;
            }
        })
        .await
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

pub(crate) fn address_of(listener: &TcpListener) -> BaseUrl {
    format!("http://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap()
}

/// An address where nobody listens.
pub(crate) async fn nowhere() -> BaseUrl {
    address_of(&TcpListener::bind("127.0.0.1:0").await.unwrap())
}

pub(crate) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

pub(crate) async fn write(stream: &mut TcpStream, text: &str) {
    // The other end may be gone, which is for the test to see there.
    let _ = stream.write_all(text.as_bytes()).await;
}

/// The head of the next request, up to and with its empty line; nothing when the connection ends.
pub(crate) async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        head.push(char::from(stream.read_u8().await.ok()?));
    }
    Some(head)
}

/// The next request with its body.
pub(crate) async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let head = read_head(stream).await?;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    Some(head + &String::from_utf8(body).unwrap())
}

/// Returns when the other end has closed.
pub(crate) async fn closed(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
}
