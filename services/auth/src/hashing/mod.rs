//! Password hashes: made and checked on threads of their own, so that a burst of sign-ins takes CPU time
//! from nothing but other sign-ins.

mod scheme;

use std::sync::{Arc, OnceLock};

use kit_runtime::{Busy, Ids, WorkerPool};
use thiserror::Error;

pub(crate) use scheme::Scheme;

use crate::domain::Password;

/// Why there is no new hash.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum HashError {
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The library refuses the password or the parameters.
    #[error("the password could not be hashed: {0}")]
    Failed(String),
}

/// What a check of a password found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordCheck {
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
    pool: WorkerPool,
    ids: Ids,
    dummy: Arc<Dummy>,
}

/// A hash of nobody's password with today's parameters.
struct Dummy {
    scheme: Scheme,
    salt: [u8; 16],
    hash: OnceLock<String>,
}

impl Dummy {
    fn hash(&self) -> &str {
        self.hash.get_or_init(|| {
            let made = self.scheme.hash(b"nobody's password", self.salt);
            made.unwrap_or_else(|error| {
                tracing::error!(%error, "there is no dummy hash");
                String::new()
            })
        })
    }

    /// The check of a password, or else the work of one.
    fn check(&self, password: Option<&Password>, stored: Option<&str>) -> PasswordCheck {
        let checked = match (password, stored) {
            (Some(password), Some(stored)) => self.scheme.check(password.as_bytes(), stored),
            _ => None,
        };
        checked.unwrap_or_else(|| {
            self.scheme.check(b"nor anybody else's", self.hash());
            PasswordCheck::Wrong
        })
    }
}

impl Hasher {
    pub(crate) fn new(scheme: Scheme, pool: WorkerPool, ids: Ids) -> Self {
        let dummy = Dummy {
            scheme,
            salt: ids.random(),
            hash: OnceLock::new(),
        };
        Self {
            scheme,
            pool,
            ids,
            dummy: Arc::new(dummy),
        }
    }

    /// A new hash with a new salt.
    pub(crate) async fn hash(&self, password: &Password) -> Result<String, HashError> {
        let (scheme, salt, password) = (self.scheme, self.ids.random(), password.clone());
        self.pool
            .run(move || scheme.hash(password.as_bytes(), salt))
            .await?
    }

    /// Checks a password against a stored hash. Where there is no account, or no account could have this
    /// password, the same work is done on a dummy, so that the time taken tells nothing.
    pub(crate) async fn check(
        &self,
        password: Option<Password>,
        stored: Option<String>,
    ) -> Result<PasswordCheck, HashError> {
        let dummy = self.dummy.clone();
        let check = move || dummy.check(password.as_ref(), stored.as_deref());
        Ok(self.pool.run(check).await?)
    }

    /// Makes the dummy before the first sign-in needs it.
    pub(crate) async fn warm_up(&self) {
        let dummy = self.dummy.clone();
        let made = self.pool.run(move || {
            dummy.hash();
        });
        if made.await.is_err() {
            tracing::debug!("the dummy hash will be made by the first sign-in");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEME: Scheme = Scheme::Bcrypt { cost: 8 };

    /// What the CPU spent on `work` in this thread, in nanoseconds: the least of several runs, which other
    /// load on the machine does not add to.
    #[cfg(target_os = "linux")]
    fn cost_of(work: impl Fn()) -> u64 {
        let spent = || -> u64 {
            let said = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
            said.split(' ').next().unwrap().parse().unwrap()
        };
        let runs = (0..7).map(|_| {
            // The kernel counts up to the last switch, so switches stand on either side.
            std::thread::yield_now();
            let before = spent();
            work();
            std::thread::yield_now();
            spent() - before
        });
        runs.min().unwrap()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn whoever_signs_in_as_whomever_causes_the_same_work() {
        let dummy = Dummy {
            scheme: SCHEME,
            salt: [3; 16],
            hash: OnceLock::new(),
        };
        dummy.hash();
        let given = |text: &str| Password::given(text);
        let (right, wrong) = (given("the-right-password"), given("a-wrong-password"));
        let (long, none) = (given(&"x".repeat(100)), given("nul\0"));
        let stored = SCHEME.hash(b"the-right-password", [1; 16]).unwrap();
        let usual = cost_of(|| {
            assert_eq!(dummy.check(wrong.as_ref(), Some(&stored)), PasswordCheck::Wrong);
        });
        let dear = "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        for (case, password, stored, found) in [
            ("right", &right, Some(stored.as_str()), PasswordCheck::Right),
            ("unknown", &wrong, None, PasswordCheck::Wrong),
            ("too long", &long, Some(&stored), PasswordCheck::Wrong),
            ("impossible", &none, Some(&stored), PasswordCheck::Wrong),
            ("no hash", &right, Some(""), PasswordCheck::Wrong),
            ("a hash too dear", &right, Some(dear), PasswordCheck::Wrong),
            ("nothing at all", &none, None, PasswordCheck::Wrong),
        ] {
            let spent = cost_of(|| assert_eq!(dummy.check(password.as_ref(), stored), found, "{case}"));
            // Another cost would be half or double.
            assert!(
                spent * 4 > usual * 3 && spent * 3 < usual * 4,
                "{case}: {spent} for {usual} ns"
            );
        }
    }
}
