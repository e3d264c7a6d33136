//! The idle connections of one upstream.

use std::collections::VecDeque;

use hyper::client::conn::http1::SendRequest;

/// Connections between two requests, the one used last at the end. Some are still sending their last
/// answer; those are passed over.
#[derive(Debug)]
pub(super) struct IdleConnections<B> {
    parked: VecDeque<Parked<B>>,
    /// How often the connections were tidied: a clock that costs nothing to read.
    round: u64,
}

#[derive(Debug)]
struct Parked<B> {
    sender: SendRequest<B>,
    round: u64,
}

impl<B> Default for IdleConnections<B> {
    fn default() -> Self {
        Self {
            parked: VecDeque::new(),
            round: 0,
        }
    }
}

impl<B> IdleConnections<B> {
    /// The connection used last of those that can take a request now.
    pub(super) fn take(&mut self) -> Option<SendRequest<B>> {
        for index in (0..self.parked.len()).rev() {
            let sender = &self.parked[index].sender;
            if sender.is_ready() {
                return self.parked.remove(index).map(|parked| parked.sender);
            }
            if sender.is_closed() {
                self.parked.remove(index);
            }
        }
        None
    }

    /// Keeps a connection; one more than `most` pushes out the one unused longest.
    pub(super) fn put(&mut self, sender: SendRequest<B>, most: usize) {
        if sender.is_closed() {
            return;
        }
        let round = self.round;
        self.parked.push_back(Parked { sender, round });
        if self.parked.len() > most {
            self.parked.pop_front();
        }
    }

    /// Drops what is closed, and what has been idle since before the last but one call.
    pub(super) fn tidy(&mut self) {
        self.round += 1;
        let round = self.round;
        self.parked.retain_mut(|parked| {
            if parked.sender.is_closed() {
                return false;
            }
            if !parked.sender.is_ready() {
                parked.round = round;
            }
            round - parked.round < 2
        });
    }

    /// Drops everything; connections in use end with their answer.
    pub(super) fn clear(&mut self) {
        self.parked.clear();
    }
}
