//! A TCP proxy in front of PostgreSQL, to cut the line.

use std::sync::Arc;

use kit_db::DbTarget;
use kit_runtime::{Secret, Tasks};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A line to PostgreSQL that a test can cut.
pub struct DatabaseProxy {
    whole: Arc<watch::Sender<bool>>,
    target: DbTarget,
}

#[expect(clippy::expect_used, reason = "a test without its line cannot go on")]
impl DatabaseProxy {
    /// A proxy in front of the server of this target.
    ///
    /// # Panics
    /// Where the target is no server.
    pub async fn before(target: &DbTarget, tasks: &Tasks) -> Self {
        let server = match target {
            DbTarget::Postgres { url, schema } => Some((url, schema)),
            DbTarget::Sqlite { .. } => None,
        };
        let (url, schema) = server.expect("only a server has a line to cut");
        let (rest, database) = url.expose().rsplit_once('/').expect("a database");
        let (user, server) = rest.rsplit_once('@').expect("a user");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
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
    pub fn target(&self) -> DbTarget {
        self.target.clone()
    }

    /// Closes every line, and each new one.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Lets new lines through again.
    pub fn mend(&self) {
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
