//! Buyers who place one order after the other, and follow each by its stream until it is confirmed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use serde_json::json;

use crate::call;

/// How many there are.
pub(super) const FOLLOWERS: usize = 4;

const PATIENCE: Duration = Duration::from_secs(30);

/// Followers at work, each on a thread of its own.
pub(super) struct Followers {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<anyhow::Result<Vec<u32>>>>,
}

impl Followers {
    /// Begins; each has a token and orders a SKU.
    pub(super) fn start(gateway: SocketAddr, followers: &[(String, String)]) -> anyhow::Result<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        let begin = |(token, sku): &(String, String)| {
            let (token, sku, is_over) = (token.clone(), sku.clone(), is_over.clone());
            thread::Builder::new().spawn(move || {
                let mut followed = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    followed.push(follow(gateway, &token, &sku)?);
                }
                Ok(followed)
            })
        };
        let threads = followers.iter().map(begin).collect::<Result<_, _>>()?;
        Ok(Self { is_over, threads })
    }

    /// Ends, and waits for the orders that are followed; how long each took, in microseconds, ascending.
    pub(super) fn end(self) -> anyhow::Result<Vec<u32>> {
        self.is_over.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for thread in self.threads {
            let followed = thread.join().map_err(|_| anyhow!("a follower panicked"))?;
            all.extend(followed?);
        }
        all.sort_unstable();
        Ok(all)
    }
}

/// Places an order and waits until it is confirmed; how long that took, in microseconds.
fn follow(gateway: SocketAddr, token: &str, sku: &str) -> anyhow::Result<u32> {
    let wanted = json!({ "items": [{ "sku": sku, "quantity": 1 }] });
    let begin = Instant::now();
    let order = call::send(gateway, "POST /api/orders", Some(token), &wanted)?;
    let id = order["id"].as_str().context("an order without an identifier")?;
    let mut stream = TcpStream::connect_timeout(&gateway, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = format!(
        "GET /api/orders/{id}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\
         Authorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    for line in BufReader::new(stream).lines() {
        if line?.trim_end() == "event: confirmed" {
            return Ok(u32::try_from(begin.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
    }
    Err(anyhow!(
        "the stream of an order ends before the order is confirmed"
    ))
}
