//! Where values are looked for.

use std::path::{Path, PathBuf};

/// Where values are looked for, from the weakest layer to the strongest.
#[derive(Clone, Default)]
pub struct Sources {
    /// The TOML file. One that is named must be there.
    pub file: Option<PathBuf>,
    /// The `.env` file. One that is named must be there.
    pub dotenv: Option<PathBuf>,
    /// Variables of the environment, name and value.
    pub environment: Vec<(String, String)>,
    /// Keys set on the command line, path and value; the last of a path wins.
    pub flags: Vec<(String, String)>,
}

impl Sources {
    /// The sources of this process: the file named on the command line, or else `stoa.toml` where there is
    /// one; `.env` where there is one; the environment. This is the one place that reads the environment.
    ///
    /// What is not UTF-8 in the environment is replaced, and refused later if it is the value of a key.
    pub fn from_process(file: Option<PathBuf>, flags: Vec<(String, String)>) -> Self {
        let environment = std::env::vars_os()
            .map(|(name, value)| {
                (
                    name.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                )
            })
            .collect();
        Self {
            file: file.or_else(|| present("stoa.toml")),
            dotenv: present(".env"),
            environment,
            flags,
        }
    }
}

fn present(name: &str) -> Option<PathBuf> {
    Path::new(name).is_file().then(|| PathBuf::from(name))
}

/// Without the values, which may be secret.
impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sources")
            .field("file", &self.file)
            .field("dotenv", &self.dotenv)
            .finish_non_exhaustive()
    }
}
