//! What a key may hold: the [`Value`] trait and its scalar types.
//!
//! The TOML file has types and is held to them (`port = "8080"` is a mistake); the environment, flags and
//! defaults are text, which each type parses.

use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::json;
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};

/// A type that a key may have.
pub trait Value: Sized {
    /// Whether the value is never shown.
    const SECRET: bool = false;

    /// What it is called, and what is expected of one.
    fn kind() -> Kind;

    /// Reads a value as it was given.
    fn parse(raw: &Raw) -> Result<Self, Mismatch>;
}

/// A value as it was given, before its type is known.
#[derive(Debug, Clone)]
pub enum Raw {
    /// From the environment, a flag or a default.
    Text(String),
    /// From the TOML file, with its place there; never an array.
    Toml(Spanned<toml::Value>),
    /// An array of the TOML file.
    List(Vec<Raw>),
    /// The entries of a table of free names, which may come from several layers.
    Entries(Vec<(String, Raw)>),
}

impl Raw {
    /// The scalar's text if it is given as text, or in TOML as one of the types `accepts` names.
    pub fn scalar(&self, accepts: Accepts) -> Option<String> {
        let value = match self {
            Self::Text(text) => return Some(text.clone()),
            Self::Toml(value) => value.get_ref(),
            Self::List(_) | Self::Entries(_) => return None,
        };
        match (accepts, value) {
            (Accepts::Text | Accepts::TextOrInteger, toml::Value::String(text)) => Some(text.clone()),
            (Accepts::Integer | Accepts::TextOrInteger | Accepts::Number, toml::Value::Integer(number)) => {
                Some(number.to_string())
            }
            (Accepts::Number, toml::Value::Float(number)) => Some(number.to_string()),
            (Accepts::Boolean, toml::Value::Boolean(value)) => Some(value.to_string()),
            _ => None,
        }
    }

    /// As it would be written on one line.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Toml(value) => match value.get_ref() {
                toml::Value::String(text) => text.clone(),
                other => other.to_string(),
            },
            Self::List(items) => format!(
                "[{}]",
                items.iter().map(Self::shown).collect::<Vec<_>>().join(", ")
            ),
            Self::Entries(entries) => format!("{} entries", entries.len()),
        }
    }

    /// From the parsed file; fails on a number that is too large.
    pub(crate) fn from_toml(value: Spanned<DeValue<'_>>) -> Result<Self, toml::de::Error> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(items) => items
                .into_iter()
                .map(Self::from_toml)
                .collect::<Result<_, _>>()
                .map(Self::List),
            other => {
                let other = Spanned::new(span.clone(), other);
                let value = toml::Value::deserialize(ValueDeserializer::from(other))?;
                Ok(Self::Toml(Spanned::new(span, value)))
            }
        }
    }

    pub(crate) fn span(&self) -> Option<Range<usize>> {
        match self {
            Self::Toml(value) => Some(value.span()),
            Self::Text(_) | Self::List(_) | Self::Entries(_) => None,
        }
    }
}

/// The TOML types in which a scalar may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepts {
    /// A string.
    Text,
    /// An integer.
    Integer,
    /// An integer or a float.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A string or an integer.
    TextOrInteger,
}

/// What a type is called and what is expected of its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Kind {
    /// A word or two, for the reference page: `duration`.
    pub name: String,
    /// The end of "expected …": ``a duration such as `30s` ``.
    pub expects: String,
    /// The JSON schema of the value.
    pub schema: serde_json::Value,
    /// Whether the key stands for one value or for a table of free names.
    pub shape: Shape,
}

impl Kind {
    /// A kind that is one value.
    pub fn new(name: impl Into<String>, expects: impl Into<String>, schema: serde_json::Value) -> Self {
        Self {
            name: name.into(),
            expects: expects.into(),
            schema,
            shape: Shape::One,
        }
    }
}

/// How a key relates to the paths below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The key is one value.
    One,
    /// The key is an array of tables, shown by its length only.
    Tables,
    /// Each free name below the key is a value.
    Map,
    /// The key is known but nothing here reads it.
    Reserved,
}

/// Why a value was refused, by one or several faults.
#[derive(Debug, Clone)]
pub struct Mismatch(pub(crate) Vec<Fault>);

#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// The name within a table of free names.
    pub(crate) entry: Option<String>,
    pub(crate) message: String,
    /// What was given, to be repeated unless the key is secret.
    pub(crate) got: Option<String>,
    pub(crate) span: Option<Range<usize>>,
}

impl Mismatch {
    /// A refusal in words of its own; `message` must not repeat the value.
    pub fn new(message: impl Into<String>) -> Self {
        Self(vec![Fault {
            entry: None,
            message: message.into(),
            got: None,
            span: None,
        }])
    }

    /// "expected …, got …" for a type; what was given is left out where the key is secret.
    pub fn expected<T: Value>(raw: &Raw) -> Self {
        let fault = Fault {
            entry: None,
            message: format!("expected {}", T::kind().expects),
            got: Some(raw.shown()),
            span: raw.span(),
        };
        Self(vec![fault])
    }

    /// A refusal at a place of the file.
    pub(crate) fn at(message: impl Into<String>, span: Option<Range<usize>>) -> Self {
        Self(vec![Fault {
            entry: None,
            message: message.into(),
            got: None,
            span,
        }])
    }

    /// The same faults, with something changed about each.
    pub(crate) fn each(mut self, change: impl Fn(&mut Fault)) -> Self {
        self.0.iter_mut().for_each(change);
        self
    }
}

impl fmt::Display for Fault {
    /// Message and what was given: only for keys that are not secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 60;
        f.write_str(&self.message)?;
        let Some(got) = &self.got else { return Ok(()) };
        if got.is_empty() {
            return f.write_str(", got nothing");
        }
        let cut: String = got.chars().take(LONGEST).collect();
        let ellipsis = if cut.len() < got.len() { "…" } else { "" };
        write!(f, ", got `{}{ellipsis}`", cut.escape_debug())
    }
}

/// Implements [`Value`] for types that parse from text.
macro_rules! scalars {
    ($($type:ty: $accepts:ident, $name:literal, $expects:expr, $schema:tt;)*) => {$(
        impl Value for $type {
            fn kind() -> Kind {
                Kind::new($name, $expects, json!($schema))
            }

            fn parse(raw: &Raw) -> Result<Self, Mismatch> {
                raw.scalar(Accepts::$accepts)
                    .and_then(|text| text.parse().ok())
                    .ok_or_else(|| Mismatch::expected::<Self>(raw))
            }
        }
    )*};
}
pub(crate) use scalars;

scalars! {
    String: Text, "text", "text", {"type": "string"};
    bool: Boolean, "boolean", "`true` or `false`", {"type": "boolean"};
    u16: Integer, "number", "a whole number from 0 to 65535",
        {"type": "integer", "minimum": 0, "maximum": 65535};
    u32: Integer, "number", "a whole number from 0 to 4294967295",
        {"type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32};
    u64: Integer, "number", "a whole number from 0", {"type": "integer", "minimum": 0};
    usize: Integer, "number", "a whole number from 0", {"type": "integer", "minimum": 0};
    i64: Integer, "number", "a whole number", {"type": "integer"};
    SocketAddr: Text, "address", "an address and port such as `127.0.0.1:8080`", {"type": "string"};
}

impl Value for f64 {
    fn kind() -> Kind {
        Kind::new(
            "decimal number",
            "a number such as `0.5`",
            json!({"type": "number"}),
        )
    }

    fn parse(raw: &Raw) -> Result<Self, Mismatch> {
        raw.scalar(Accepts::Number)
            .and_then(|text| text.parse::<Self>().ok())
            .filter(|number| number.is_finite())
            .ok_or_else(|| Mismatch::expected::<Self>(raw))
    }
}

impl Value for PathBuf {
    fn kind() -> Kind {
        Kind::new("path", "the path of a file or folder", json!({"type": "string"}))
    }

    fn parse(raw: &Raw) -> Result<Self, Mismatch> {
        match raw.scalar(Accepts::Text) {
            Some(text) if !text.is_empty() => Ok(Self::from(text)),
            _ => Err(Mismatch::expected::<Self>(raw)),
        }
    }
}
