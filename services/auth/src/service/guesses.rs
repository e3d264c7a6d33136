//! The failures of accounts and addresses, in memory: a restart forgives, and the memory is bounded.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kit_runtime::{Clock, Timestamp};
use tokio::sync::Notify;

use crate::domain::{DelayRules, Failures, Turn};

/// Past so many, those whose time is over are forgotten.
const SWEEP_AT: usize = 100_000;
/// Longer than any account's name or address, in characters.
const LONGEST_KEY: usize = 254;

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
    /// Rung whenever an attempt has ended.
    ended: Notify,
}

#[derive(Default)]
struct Known {
    accounts: HashMap<String, Failures>,
    addresses: HashMap<String, Failures>,
}

/// A password that is being looked at. Dropped, it was a wrong one.
pub(crate) struct Attempt<'g> {
    /// Nothing is counted without.
    counted: Option<Counted<'g>>,
    outcome: Outcome,
}

struct Counted<'g> {
    guesses: &'g Guesses,
    rules: GuessRules,
    account: String,
    address: String,
    at: Timestamp,
}

#[derive(Clone, Copy)]
enum Outcome {
    Wrong,
    Right,
    NotMade,
}

impl Guesses {
    pub(crate) fn new(rules: Option<GuessRules>) -> Self {
        Self {
            rules,
            known: Mutex::default(),
            ended: Notify::new(),
        }
    }

    /// Begins an attempt; `None` where it comes too soon. Where that depends on attempts under way, it waits
    /// for them: a hundred wrong guesses at once are a hundred, and a hundred people behind one address who
    /// sign in at once are no attack.
    pub(crate) async fn attempt(&self, account: &str, address: &str, clock: &Clock) -> Option<Attempt<'_>> {
        let Some(rules) = self.rules else {
            return Some(Attempt {
                counted: None,
                outcome: Outcome::Wrong,
            });
        };
        let (account, address) = (key(account), key(address));
        loop {
            let ended = self.ended.notified();
            let at = clock.now();
            let turn = self.known().begin(rules, &account, &address, at);
            match turn {
                Turn::TooSoon => return None,
                Turn::Later => ended.await,
                Turn::Now => {
                    break Some(Attempt {
                        counted: Some(Counted {
                            guesses: self,
                            rules,
                            account,
                            address,
                            at,
                        }),
                        outcome: Outcome::Wrong,
                    });
                }
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// The password was right. The address's failures stay: an attacker has an account of their own.
    pub(crate) fn was_right(mut self) {
        self.outcome = Outcome::Right;
    }

    /// Nobody looked at the password.
    pub(crate) fn was_not_made(mut self) {
        self.outcome = Outcome::NotMade;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let Some(counted) = &self.counted else { return };
        counted.guesses.known().end(counted, self.outcome);
        counted.guesses.ended.notify_waiters();
    }
}

impl Known {
    fn begin(&mut self, rules: GuessRules, account: &str, address: &str, now: Timestamp) -> Turn {
        let of_account = self.accounts.get(account).copied().unwrap_or_default();
        let of_address = self.addresses.get(address).copied().unwrap_or_default();
        let turn = match (
            of_account.turn(rules.account, now),
            of_address.turn(rules.address, now),
        ) {
            (Turn::TooSoon, _) | (_, Turn::TooSoon) => Turn::TooSoon,
            (Turn::Later, _) | (_, Turn::Later) => Turn::Later,
            (Turn::Now, Turn::Now) => Turn::Now,
        };
        if turn == Turn::Now {
            sweep(&mut self.accounts, rules.account, now);
            sweep(&mut self.addresses, rules.address, now);
            self.accounts.insert(account.to_owned(), of_account.begun());
            self.addresses.insert(address.to_owned(), of_address.begun());
        }
        turn
    }

    fn end(&mut self, attempt: &Counted<'_>, outcome: Outcome) {
        let GuessRules { account, address } = attempt.rules;
        change(&mut self.accounts, &attempt.account, |failures| match outcome {
            Outcome::Wrong => failures.failed(account, attempt.at),
            Outcome::Right => failures.forgiven(),
            Outcome::NotMade => failures.ended(),
        });
        change(&mut self.addresses, &attempt.address, |failures| match outcome {
            Outcome::Wrong => failures.failed(address, attempt.at),
            Outcome::Right | Outcome::NotMade => failures.ended(),
        });
    }
}

fn key(name: &str) -> String {
    name.chars().take(LONGEST_KEY).collect()
}

fn change(known: &mut HashMap<String, Failures>, who: &str, change: impl FnOnce(Failures) -> Failures) {
    let Some(failures) = known.get_mut(who) else {
        return;
    };
    *failures = change(*failures);
    if *failures == Failures::default() {
        known.remove(who);
    }
}

fn sweep(known: &mut HashMap<String, Failures>, rules: DelayRules, now: Timestamp) {
    if known.len() >= SWEEP_AT {
        known.retain(|_, failures| !failures.is_over(rules, now));
    }
    // All of them recent: an attack from everywhere. Memory is worth more than its history.
    if known.len() >= SWEEP_AT {
        known.retain(|_, failures| failures.is_under_way());
    }
}
