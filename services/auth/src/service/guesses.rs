//! The failures of accounts and addresses, in memory: a restart forgives, and the memory is bounded.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kit_runtime::{Clock, Timestamp};
use kit_token::UserId;
use tokio::sync::Notify;

use crate::domain::{Admission, DelayRules, Failures};

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

/// Who is guessed at, as it is counted.
///
/// Whoever guesses on and on at somebody makes them wait as well, which would be the lock that a delay is
/// meant not to be. So an address at which somebody has signed in before counts for itself: there they wait
/// for their own failures alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GuessedAt<'a> {
    /// A name that nobody has.
    Nobody(&'a str),
    /// An account, from anywhere.
    Account(UserId),
    /// An account, from an address of its owner's.
    AtHome(UserId),
}

/// Counts attempts; `None` as the rules counts nothing.
pub(crate) struct Guesses {
    rules: Option<GuessRules>,
    clock: Clock,
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
    pub(crate) fn new(rules: Option<GuessRules>, clock: Clock) -> Self {
        Self {
            rules,
            clock,
            known: Mutex::default(),
            ended: Notify::new(),
        }
    }

    /// Begins an attempt; `None` where it comes too soon. Where that depends on attempts under way, it waits
    /// for them: a hundred wrong guesses at once are a hundred, and a hundred people behind one address who
    /// sign in at once are no attack.
    pub(crate) async fn attempt(&self, who: &GuessedAt<'_>, address: &str) -> Option<Attempt<'_>> {
        let Some(rules) = self.rules else {
            return Some(Attempt {
                counted: None,
                outcome: Outcome::Wrong,
            });
        };
        let (account, address) = (who.key(address), key(address));
        loop {
            let ended = self.ended.notified();
            let at = self.clock.now();
            let admission = self.known().begin(rules, &account, &address, at);
            match admission {
                Admission::TooSoon => return None,
                Admission::Wait => ended.await,
                Admission::Admitted => {
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
    fn begin(&mut self, rules: GuessRules, account: &str, address: &str, now: Timestamp) -> Admission {
        let of_account = self.accounts.get(account).copied().unwrap_or_default();
        let of_address = self.addresses.get(address).copied().unwrap_or_default();
        let admission = match (
            of_account.admission(rules.account, now),
            of_address.admission(rules.address, now),
        ) {
            (Admission::TooSoon, _) | (_, Admission::TooSoon) => Admission::TooSoon,
            (Admission::Wait, _) | (_, Admission::Wait) => Admission::Wait,
            (Admission::Admitted, Admission::Admitted) => Admission::Admitted,
        };
        if admission == Admission::Admitted {
            sweep(&mut self.accounts, rules.account, now);
            sweep(&mut self.addresses, rules.address, now);
            self.accounts.insert(account.to_owned(), of_account.begun());
            self.addresses.insert(address.to_owned(), of_address.begun());
        }
        admission
    }

    fn end(&mut self, attempt: &Counted<'_>, outcome: Outcome) {
        let GuessRules { account, address } = attempt.rules;
        change(&mut self.accounts, &attempt.account, |failures| match outcome {
            Outcome::Wrong => failures.after_failure(account, attempt.at),
            Outcome::Right => failures.reset(),
            Outcome::NotMade => failures.ended(),
        });
        change(&mut self.addresses, &attempt.address, |failures| match outcome {
            Outcome::Wrong => failures.after_failure(address, attempt.at),
            Outcome::Right | Outcome::NotMade => failures.ended(),
        });
    }
}

impl GuessedAt<'_> {
    /// No two kinds have a key in common: what nobody has is written without capital letters.
    fn key(&self, address: &str) -> String {
        match self {
            Self::Nobody(name) => key(&name.to_lowercase()),
            Self::Account(user_id) => format!("A {user_id}"),
            Self::AtHome(user_id) => format!("H {user_id} {address}"),
        }
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
        known.retain(|_, failures| failures.is_in_flight());
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::time::Duration;

    use futures::{FutureExt as _, poll};
    use kit_runtime::FakeClock;

    use super::*;

    const ADA: GuessedAt<'_> = GuessedAt::Nobody("ada");
    const ADDRESS: &str = "192.0.2.7";

    fn guesses() -> (Guesses, FakeClock) {
        let rules = |free| DelayRules {
            free,
            window: Duration::from_mins(15),
            longest: Duration::from_secs(30),
        };
        let rules = GuessRules {
            account: rules(5),
            address: rules(50),
        };
        let time = FakeClock::at(Timestamp::from_seconds(1_700_000_000));
        (Guesses::new(Some(rules), time.clock()), time)
    }

    /// So many at one account that nobody has looked at yet.
    fn in_flight(guesses: &Guesses, count: usize) -> Vec<Attempt<'_>> {
        let begun = (0..count).map(|_| guesses.attempt(&ADA, ADDRESS).now_or_never().flatten());
        begun.map(|attempt| attempt.expect("there is room")).collect()
    }

    #[tokio::test]
    async fn the_sixth_waits_for_the_five_and_comes_too_soon_where_all_were_wrong() {
        let (guesses, time) = guesses();
        let mut five = in_flight(&guesses, 5);
        let mut sixth = pin!(guesses.attempt(&ADA, ADDRESS));
        assert!(poll!(&mut sixth).is_pending());
        while let Some(wrong) = five.pop() {
            assert!(poll!(&mut sixth).is_pending());
            drop(wrong);
        }
        assert!(sixth.await.is_none());
        time.advance(Duration::from_secs(1));
        assert_eq!(in_flight(&guesses, 1).len(), 1);
    }

    #[tokio::test]
    async fn the_sixth_goes_on_where_one_was_right_or_was_not_made() {
        for right in [true, false] {
            let (guesses, _) = guesses();
            let mut five = in_flight(&guesses, 5);
            let mut sixth = pin!(guesses.attempt(&ADA, ADDRESS));
            assert!(poll!(&mut sixth).is_pending());
            let one = five.remove(2);
            if right {
                one.was_right();
            } else {
                one.was_not_made();
            }
            let sixth = sixth.now_or_never().flatten();
            assert!(sixth.is_some());
            assert!(guesses.attempt(&ADA, ADDRESS).now_or_never().is_none());
        }
    }

    #[tokio::test]
    async fn somebody_elses_attempts_are_no_reason_to_wait() {
        let (guesses, _) = guesses();
        let five = in_flight(&guesses, 5);
        let grace = guesses
            .attempt(&GuessedAt::Nobody("grace"), ADDRESS)
            .now_or_never()
            .flatten();
        assert!(grace.is_some());
        drop(five);
    }

    #[tokio::test]
    async fn what_is_remembered_of_an_attack_from_everywhere_is_bounded() {
        let (guesses, _) = guesses();
        let held = in_flight(&guesses, 5);
        for number in 0..SWEEP_AT + 1_000 {
            let name = number.to_string();
            let wrong = guesses.attempt(&GuessedAt::Nobody(&name), &name).await;
            drop(wrong);
        }
        assert!(guesses.known().accounts.len() <= SWEEP_AT);
        assert!(guesses.known().addresses.len() <= SWEEP_AT);
        // Those that are under way still count when they end.
        drop(held);
        assert!(guesses.attempt(&ADA, ADDRESS).await.is_none());
    }
}
