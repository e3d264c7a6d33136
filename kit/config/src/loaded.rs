//! The merged configuration: what every key is set to, and by whom.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::PathBuf;

use serde::Serialize;

use crate::catalog::Catalog;
use crate::key::KeySpec;
use crate::problem::{ConfigErrors, Origin, Problem};
use crate::section::{Profile, Reader, Section};
use crate::value::{Raw, Shape, Value};

/// The merged configuration. Its keys are known; its values may still be wrong until they are
/// [got](Self::get) or [checked](Self::check).
#[derive(Clone)]
pub struct Loaded {
    pub(crate) catalog: Catalog,
    settings: BTreeMap<String, Setting>,
    pub(crate) lines: Option<Lines>,
    profile: Profile,
}

#[derive(Clone)]
struct Setting {
    raw: Raw,
    origin: Origin,
}

/// A key as `config show` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownKey {
    /// The full path of the key.
    pub path: String,
    /// What it is set to, `<secret>` for a secret one, `None` where it is not set.
    pub value: Option<String>,
    /// Which source set the value.
    pub origin: Origin,
}

/// Without the values, which may be secret.
impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded")
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

impl Loaded {
    pub(crate) fn new(catalog: Catalog) -> Self {
        Self {
            catalog,
            settings: BTreeMap::new(),
            lines: None,
            profile: Profile::Development,
        }
    }

    pub(crate) fn set(&mut self, path: String, raw: Raw, origin: Origin) {
        self.settings.insert(path, Setting { raw, origin });
    }

    /// Reads the profile, which the rules of all sections may depend on; false if it is no profile.
    pub(crate) fn settle_profile(&mut self) -> bool {
        let profile = self
            .settings
            .get("profile")
            .map(|setting| Profile::parse(&setting.raw));
        match profile {
            None => true,
            Some(Ok(profile)) => {
                self.profile = profile;
                true
            }
            Some(Err(_)) => false,
        }
    }

    /// How strict the configuration is held.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// A section's values, or all that is wrong with them.
    pub fn get<S: Section>(&self) -> Result<S, ConfigErrors> {
        let mut reader = Reader::new(self, S::NAME);
        let section = if self.catalog.has::<S>() {
            S::read(&mut reader)
        } else {
            None
        };
        ConfigErrors::unless_empty(reader.into_problems())?;
        section.ok_or_else(|| {
            ConfigErrors::of(Problem::of_file(format!(
                "the section `{}` is not in the catalog",
                S::NAME
            )))
        })
    }

    /// The value of one key, by its whole path, for those that many sections have.
    pub fn value<T: Value>(&self, path: &str) -> Result<T, ConfigErrors> {
        let spec = self.catalog.keys().find(|key| key.path == path);
        let default = spec.and_then(|key| key.default).unwrap_or_default();
        let mut reader = Reader::new(self, "");
        let value = reader.value(path, default);
        ConfigErrors::unless_empty(reader.into_problems())?;
        value.ok_or_else(|| ConfigErrors::of(Problem::of_file(format!("`{path}` is not set"))))
    }

    /// All that is wrong with the values of all sections.
    pub fn check(&self) -> Result<(), ConfigErrors> {
        ConfigErrors::unless_empty(self.problems())
    }

    pub(crate) fn problems(&self) -> Vec<Problem> {
        let of_section = |section: &crate::catalog::SectionEntry| {
            let mut reader = Reader::new(self, section.name);
            (section.check)(&mut reader);
            reader.into_problems()
        };
        self.catalog.sections.iter().flat_map(of_section).collect()
    }

    /// Who set the key; `None` where nobody did and it has no default.
    pub fn origin(&self, path: &str) -> Option<Origin> {
        let set = self.settings.get(path).map(|setting| setting.origin.clone());
        set.or_else(|| {
            self.catalog
                .keys()
                .find(|key| key.path == path)
                .and_then(|key| key.default)
                .map(|_| Origin::Default)
        })
    }

    /// Who set the key, to the line of the part that is meant.
    pub(crate) fn origin_at(&self, path: &str, part: Option<Range<usize>>) -> Origin {
        match (self.origin(path), part, &self.lines) {
            (Some(Origin::File { .. }), Some(part), Some(lines)) => lines.origin(part.start),
            (Some(origin), ..) => origin,
            (None, ..) => Origin::Default,
        }
    }

    /// What the key is set to, if somebody set it; the entries of all layers for a table of free names.
    pub(crate) fn raw<T: Value>(&self, path: &str) -> Option<Raw> {
        if T::kind().shape != Shape::Map {
            return self.settings.get(path).map(|setting| setting.raw.clone());
        }
        let entries: Vec<(String, Raw)> = self
            .entries(path)
            .map(|(name, setting)| (name.to_owned(), setting.raw.clone()))
            .collect();
        (!entries.is_empty()).then_some(Raw::Entries(entries))
    }

    fn entries(&self, table: &str) -> impl Iterator<Item = (&str, &Setting)> {
        let prefix = format!("{table}.");
        self.settings
            .iter()
            .filter_map(move |(path, setting)| Some((path.strip_prefix(&prefix)?, setting)))
    }

    /// Every key with what it is set to and by whom; secrets as `<secret>`. Keys that nothing reads are
    /// listed where they are set.
    pub fn show(&self) -> Vec<ShownKey> {
        self.catalog.keys().flat_map(|key| self.shown(key)).collect()
    }

    fn shown(&self, key: &KeySpec) -> Vec<ShownKey> {
        let row = |path: String, setting: Option<&Setting>| ShownKey {
            path,
            value: match setting {
                Some(setting) => shown_value(key, &setting.raw),
                None => key.default.map(str::to_owned),
            },
            origin: setting.map_or(Origin::Default, |setting| setting.origin.clone()),
        };
        let set = self.settings.get(&key.path);
        match key.kind.shape {
            Shape::Map => self
                .entries(&key.path)
                .map(|(name, setting)| row(format!("{}.{name}", key.path), Some(setting)))
                .collect(),
            Shape::Reserved if set.is_none() => Vec::new(),
            Shape::One | Shape::Tables | Shape::Reserved => vec![row(key.path.clone(), set)],
        }
    }

    /// `path = value`, a line each.
    pub fn values_text(&self) -> String {
        self.show()
            .into_iter()
            .fold(String::new(), |mut text, ShownKey { path, value, .. }| {
                let _ = writeln!(text, "{path} = {}", value.as_deref().unwrap_or(NOT_SET));
                text
            })
    }

    /// Path, value and origin in columns, a line each.
    pub fn origins_text(&self) -> String {
        const WIDEST_VALUE: usize = 40;
        let rows = self.show();
        let width = |text: &str| text.chars().count();
        let paths = rows.iter().map(|row| width(&row.path)).max().unwrap_or(0);
        let value = |row: &ShownKey| row.value.clone().unwrap_or_else(|| NOT_SET.to_owned());
        let values = rows
            .iter()
            .map(|row| width(&value(row)))
            .max()
            .unwrap_or(0)
            .min(WIDEST_VALUE);
        rows.iter().fold(String::new(), |mut text, row| {
            let _ = writeln!(
                text,
                "{:paths$}  {:values$}  {}",
                row.path,
                value(row),
                row.origin
            );
            text
        })
    }
}

const NOT_SET: &str = "(not set)";

/// `None` where an optional key was cleared.
fn shown_value(key: &KeySpec, raw: &Raw) -> Option<String> {
    match (key.kind.shape, raw) {
        (Shape::Reserved, _) => Some("(not used)".to_owned()),
        (_, Raw::Text(text)) if text.is_empty() && key.default.is_none() => None,
        _ if key.secret => Some("<secret>".to_owned()),
        (Shape::Tables, Raw::List(tables)) => Some(match tables.len() {
            1 => "(1 table)".to_owned(),
            count => format!("({count} tables)"),
        }),
        (Shape::Tables, _) => Some("(tables)".to_owned()),
        (_, raw) => Some(raw.shown().escape_debug().to_string()),
    }
}

/// Where the lines of the file begin, to turn places into line numbers.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    pub(crate) path: PathBuf,
    ends: Vec<usize>,
}

impl Lines {
    pub(crate) fn new(path: PathBuf, text: &str) -> Self {
        Self {
            path,
            ends: text.match_indices('\n').map(|(at, _)| at).collect(),
        }
    }

    pub(crate) fn origin(&self, offset: usize) -> Origin {
        Origin::File {
            path: self.path.clone(),
            line: 1 + self.ends.partition_point(|end| *end < offset),
        }
    }
}
