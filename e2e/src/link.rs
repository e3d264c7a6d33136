//! A TCP link that can be cut: what stands between a process and a server that is to go away for a while.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Passes bytes on in both directions, until it is cut.
pub struct Link {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    target: SocketAddr,
    whole: AtomicBool,
    /// Both ends of every connection.
    ends: Mutex<Vec<TcpStream>>,
}

impl Link {
    /// A link to a server.
    ///
    /// # Panics
    /// When there is no port for it.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a story without its link cannot go on")]
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let state = Arc::new(State {
            target,
            whole: AtomicBool::new(true),
            ends: Mutex::default(),
        });
        let accepting = state.clone();
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // A server that closes the connection at once is what a client of a broken link sees.
                let _ = accepting.join(near);
            }
        });
        Self { address, state }
    }

    /// Where its near end is.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection, and every new one at once.
    pub fn cut(&self) {
        let mut ends = self.state.ends();
        self.state.whole.store(false, Ordering::SeqCst);
        for end in ends.drain(..) {
            // Ended already is as good.
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.state.whole.store(true, Ordering::SeqCst);
    }
}

impl State {
    fn join(&self, near: TcpStream) -> io::Result<()> {
        let mut ends = self.ends();
        if !self.whole.load(Ordering::SeqCst) {
            return Ok(());
        }
        let far = TcpStream::connect(self.target)?;
        pass_on(near.try_clone()?, far.try_clone()?);
        pass_on(far.try_clone()?, near.try_clone()?);
        ends.extend([near, far]);
        Ok(())
    }

    fn ends(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        // However it ends, the other side is to hear of it.
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
