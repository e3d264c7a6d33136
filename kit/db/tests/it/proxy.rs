//! A TCP proxy in front of the server, to make the network fail.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::shop::spawn;

/// What happens to connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Bytes pass.
    Pass,
    /// Nobody answers: new connections are closed, old ones too.
    Cut,
    /// A connection is cut as soon as its client has sent `COMMIT` and that has reached the server.
    LoseCommits,
}

pub(crate) struct Proxy {
    mode: Arc<watch::Sender<Mode>>,
    port: u16,
}

impl Proxy {
    pub(crate) async fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mode = Arc::new(watch::Sender::new(Mode::Pass));
        let (accepting, server) = (mode.clone(), server.to_owned());
        spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                spawn(serve(client, server.clone(), accepting.subscribe()));
            }
        });
        Self { mode, port }
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// The same URL by way of the proxy.
    pub(crate) fn url(&self, url: &str) -> String {
        let (rest, database) = url.rsplit_once('/').unwrap();
        let (user, _) = rest.rsplit_once('@').unwrap();
        // Encrypted, the commit could not be seen.
        format!("{user}@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }
}

/// `host:port` of a URL.
pub(crate) fn address(url: &str) -> String {
    let (rest, _) = url.rsplit_once('/').unwrap();
    rest.rsplit_once('@').unwrap().1.to_owned()
}

async fn serve(mut client: TcpStream, server: String, mut mode: watch::Receiver<Mode>) {
    if *mode.borrow_and_update() == Mode::Cut {
        return;
    }
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
    loop {
        tokio::select! {
            biased;
            changed = mode.changed() => {
                if changed.is_err() || *mode.borrow() == Mode::Cut {
                    return;
                }
            }
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                if server.write_all(&up[..length]).await.is_err() {
                    return;
                }
                let commits = up[..length].windows(6).any(|bytes| bytes == b"COMMIT");
                if commits && *mode.borrow() == Mode::LoseCommits {
                    // The server has done it once it answers; the answer goes no further.
                    let _ = server.read(&mut down).await;
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&down[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
