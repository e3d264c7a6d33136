//! The connection to a broker, which can be cut.

use std::sync::{Arc, Mutex, OnceLock};

use kit_runtime::{Lifecycle, Tasks};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// What happens to those who come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyMode {
    /// Let through.
    Open,
    /// Closed at once, like a broker that is down.
    Refused,
    /// Accepted and never answered.
    Silent,
}

/// A port of this machine that leads to a broker.
pub struct Proxy {
    port: u16,
    course: Arc<Course>,
    lifecycle: Lifecycle,
}

/// What happens now, and to whom.
struct Course {
    mode: watch::Sender<ProxyMode>,
    /// Where it leads, once that is known.
    address: OnceLock<String>,
    /// Those who came in the mode that there is now.
    travellers: Mutex<TaskTracker>,
}

impl Proxy {
    /// A port that leads to an address.
    pub async fn start(address: String) -> Self {
        let proxy = Self::bind().await;
        proxy.lead_to(address);
        proxy
    }

    /// A port that does not lead anywhere yet.
    pub async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let lifecycle = Lifecycle::new();
        let course = Arc::new(Course {
            mode: watch::Sender::new(ProxyMode::Open),
            address: OnceLock::new(),
            travellers: Mutex::new(TaskTracker::new()),
        });
        let (tasks, followed) = (lifecycle.tasks(), course.clone());
        lifecycle.tasks().spawn("proxy", async move {
            while let Ok((stream, _)) = listener.accept().await {
                followed.clone().let_through(&tasks, stream);
            }
        });
        Self {
            port,
            course,
            lifecycle,
        }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Says once where it leads.
    pub fn lead_to(&self, address: String) {
        self.course.address.set(address).unwrap();
    }

    /// From now on. Whatever goes through it is cut, and nothing of it arrives after this has returned.
    pub async fn set(&self, mode: ProxyMode) {
        self.course.change(|known| *known = mode).await;
    }

    /// Cuts everything that goes through it now.
    pub async fn cut(&self) {
        self.course.change(|_| {}).await;
    }

    /// Lets the port go.
    pub async fn end(self) {
        self.lifecycle.end().await;
    }
}

impl Course {
    async fn change(&self, how: impl FnOnce(&mut ProxyMode)) {
        let earlier = {
            let mut travellers = self.travellers.lock().unwrap();
            self.mode.send_modify(how);
            std::mem::take(&mut *travellers)
        };
        earlier.close();
        earlier.wait().await;
    }

    fn join(&self) -> (watch::Receiver<ProxyMode>, TaskTrackerToken) {
        let travellers = self.travellers.lock().unwrap();
        (self.mode.subscribe(), travellers.token())
    }

    fn let_through(self: Arc<Self>, tasks: &Tasks, stream: TcpStream) {
        let (mut mode, traveller) = self.join();
        let known = *mode.borrow_and_update();
        tasks.spawn("proxy.connection", async move {
            let travel = async {
                match known {
                    ProxyMode::Open => self.carry(stream).await,
                    ProxyMode::Refused => {}
                    ProxyMode::Silent => std::future::pending().await,
                }
            };
            tokio::select! {
                () = travel => {}
                _ = mode.changed() => {}
            }
            drop(traveller);
        });
    }

    /// Where nobody is at the other end, nobody is at this one.
    async fn carry(&self, mut stream: TcpStream) {
        let Some(address) = self.address.get() else { return };
        if let Ok(mut broker) = TcpStream::connect(address).await {
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut broker).await;
        }
    }
}
