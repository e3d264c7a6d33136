//! A TCP proxy in front of PostgreSQL, to cut the line.
#![expect(
    clippy::unwrap_used,
    reason = "what the stories share is written like the stories themselves"
)]

use std::sync::Arc;

use kit_db::DbTarget;
use kit_runtime::{Secret, Tasks};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Proxy {
    whole: Arc<watch::Sender<bool>>,
    target: DbTarget,
}

impl Proxy {
    /// A proxy in front of the server of this target.
    pub(crate) async fn before(target: &DbTarget, tasks: &Tasks) -> Self {
        let DbTarget::Postgres { url, schema } = target else {
            unreachable!("only a server has a line to cut");
        };
        let (rest, database) = url.expose().rsplit_once('/').unwrap();
        let (user, server) = rest.rsplit_once('@').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let whole = Arc::new(watch::Sender::new(true));
        let (seen, server, lines) = (whole.clone(), server.to_owned(), tasks.clone());
        tasks.spawn("proxy", async move {
            while let Ok((client, _)) = listener.accept().await {
                lines.spawn("proxy.line", pass(client, server.clone(), seen.subscribe()));
            }
        });
        let target = DbTarget::Postgres {
            url: Secret::new(format!("{user}@127.0.0.1:{port}/{database}")),
            schema: schema.clone(),
        };
        Self { whole, target }
    }

    /// The same tables by way of the proxy.
    pub(crate) fn target(&self) -> DbTarget {
        self.target.clone()
    }

    /// Closes every line, and each new one.
    pub(crate) fn cut(&self) {
        self.whole.send_replace(false);
    }

    pub(crate) fn mend(&self) {
        self.whole.send_replace(true);
    }
}

async fn pass(mut client: TcpStream, server: String, mut whole: watch::Receiver<bool>) {
    if !*whole.borrow_and_update() {
        return;
    }
    let Ok(mut server) = TcpStream::connect(server).await else {
        return;
    };
    let cut = whole.wait_for(|whole| !whole);
    tokio::select! {
        _ = cut => {}
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
    }
}
