//! One method of a contract, and the rules that hold for a call of it wherever it runs.

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::BuildHasher;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use kit_runtime::{Backoff, panic_text};

use crate::{CallContext, CallError, Deadline, Fault};

const MOST_ATTEMPTS: u32 = 3;

/// Between two attempts.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(20),
    longest: Duration::from_millis(80),
};

/// A method of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// The name of the service.
    pub service: &'static str,
    /// The name of the method.
    pub name: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Query,
    Command,
}

impl Method {
    /// A method that changes nothing, so that it may be sent again.
    pub const fn query(service: &'static str, name: &'static str) -> Self {
        let kind = Kind::Query;
        Self { service, name, kind }
    }

    /// A method that changes something: sent again only with an idempotency key.
    pub const fn command(service: &'static str, name: &'static str) -> Self {
        let kind = Kind::Command;
        Self { service, name, kind }
    }

    fn may_be_sent_again(&self, call: &CallContext) -> bool {
        match self.kind {
            Kind::Query => true,
            Kind::Command => call.idempotency_key().is_some(),
        }
    }
}

/// Calls until there is an answer, or a fault that another attempt does not mend, or no time. If one attempt
/// may have been done and a later one surely was not, the whole may have been done.
pub async fn attempt<R, T, E, F>(
    method: &Method,
    call: &CallContext,
    request: R,
    send: impl Fn(R) -> F,
) -> Result<T, CallError<E>>
where
    R: Clone,
    F: Future<Output = Result<T, CallError<E>>>,
{
    if !method.may_be_sent_again(call) {
        return send(request).await;
    }
    let mut may_be_done = false;
    for earlier in 0.. {
        let error = match send(request.clone()).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        match error.fault() {
            Some(Fault::Unknown) => may_be_done = true,
            Some(Fault::Unavailable) => {}
            Some(Fault::Internal) | None => return Err(error),
        }
        let pause = pause(earlier);
        if earlier + 1 == MOST_ATTEMPTS || call.deadline().remaining() <= pause {
            break;
        }
        tokio::time::sleep(pause).await;
    }
    Err(if may_be_done {
        CallError::Unknown
    } else {
        CallError::Unavailable
    })
}

/// The pause after so many attempts and one more.
fn pause(earlier: u32) -> Duration {
    // A hasher of the standard library starts anywhere, which is all the chance that is needed here.
    let [first, second, ..] = RandomState::new().hash_one(earlier).to_le_bytes();
    BACKOFF.pause(earlier + 1, u16::from_le_bytes([first, second]))
}

/// Runs a service's own code under the rules of every call: a deadline that passed before it began means
/// surely not done, one that passes underway may be done, and a panic is a defect of the service's, not of
/// its caller's.
pub async fn guard<T, E>(
    method: &Method,
    deadline: Deadline,
    work: impl Future<Output = Result<T, CallError<E>>>,
) -> Result<T, CallError<E>> {
    if deadline.has_passed() {
        return Err(CallError::Unavailable);
    }
    let work = AssertUnwindSafe(work).catch_unwind();
    let Ok(ended) = tokio::time::timeout_at(deadline.instant(), work).await else {
        return Err(CallError::Unknown);
    };
    ended.unwrap_or_else(|panic| {
        let Method { service, name, .. } = method;
        let panic = panic_text(&*panic);
        tracing::error!(service, method = name, panic, "a call panicked");
        Err(CallError::Internal)
    })
}
