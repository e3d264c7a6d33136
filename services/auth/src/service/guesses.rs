//! The failures of accounts and addresses, in memory: a restart forgives, and the memory is bounded.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use kit_runtime::Timestamp;

use crate::domain::{DelayRules, Failures};

/// Past so many, those whose time is over are forgotten.
const SWEEP_AT: usize = 100_000;

/// When guesses begin to cost time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GuessRules {
    pub account: DelayRules,
    pub address: DelayRules,
}

/// Counts attempts; `None` as the rules counts nothing.
pub(crate) struct Guesses {
    rules: Option<GuessRules>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    accounts: HashMap<String, Failures>,
    addresses: HashMap<String, Failures>,
}

impl Guesses {
    pub(crate) fn new(rules: Option<GuessRules>) -> Self {
        Self {
            rules,
            known: Mutex::default(),
        }
    }

    /// Whether a password may be tried now; counts the attempt as a failure until [`Guesses::forgive`].
    pub(crate) fn attempt(&self, account: &str, address: &str, now: Timestamp) -> bool {
        let Some(rules) = self.rules else { return true };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = next(&known.addresses, address, rules.address, now);
        let of_account = next(&known.accounts, account, rules.account, now);
        let (Some(of_address), Some(of_account)) = (of_address, of_account) else {
            return false;
        };
        sweep(&mut known.addresses, rules.address, now);
        sweep(&mut known.accounts, rules.account, now);
        known.addresses.insert(address.to_owned(), of_address);
        known.accounts.insert(account.to_owned(), of_account);
        true
    }

    /// The password was right. The address's other failures stay: an attacker has an account of their own.
    pub(crate) fn forgive(&self, account: &str, address: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.accounts.remove(account);
        if let Some(failures) = known.addresses.get_mut(address) {
            *failures = failures.one_less();
        }
    }
}

fn next(known: &HashMap<String, Failures>, who: &str, rules: DelayRules, now: Timestamp) -> Option<Failures> {
    known.get(who).copied().unwrap_or_default().attempt(rules, now)
}

fn sweep(known: &mut HashMap<String, Failures>, rules: DelayRules, now: Timestamp) {
    if known.len() >= SWEEP_AT {
        known.retain(|_, failures| !failures.is_over(rules, now));
    }
    // All of them recent: an attack from everywhere. Memory is worth more than its history.
    if known.len() >= SWEEP_AT {
        known.clear();
    }
}
