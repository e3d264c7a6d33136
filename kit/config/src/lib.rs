//! Configuration: load, merge, validate, explain. The only crate that reads files and the environment.
//!
//! A component declares the section it reads with [`config!`]; the binary lists the sections in a
//! [`Catalog`], loads [`Sources`] into it and hands every component its own plain struct. So a component
//! sees values only, and the catalog alone knows every key: that is what lets it refuse an unknown one,
//! say where a value came from, and print the reference page.
//!
//! Layers, the later one winning: defaults, the TOML file, `.env`, the environment, flags.
//!
//! Invariants:
//! - Every key has a default or is optional (the compiler checks it), so a section can always be read.
//! - All problems are reported at once, each with its key and where it comes from.
//! - The value of a secret key never appears in a message, in `show`, or in `Debug`.
//! - An unknown key is a problem, never ignored.
//!
//! What it deliberately does not do: reload while running, write configuration, or change the
//! environment of the process (`.env` is a layer of its own).

mod base_url;
mod catalog;
mod collections;
mod dotenv;
mod key;
mod layers;
mod loaded;
mod macros;
mod problem;
mod reference;
pub mod secret_file;
mod section;
mod sources;
mod units;
mod value;

pub use base_url::{BaseUrl, BaseUrlError};
pub use catalog::{AliasKind, Catalog};
pub use collections::{Map, Tables};
pub use key::KeySpec;
pub use loaded::{Loaded, ShownKey};
pub use problem::{ConfigErrors, Origin, Problem};
pub use section::{Absent, Check, ProcessConfig, Profile, Reader, Section, test_values};
pub use sources::Sources;
pub use units::{ByteSize, Span, UnitError};
pub use value::{Accepts, Kind, Mismatch, Raw, Shape, Value};

#[doc(hidden)]
pub use serde_json as __serde_json;
