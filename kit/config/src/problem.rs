//! What can be wrong with a configuration, and where a value comes from.

use std::fmt;
use std::path::PathBuf;

use serde::{Serialize, Serializer};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it: the declared default, or nothing at all.
    Default,
    /// A line of the TOML file, counted from 1.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// A line of `.env`.
    Dotenv {
        /// The file as it was named.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The name of the environment variable.
        name: String,
    },
    /// A variable of the environment.
    Environment {
        /// The variable as it is spelled there.
        name: String,
    },
    /// A flag on the command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Dotenv { path, line, name } => write!(f, "{}:{line}, `{name}`", path.display()),
            Self::Environment { name } => write!(f, "environment `{name}`"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One thing that is wrong. Its text never holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The key it is about; empty where it is about a whole file.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// Where the value comes from; `None` where nobody set one and one is needed.
    pub origin: Option<Origin>,
}

impl Problem {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>, origin: Origin) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
            origin: Some(origin),
        }
    }

    /// A problem of a whole file, which no key can be blamed for.
    pub(crate) fn of_file(message: impl Into<String>) -> Self {
        Self {
            path: String::new(),
            message: message.into(),
            origin: None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "`{}`: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.origin {
            Some(origin) => write!(f, " ({origin})"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a configuration; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors {
    problems: Vec<Problem>,
}

impl ConfigErrors {
    /// `Err` with the problems, each once, or `Ok` where there is none.
    pub(crate) fn unless_empty(problems: Vec<Problem>) -> Result<(), Self> {
        let mut distinct: Vec<Problem> = Vec::with_capacity(problems.len());
        for problem in problems {
            if !distinct.contains(&problem) {
                distinct.push(problem);
            }
        }
        if distinct.is_empty() {
            Ok(())
        } else {
            Err(Self { problems: distinct })
        }
    }

    pub(crate) fn of(problem: Problem) -> Self {
        Self {
            problems: vec![problem],
        }
    }

    /// Each problem, in the order found.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.as_slice() {
            [only] => write!(f, "the configuration is wrong: {only}"),
            several => {
                write!(f, "the configuration has {} problems:", several.len())?;
                several
                    .iter()
                    .try_for_each(|problem| write!(f, "\n  - {problem}"))
            }
        }
    }
}
