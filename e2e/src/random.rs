//! Chance that can be had again: all that a story does by chance follows from one number, which is told where the story
//! fails.

use kit_runtime::SplitMix64;

use crate::paths::variable;

/// The variable that sets the number.
const SEED: &str = "STOA_SEED";

/// The number of a story. Told when it goes out of scope in a story that failed.
#[derive(Debug)]
pub struct Seed(u64);

impl Seed {
    /// That of the variable `STOA_SEED`, or a new one.
    ///
    /// # Panics
    /// When the variable is no number.
    #[must_use]
    pub fn of_story() -> Self {
        let fresh = || u64::from(u32::from_le_bytes(kit_runtime::Ids::system().random::<4>()));
        Self(number(SEED).unwrap_or_else(fresh))
    }

    /// The chance that follows from it.
    #[must_use]
    pub const fn chance(&self) -> Chance {
        Chance(SplitMix64::new(self.0))
    }
}

impl Drop for Seed {
    #[expect(
        clippy::print_stderr,
        reason = "the test harness shows it where the story failed"
    )]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- to have the same by chance again: {SEED}={}", self.0);
        }
    }
}

/// A number that a variable sets.
///
/// # Panics
/// When it is set to something else.
#[must_use]
pub fn number(name: &str) -> Option<u64> {
    let text = variable(name)?;
    let number = text.to_str().and_then(|text| text.parse().ok());
    assert!(
        number.is_some(),
        "`{name}` must be a number, not {}",
        text.display()
    );
    number
}

/// What happens by chance: the same from the same number, on every machine.
#[derive(Clone, Debug)]
pub struct Chance(SplitMix64);

impl Chance {
    /// A number below another, which is more than 0.
    ///
    /// # Panics
    /// Never on a machine of 64 bits.
    #[expect(clippy::expect_used, reason = "what is less than a `usize` is one")]
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).expect("64 bits");
        usize::try_from(self.0.next_u64() % limit).expect("64 bits")
    }

    /// Whether something happens that does in so many of a hundred cases.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these, of which there are some.
    pub fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// One of these, the likelier the greater its weight.
    ///
    /// # Panics
    /// Where there is none, or none has a weight.
    pub fn weighted<T: Clone>(&mut self, all: &[(usize, T)]) -> T {
        let mut left = self.below(all.iter().map(|(weight, _)| weight).sum());
        let chosen = all.iter().find(|(weight, _)| {
            let is_it = left < *weight;
            left = left.saturating_sub(*weight);
            is_it
        });
        match chosen {
            Some((_, one)) => one.clone(),
            None => panic!("nothing has a weight"),
        }
    }
}
