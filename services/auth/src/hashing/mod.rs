//! Password hashes: made and checked on threads of their own, so that a burst of sign-ins takes CPU time
//! from nothing but other sign-ins.

mod pool;
mod scheme;

use std::sync::{Arc, OnceLock};

use kit_runtime::Ids;

pub(crate) use pool::{Busy, HashPool};
pub(crate) use scheme::Scheme;

use crate::domain::Password;

/// What a check of a password found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is not the one.
    Wrong,
    /// It is, and its hash is as it would be made today.
    Right,
    /// It is, but its hash was made with other parameters and should be made anew.
    RightButOutdated,
}

/// Makes and checks hashes with the configured parameters. A cheap handle.
#[derive(Clone)]
pub(crate) struct Hasher {
    scheme: Scheme,
    pool: HashPool,
    ids: Ids,
    dummy: Arc<OnceLock<String>>,
}

impl Hasher {
    pub(crate) fn new(scheme: Scheme, pool: HashPool, ids: Ids) -> Self {
        Self {
            scheme,
            pool,
            ids,
            dummy: Arc::default(),
        }
    }

    /// A new hash with a new salt.
    pub(crate) async fn hash(&self, password: &Password) -> Result<String, Busy> {
        let (scheme, salt, password) = (self.scheme, self.ids.random(), password.clone());
        self.pool
            .run(move || scheme.hash(password.as_bytes(), salt))
            .await
    }

    /// Checks a password against a stored hash. Where there is no account, or no account could have this
    /// password, the same work is done on a dummy, so that the time taken tells nothing.
    pub(crate) async fn check(
        &self,
        password: Option<Password>,
        stored: Option<String>,
    ) -> Result<Verdict, Busy> {
        let (scheme, ids, dummy) = (self.scheme, self.ids.clone(), self.dummy.clone());
        self.pool
            .run(move || match (password, stored) {
                (Some(password), Some(stored)) if Scheme::can_bear(password.as_bytes(), &stored) => {
                    scheme.check(password.as_bytes(), &stored)
                }
                _ => {
                    let dummy = dummy.get_or_init(|| scheme.hash(b"nobody's password", ids.random()));
                    scheme.check(b"nor anybody else's", dummy);
                    Verdict::Wrong
                }
            })
            .await
    }

    /// Makes the dummy before the first sign-in needs it.
    pub(crate) async fn warm_up(&self) {
        let (scheme, ids, dummy) = (self.scheme, self.ids.clone(), self.dummy.clone());
        let made = self.pool.run(move || {
            dummy.get_or_init(|| scheme.hash(b"nobody's password", ids.random()));
        });
        if made.await.is_err() {
            tracing::debug!("the dummy hash will be made by the first sign-in");
        }
    }
}
