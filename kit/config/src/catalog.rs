//! The list of everything that may be configured.

use std::any::type_name;
use std::collections::BTreeSet;

use crate::key::KeySpec;
use crate::layers;
use crate::loaded::Loaded;
use crate::problem::ConfigErrors;
use crate::section::{ProcessConfig, Reader, Section};
use crate::sources::Sources;
use crate::value::Shape;

/// The list of everything that may be configured: what is not in it is refused.
///
/// It holds [`ProcessConfig`] (`profile`, `port`) from the start.
#[derive(Debug, Clone)]
pub struct Catalog {
    pub(crate) sections: Vec<SectionEntry>,
    pub(crate) reserved: Vec<KeySpec>,
    pub(crate) aliases: Vec<Alias>,
}

/// How the text of an alias becomes that of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AliasKind {
    /// The value is used as it is.
    Same,
    /// A plain number is hours; the key is a duration.
    Hours,
}

/// A section, without its type.
#[derive(Debug, Clone)]
pub(crate) struct SectionEntry {
    type_name: &'static str,
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) keys: Vec<KeySpec>,
    pub(crate) check: fn(&mut Reader<'_>),
}

/// A well-known name of the environment that stands for a key.
#[derive(Debug, Clone)]
pub(crate) struct Alias {
    pub(crate) variable: &'static str,
    pub(crate) path: &'static str,
    pub(crate) kind: AliasKind,
}

/// What a path stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// One value: a key, or a free name in a key's table.
    Value,
    /// The beginning of several values' paths.
    Group,
    /// Nothing.
    Unknown,
}

impl Default for Catalog {
    fn default() -> Self {
        Self::new()
    }
}

impl Catalog {
    /// A catalog with [`ProcessConfig`] only.
    pub fn new() -> Self {
        Self {
            sections: Vec::new(),
            reserved: Vec::new(),
            aliases: Vec::new(),
        }
        .section::<ProcessConfig>()
    }

    /// Adds a section; one that is there already is not added twice.
    #[must_use]
    pub fn section<S: Section>(mut self) -> Self {
        if !self.has::<S>() {
            self.sections.push(SectionEntry {
                type_name: type_name::<S>(),
                name: S::NAME,
                doc: S::DOC,
                keys: S::keys(),
                check: |reader| drop(S::read(reader)),
            });
        }
        self
    }

    /// Makes a key known that nothing reads yet: it is accepted with any value and ignored. A section that
    /// declares the same key takes its place.
    #[must_use]
    pub fn reserved(mut self, path: &str, doc: &str) -> Self {
        self.reserved.push(KeySpec::reserved(path, doc));
        self
    }

    /// Lets a variable of the environment (and of `.env`) stand for a key. The key's own variable wins over
    /// it, and an empty one counts as not set, which is how compose files pass on what nobody gave.
    #[must_use]
    pub fn alias(mut self, variable: &'static str, path: &'static str, kind: AliasKind) -> Self {
        self.aliases.push(Alias { variable, path, kind });
        self
    }

    /// Reads the sources and merges them.
    ///
    /// Fails if a source cannot be read, a key is unknown or the profile is wrong, and then reports what is
    /// wrong with the values as well. Values alone do not make it fail, so that they can still be shown:
    /// see [`Loaded::check`] and [`Loaded::get`].
    pub fn load(&self, sources: Sources) -> Result<Loaded, ConfigErrors> {
        layers::load(self.clone(), sources)
    }

    /// Every key: of the sections in their order, then the reserved ones.
    pub fn keys(&self) -> impl Iterator<Item = &KeySpec> {
        self.sections
            .iter()
            .flat_map(|section| &section.keys)
            .chain(self.unread())
    }

    pub(crate) fn has<S: Section>(&self) -> bool {
        self.sections
            .iter()
            .any(|section| section.type_name == type_name::<S>())
    }

    /// The reserved keys that no section has declared.
    pub(crate) fn unread(&self) -> impl Iterator<Item = &KeySpec> {
        let read: BTreeSet<&str> = self
            .sections
            .iter()
            .flat_map(|section| &section.keys)
            .map(|key| key.path.as_str())
            .collect();
        self.reserved
            .iter()
            .filter(move |key| !read.contains(key.path.as_str()))
    }

    pub(crate) fn lookup(&self, path: &str) -> Lookup {
        let is_map = |path: &str| {
            self.keys()
                .any(|key| key.path == path && key.kind.shape == Shape::Map)
        };
        if is_map(path) || self.keys().any(|key| is_below(&key.path, path)) {
            Lookup::Group
        } else if self.keys().any(|key| key.path == path)
            || path
                .rsplit_once('.')
                .is_some_and(|(table, name)| is_map(table) && !name.is_empty())
        {
            Lookup::Value
        } else {
            Lookup::Unknown
        }
    }

    /// The known key that is most like `path`.
    pub(crate) fn nearest_key(&self, path: &str) -> Option<String> {
        nearest(path, self.keys().map(KeySpec::documented_path))
    }

    /// The known table that is most like `path`.
    pub(crate) fn nearest_table(&self, path: &str) -> Option<String> {
        let groups = self.keys().flat_map(|key| {
            let whole = (key.kind.shape != Shape::One).then(|| key.path.clone());
            key.path
                .match_indices('.')
                .map(|(dot, _)| key.path[..dot].to_owned())
                .chain(whole)
        });
        nearest(path, groups)
    }
}

fn is_below(path: &str, group: &str) -> bool {
    path.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'))
}

/// The likest candidate; a last segment that fits counts nearly as much as the whole path, for a key that
/// is right but in the wrong place.
fn nearest(path: &str, candidates: impl Iterator<Item = String>) -> Option<String> {
    const MISPLACED: f64 = 0.9;
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let likeness = |candidate: &str| {
        let whole = strsim::normalized_damerau_levenshtein(path, candidate);
        let end = strsim::normalized_damerau_levenshtein(&last(path), &last(candidate));
        whole.max(MISPLACED * end)
    };
    candidates
        .map(|candidate| (likeness(&candidate), candidate))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, best)| best)
}
