//! A section: the keys that one component reads, how they are read, and the rules between them.

use kit_runtime::Secret;

use crate::key::{KeySpec, path_of};
use crate::loaded::Loaded;
use crate::problem::{ConfigErrors, Origin, Problem};
use crate::sources::Sources;
use crate::value::{Fault, Raw, Value};
use crate::{Catalog, Map, Tables};

/// The keys that one component reads. Implemented by [`config!`](crate::config!).
pub trait Section: Sized {
    /// The path before its keys; empty for keys at the top.
    const NAME: &'static str;
    /// What the section is about.
    const DOC: &'static str;

    /// Its keys in the order declared.
    fn keys() -> Vec<KeySpec>;

    /// Reads every key, noting each problem; `None` if there was one that leaves a field without a value.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
}

/// Types that may stand for a key that nobody set.
pub trait Absent: Value {
    /// The value of such a key.
    fn absent() -> Self;
}

impl<T: Value> Absent for Option<T> {
    fn absent() -> Self {
        None
    }
}

impl<T: Value> Absent for Vec<T> {
    fn absent() -> Self {
        Self::new()
    }
}

impl<T> Absent for Tables<T>
where
    Self: Value,
{
    fn absent() -> Self {
        Self::default()
    }
}

impl<T: Value> Absent for Map<T> {
    fn absent() -> Self {
        Self::default()
    }
}

crate::config_choice! {
    /// How strict the configuration is held.
    pub enum Profile {
        /// On one's own machine.
        Development = "development",
        /// Serving others: weak secrets are refused.
        Production = "production",
    }
}

crate::config! {
    /// The process as a whole.
    pub struct ProcessConfig("") {
        /// Whether it serves others: `production` refuses weak secrets.
        profile: Profile = "development",
        /// Where a service listens that is alone in its process: on this port, whatever its listen key says.
        port: Option<u16>,
    }
}

/// Reads the keys of one section and collects what is wrong with them.
#[derive(Debug)]
pub struct Reader<'a> {
    loaded: &'a Loaded,
    section: &'static str,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(loaded: &'a Loaded, section: &'static str) -> Self {
        Self {
            loaded,
            section,
            problems: Vec::new(),
        }
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// The key's value, or the one that its default stands for.
    pub fn value<T: Value>(&mut self, key: &str, default: &'static str) -> Option<T> {
        let path = path_of(self.section, key);
        match self.loaded.raw::<T>(&path) {
            Some(raw) => self.parse(&path, &raw),
            None => self.parse(&path, &Raw::Text(default.to_owned())),
        }
    }

    /// The key's value, or what stands for none.
    pub fn optional<T: Absent>(&mut self, key: &str) -> Option<T> {
        let path = path_of(self.section, key);
        match self.loaded.raw::<T>(&path) {
            Some(raw) => self.parse(&path, &raw),
            None => Some(T::absent()),
        }
    }

    /// Starts a check of rules that concern several keys.
    pub fn check(&mut self) -> Check<'_> {
        Check {
            loaded: self.loaded,
            section: self.section,
            problems: &mut self.problems,
        }
    }

    fn parse<T: Value>(&mut self, path: &str, raw: &Raw) -> Option<T> {
        match T::parse(raw) {
            Ok(value) => Some(value),
            Err(mismatch) => {
                self.problems.extend(
                    mismatch
                        .0
                        .iter()
                        .map(|fault| problem_of::<T>(self.loaded, path, fault)),
                );
                None
            }
        }
    }
}

fn problem_of<T: Value>(loaded: &Loaded, path: &str, fault: &Fault) -> Problem {
    let path = match &fault.entry {
        Some(entry) => format!("{path}.{entry}"),
        None => path.to_owned(),
    };
    // A type's own words might repeat what it refuses.
    let message = if T::SECRET {
        format!("expected {}", T::kind().expects)
    } else {
        fault.to_string()
    };
    let origin = loaded.origin_at(&path, fault.span.clone());
    Problem::new(path, message, origin)
}

/// For the rules of a section between its keys: what it may know, and where it reports.
#[derive(Debug)]
pub struct Check<'a> {
    loaded: &'a Loaded,
    section: &'static str,
    problems: &'a mut Vec<Problem>,
}

impl Check<'_> {
    /// The profile, which says how strict checks are.
    pub fn profile(&self) -> Profile {
        self.loaded.profile()
    }

    /// Reports a problem with a key of this section. The message must not repeat a secret.
    pub fn refuse(&mut self, key: &str, message: impl Into<String>) {
        let path = path_of(self.section, key);
        let origin = self
            .loaded
            .origin(&path)
            .filter(|origin| *origin != Origin::Default);
        self.problems.push(Problem {
            path,
            message: message.into(),
            origin,
        });
    }

    /// In production, refuses a secret that could be guessed: shorter than 32 bytes, of few different
    /// bytes, or with a word that examples use.
    pub fn require_strong(&mut self, key: &str, secret: &Secret<String>) {
        if self.profile() == Profile::Production
            && let Some(weakness) = weakness(secret.expose())
        {
            self.refuse(key, format!("too weak for production: {weakness}"));
        }
    }
}

fn weakness(secret: &str) -> Option<&'static str> {
    const SHORTEST: usize = 32;
    const FEWEST_DIFFERENT: usize = 10;
    const WORDS: [&str; 6] = [
        "changeme",
        "change-me",
        "change_me",
        "password",
        "secret",
        "example",
    ];

    let different: std::collections::BTreeSet<u8> = secret.bytes().collect();
    let lower = secret.to_ascii_lowercase();
    if secret.len() < SHORTEST {
        Some("it is shorter than 32 bytes")
    } else if different.len() < FEWEST_DIFFERENT {
        Some("it repeats itself")
    } else if WORDS.iter().any(|word| lower.contains(word)) {
        Some("it holds a word that examples use")
    } else {
        None
    }
}

/// A section with these keys set (whole paths) and all others at their defaults, for tests.
///
/// # Panics
/// If a key is unknown or a value is wrong; the message says which.
#[must_use]
#[track_caller]
pub fn test_values<S: Section>(pairs: &[(&str, &str)]) -> S {
    let flags = pairs
        .iter()
        .map(|(path, value)| ((*path).to_owned(), (*value).to_owned()))
        .collect();
    let read = || -> Result<S, ConfigErrors> {
        Catalog::new()
            .section::<S>()
            .load(Sources {
                flags,
                ..Sources::default()
            })?
            .get::<S>()
    };
    match read() {
        Ok(section) => section,
        Err(errors) => panic!("{errors}"),
    }
}
