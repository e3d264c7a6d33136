//! Reads the sources one after the other; a later one takes a key's place.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use crate::catalog::{Alias, AliasKind, Catalog, Lookup};
use crate::dotenv;
use crate::key::PREFIX;
use crate::loaded::{Lines, Loaded};
use crate::problem::{ConfigErrors, Origin, Problem};
use crate::sources::Sources;
use crate::value::Raw;

pub(crate) fn load(catalog: Catalog, sources: Sources) -> Result<Loaded, ConfigErrors> {
    let mut layers = Layers {
        loaded: Loaded::new(catalog),
        problems: Vec::new(),
    };
    let unread = sources.file.is_some_and(|path| layers.file(&path).is_none());
    if let Some(path) = sources.dotenv {
        layers.dotenv(path);
    }
    layers.environment(sources.environment);
    layers.flags(sources.flags);

    let Layers {
        mut loaded,
        mut problems,
    } = layers;
    let profile_known = loaded.settle_profile();
    // Without the file's values, more would seem wrong than is.
    if !unread && (!problems.is_empty() || !profile_known) {
        problems.extend(loaded.problems());
    }
    ConfigErrors::unless_empty(problems)?;
    Ok(loaded)
}

struct Layers {
    loaded: Loaded,
    problems: Vec<Problem>,
}

impl Layers {
    /// `None` if the file could not be read as TOML; its problems are noted.
    fn file(&mut self, path: &Path) -> Option<()> {
        let text = self.text_of(path)?;
        let lines = Lines::new(path.to_owned(), &text);
        let (document, errors) = DeTable::parse_recoverable(&text);
        if !errors.is_empty() {
            // Only the message: the rendered error repeats the line, which may hold a secret.
            self.problems.extend(errors.iter().map(|error| {
                let origin = lines.origin(error.span().map_or(0, |span| span.start));
                Problem::new("", format!("not TOML: {}", error.message()), origin)
            }));
            return None;
        }
        self.table("", document.into_inner(), &lines);
        self.loaded.lines = Some(lines);
        Some(())
    }

    fn table(&mut self, prefix: &str, table: DeTable<'_>, lines: &Lines) {
        for (name, value) in table {
            let origin = lines.origin(name.span().start);
            let name = name.into_inner();
            let path = if prefix.is_empty() {
                name.to_string()
            } else {
                format!("{prefix}.{name}")
            };
            // A quoted name with a dot would pass for a path.
            let lookup = if name.contains('.') {
                Lookup::Unknown
            } else {
                self.loaded.catalog.lookup(&path)
            };
            match (lookup, value.get_ref()) {
                (Lookup::Value, _) => match Raw::from_toml(value) {
                    Ok(raw) => self.loaded.set(path, raw, origin),
                    Err(error) => self.problems.push(Problem::new(path, error.message(), origin)),
                },
                (Lookup::Group, DeValue::Table(_)) => {
                    if let DeValue::Table(inner) = value.into_inner() {
                        self.table(&path, inner, lines);
                    }
                }
                (Lookup::Group, _) => self.not_a_value(&path, origin),
                (Lookup::Unknown, DeValue::Table(_)) => {
                    let nearest = self.loaded.catalog.nearest_table(&path);
                    self.unknown("table", &path, nearest, origin);
                }
                (Lookup::Unknown, _) => self.unknown_key(&path, origin),
            }
        }
    }

    fn dotenv(&mut self, path: PathBuf) {
        let Some(text) = self.text_of(&path) else { return };
        let (assignments, wrong) = dotenv::parse(&text);
        let lines = Lines::new(path, &text);
        self.problems.extend(wrong.into_iter().map(|(line, message)| {
            Problem::new(
                "",
                message,
                Origin::File {
                    path: lines.path.clone(),
                    line,
                },
            )
        }));
        self.variables(
            assignments
                .into_iter()
                .map(|dotenv::Assignment { name, value, line }| Variable {
                    origin: Origin::Dotenv {
                        path: lines.path.clone(),
                        line,
                        name: name.clone(),
                    },
                    name,
                    value,
                }),
        );
    }

    fn environment(&mut self, variables: Vec<(String, String)>) {
        self.variables(variables.into_iter().map(|(name, value)| Variable {
            origin: Origin::Environment { name: name.clone() },
            name,
            value,
        }));
    }

    fn flags(&mut self, flags: Vec<(String, String)>) {
        for (path, value) in flags {
            match self.loaded.catalog.lookup(&path) {
                Lookup::Value => self.loaded.set(path, Raw::Text(value), Origin::Flag),
                Lookup::Group => self.not_a_value(&path, Origin::Flag),
                Lookup::Unknown => self.unknown_key(&path, Origin::Flag),
            }
        }
    }

    /// One layer of variables. Those that say nothing to us are passed over.
    fn variables(&mut self, variables: impl Iterator<Item = Variable>) {
        let mut chosen: BTreeMap<String, (Target, Variable)> = BTreeMap::new();
        for variable in variables {
            let Some(target) = self.target(&variable) else {
                continue;
            };
            let (rank, path) = (target.rank, target.path.clone());
            match chosen.entry(path) {
                Entry::Vacant(free) => drop(free.insert((target, variable))),
                Entry::Occupied(mut taken) => match rank.cmp(&taken.get().0.rank) {
                    Ordering::Less => {}
                    Ordering::Greater => drop(taken.insert((target, variable))),
                    Ordering::Equal => {
                        let message = format!("both `{}` and `{}` set it", taken.get().1.name, variable.name);
                        self.problems
                            .push(Problem::new(target.path, message, variable.origin));
                    }
                },
            }
        }
        for (target, variable) in chosen.into_values() {
            self.assign(target, variable);
        }
    }

    /// The key that a variable means, if it means one; what begins as ours and is unknown is noted.
    fn target(&mut self, variable: &Variable) -> Option<Target> {
        let name = &variable.name;
        let Some(key) = name
            .get(..PREFIX.len())
            .filter(|start| start.eq_ignore_ascii_case(PREFIX))
        else {
            return self.alias(name).filter(|_| !variable.value.is_empty());
        };
        let path = name[key.len()..].to_ascii_lowercase().replace("__", ".");
        let target = |path: &str, location| Target {
            path: path.to_owned(),
            rank: Rank::Explicit,
            location,
            kind: AliasKind::Same,
        };
        match self.loaded.catalog.lookup(&path) {
            Lookup::Value => return Some(target(&path, Location::Inline)),
            Lookup::Group => self.not_a_value(&path, variable.origin.clone()),
            Lookup::Unknown => match path.strip_suffix(".file") {
                Some(key) if self.loaded.catalog.lookup(key) == Lookup::Value => {
                    return Some(target(key, Location::InFile));
                }
                _ => self.unknown_key(&path, variable.origin.clone()),
            },
        }
        None
    }

    fn alias(&self, name: &str) -> Option<Target> {
        let known = |name: &str| {
            self.loaded
                .catalog
                .aliases
                .iter()
                .find(|alias| alias.variable == name)
        };
        let target = |alias: &Alias, location| Target {
            path: alias.path.to_owned(),
            rank: Rank::Alias,
            location,
            kind: alias.kind,
        };
        known(name)
            .map(|alias| target(alias, Location::Inline))
            .or_else(|| {
                name.strip_suffix("__FILE")
                    .and_then(known)
                    .map(|alias| target(alias, Location::InFile))
            })
    }

    fn assign(&mut self, target: Target, variable: Variable) {
        let Variable { value, origin, .. } = variable;
        // `Sources::from_process` puts this in the place of what is not UTF-8.
        if value.contains(char::REPLACEMENT_CHARACTER) {
            self.problems.push(Problem::new(target.path, "not UTF-8", origin));
            return;
        }
        let mut text = match target.location {
            Location::Inline => value,
            Location::InFile => match fs::read_to_string(value) {
                Ok(text) => text.trim_end_matches(['\r', '\n']).to_owned(),
                Err(error) => {
                    // Without the path: whoever mistakes `__FILE` has put the secret itself there.
                    let message = format!("cannot read the file that the variable names: {error}");
                    self.problems.push(Problem::new(target.path, message, origin));
                    return;
                }
            },
        };
        if target.kind == AliasKind::Hours && text.bytes().all(|byte| byte.is_ascii_digit()) {
            text.push('h');
        }
        self.loaded.set(target.path, Raw::Text(text), origin);
    }

    fn text_of(&mut self, path: &Path) -> Option<String> {
        fs::read_to_string(path)
            .map_err(|error| {
                self.problems.push(Problem::of_file(format!(
                    "cannot read `{}`: {error}",
                    path.display()
                )));
            })
            .ok()
    }

    fn not_a_value(&mut self, path: &str, origin: Origin) {
        self.problems.push(Problem::new(
            path,
            "this is a table of settings, not a setting",
            origin,
        ));
    }

    fn unknown_key(&mut self, path: &str, origin: Origin) {
        let nearest = self.loaded.catalog.nearest_key(path);
        self.unknown("key", path, nearest, origin);
    }

    fn unknown(&mut self, what: &str, path: &str, nearest: Option<String>, origin: Origin) {
        let hint = nearest
            .map(|nearest| format!("; the nearest known one is `{nearest}`"))
            .unwrap_or_default();
        self.problems
            .push(Problem::new(path, format!("unknown {what}{hint}"), origin));
    }
}

struct Variable {
    name: String,
    value: String,
    origin: Origin,
}

/// The key that a variable means, and how its value is had from it.
struct Target {
    path: String,
    rank: Rank,
    location: Location,
    kind: AliasKind,
}

/// Which of two variables of a layer wins, the weaker first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Alias,
    Explicit,
}

/// Where the value is.
#[derive(Clone, Copy)]
enum Location {
    Inline,
    InFile,
}
