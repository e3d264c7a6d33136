//! What the catalog says about itself: the reference page and the JSON schema.

use std::fmt::Write as _;

use serde_json::{Map as Object, Value as Json, json};

use crate::catalog::{AliasKind, Catalog};
use crate::key::{KeySpec, one_line};

use crate::section::{ProcessConfig, Section as _};
use crate::value::Shape;

const INTRODUCTION: &str = "\
A value is taken from the strongest of these that sets it:

1. the flags of the command line,
2. the environment: the variable of the tables below, in capitals or not,
3. `.env` in the current folder, with the same variables,
4. `stoa.toml` in the current folder, or the file that `--config` names,
5. the default.

A variable with `__FILE` at its end names a file that holds the value, for secrets. A list is a TOML array, or in \
a variable its items with commas between them. An empty variable clears an optional key. An unknown key is an \
error, in the file and in variables that begin with `STOA__` alike. `stoa config check` names everything that is \
wrong at once, and `stoa config show --origin` tells who set what. The value of a secret is never shown.
";

impl Catalog {
    /// The reference page in Markdown: every section and key, then the aliases.
    pub fn reference_page(&self) -> String {
        let mut page = format!("# Configuration\n\n{INTRODUCTION}");
        let mut names: Vec<&str> = Vec::new();
        for section in &self.sections {
            if !names.contains(&section.name) {
                names.push(section.name);
            }
        }
        for name in names {
            let title = if name == ProcessConfig::NAME {
                "Top level".to_owned()
            } else {
                format!("`{name}`")
            };
            let _ = write!(page, "\n## {title}\n");
            for section in self.sections.iter().filter(|section| section.name == name) {
                let _ = write!(page, "\n{}\n\n", one_line(section.doc));
                page.push_str(&key_table(section.keys.iter()));
            }
        }
        if self.unread().next().is_some() {
            page.push_str(
                "\n## Known but not used\n\nAccepted with any value, and ignored by this version.\n\n",
            );
            page.push_str("| key | meaning |\n|---|---|\n");
            for key in self.unread() {
                let _ = writeln!(page, "| `{}` | {} |", key.path, cell(&key.doc));
            }
        }
        if !self.aliases.is_empty() {
            page.push_str("\n## Well-known names\n\n");
            page.push_str("These variables stand for keys. A key's own variable wins over them; an empty one is as if not set.\n\n");
            page.push_str("| variable | key |\n|---|---|\n");
            for alias in &self.aliases {
                let unit = match alias.kind {
                    AliasKind::Same => "",
                    AliasKind::Hours => ", in hours",
                };
                let _ = writeln!(page, "| `{}` | `{}`{unit} |", alias.variable, alias.path);
            }
        }
        page
    }

    /// A JSON schema of the TOML file, for editors.
    pub fn schema(&self) -> Json {
        let mut root = table_schema();
        for key in self.keys() {
            insert(&mut root, &key.path, key_schema(key));
        }
        let mut schema = Object::new();
        schema.insert(
            "$schema".to_owned(),
            json!("https://json-schema.org/draft/2020-12/schema"),
        );
        schema.insert("title".to_owned(), json!("stoa.toml"));
        schema.extend(root);
        Json::Object(schema)
    }
}

fn key_table<'a>(keys: impl Iterator<Item = &'a KeySpec>) -> String {
    let mut table = "| key | type | default | meaning | environment |\n|---|---|---|---|---|\n".to_owned();
    for key in keys {
        let secret = if key.secret { ", secret" } else { "" };
        let default = match key.default {
            Some("") => "empty".to_owned(),
            Some(default) => format!("`{}`", cell(default)),
            None => "none".to_owned(),
        };
        let choices = key
            .kind
            .schema
            .get("enum")
            .map(|_| format!(": {}", key.kind.expects))
            .unwrap_or_default();
        let _ = writeln!(
            table,
            "| `{}` | {}{}{secret} | {default} | {} | `{}` |",
            key.documented_path(),
            cell(&key.kind.name),
            cell(&choices),
            cell(&key.doc),
            key.variable(),
        );
    }
    table
}

/// Text within a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn table_schema() -> Object<String, Json> {
    let mut schema = Object::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema.insert("properties".to_owned(), json!({}));
    schema
}

fn key_schema(key: &KeySpec) -> Json {
    let Json::Object(mut schema) = key.kind.schema.clone() else {
        return key.kind.schema.clone();
    };
    schema.insert("description".to_owned(), json!(key.doc));
    if key.secret && key.kind.shape != Shape::Reserved {
        schema.insert("writeOnly".to_owned(), json!(true));
    }
    if let Some(default) = key.default {
        let default = match schema.get("type").and_then(Json::as_str) {
            Some("integer" | "number" | "boolean") => serde_json::from_str(default).unwrap_or(json!(default)),
            Some("array") => default
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .collect(),
            _ => json!(default),
        };
        schema.insert("default".to_owned(), default);
    }
    Json::Object(schema)
}

/// Puts a key's schema in its place, with the tables on the way there.
fn insert(table: &mut Object<String, Json>, path: &str, schema: Json) {
    let Some(Json::Object(properties)) = table.get_mut("properties") else {
        return;
    };
    match path.split_once('.') {
        None => drop(properties.insert(path.to_owned(), schema)),
        Some((name, rest)) => {
            let inner = properties
                .entry(name)
                .or_insert_with(|| Json::Object(table_schema()));
            if let Json::Object(inner) = inner {
                insert(inner, rest, schema);
            }
        }
    }
}
