//! The way to the broker, which can be cut.

use std::sync::Arc;

use kit_runtime::{Lifecycle, Tasks};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to those who come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Open,
    /// Closed at once, like a broker that is down.
    Refused,
    /// Accepted and never answered.
    Silent,
}

pub(crate) struct Proxy {
    port: u16,
    way: Arc<watch::Sender<(Way, u64)>>,
    lifecycle: Lifecycle,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let lifecycle = Lifecycle::new();
        let way = Arc::new(watch::Sender::new((Way::Open, 0)));
        let tasks = lifecycle.tasks();
        let ways = way.clone();
        lifecycle.tasks().spawn("proxy", async move {
            while let Ok((stream, _)) = listener.accept().await {
                let_through(&tasks, stream, ways.subscribe());
            }
        });
        Self { port, way, lifecycle }
    }

    /// The broker's address by this way.
    pub(crate) fn url(&self) -> String {
        let url = kit_testing::rabbitmq_url();
        let (before, after) = url.split_once('@').unwrap();
        let (_, vhost) = after.split_once('/').unwrap();
        format!("{before}@127.0.0.1:{}/{vhost}", self.port)
    }

    /// From now on, and for those who have come through it too.
    pub(crate) fn set(&self, way: Way) {
        self.way.send_modify(|(known, cuts)| {
            *known = way;
            *cuts += 1;
        });
    }

    /// Cuts everything that goes through it now.
    pub(crate) fn cut(&self) {
        self.way.send_modify(|(_, cuts)| *cuts += 1);
    }

    pub(crate) async fn end(self) {
        self.lifecycle.end().await;
    }
}

fn let_through(tasks: &Tasks, mut stream: TcpStream, mut way: watch::Receiver<(Way, u64)>) {
    let known = way.borrow_and_update().0;
    tasks.spawn("proxy.way", async move {
        match known {
            Way::Refused => {}
            Way::Silent => {
                let _ = way.changed().await;
            }
            Way::Open => {
                let address = kit_testing::rabbitmq_url();
                let (_, address) = address.split_once('@').unwrap();
                let (address, _) = address.split_once('/').unwrap();
                let mut broker = TcpStream::connect(address).await.unwrap();
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut stream, &mut broker) => {}
                    _ = way.changed() => {}
                }
            }
        }
    });
}
