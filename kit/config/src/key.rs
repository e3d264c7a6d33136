//! What is known of a key: its path, type, default and meaning.

use crate::value::{Kind, Shape, Value};

/// Variables of the environment that begin so are keys.
pub(crate) const PREFIX: &str = "STOA__";

/// A key that the configuration may hold.
#[derive(Debug, Clone, PartialEq)]
pub struct KeySpec {
    /// The dotted path, `auth.password.bcrypt_cost`; for a table of free names, that of the table.
    pub path: String,
    /// The kind of value.
    pub kind: Kind,
    /// The default as text; `None` where the key is optional.
    pub default: Option<&'static str>,
    /// What it is for, on one line.
    pub doc: String,
    /// Whether its value is never shown.
    pub secret: bool,
}

impl KeySpec {
    /// A key of a section. `key` is relative to the section; `*` at its end stands for free names.
    pub fn new<T: Value>(section: &str, key: &str, default: Option<&'static str>, doc: &str) -> Self {
        Self {
            path: path_of(section, key),
            kind: T::kind(),
            default,
            doc: one_line(doc),
            secret: T::SECRET,
        }
    }

    /// A key that is known but read by nothing.
    pub(crate) fn reserved(path: &str, doc: &str) -> Self {
        let kind = Kind {
            shape: Shape::Reserved,
            ..Kind::new("any", "any value", serde_json::json!({}))
        };
        Self {
            path: path.to_owned(),
            kind,
            default: None,
            doc: one_line(doc),
            secret: true,
        }
    }

    /// The path as documentation writes it, with `<name>` for a free name.
    pub fn documented_path(&self) -> String {
        match self.kind.shape {
            Shape::Map => format!("{}.<name>", self.path),
            Shape::One | Shape::Tables | Shape::Reserved => self.path.clone(),
        }
    }

    /// The variable of the environment that sets it.
    pub fn variable(&self) -> String {
        variable_of(&self.documented_path())
    }
}

/// The variable of the environment that sets the key at `path`.
pub(crate) fn variable_of(path: &str) -> String {
    format!("{PREFIX}{}", path.to_ascii_uppercase().replace('.', "__"))
}

/// The whole path of a section's key.
pub(crate) fn path_of(section: &str, key: &str) -> String {
    let key = key
        .strip_suffix('*')
        .map_or(key, |table| table.trim_end_matches('.'));
    let dot = if section.is_empty() || key.is_empty() {
        ""
    } else {
        "."
    };
    format!("{section}{dot}{key}")
}

/// Joins the lines of a doc comment.
pub(crate) fn one_line(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
