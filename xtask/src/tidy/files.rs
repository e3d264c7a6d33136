//! Which files there are.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use walkdir::{DirEntry, WalkDir};

use crate::tidy::Finding;
use crate::workspace::Workspace;

/// Folders with nothing that anybody wrote.
const SKIPPED_FOLDERS: [&str; 6] = [".git", "target", "node_modules", "__pycache__", "dist", "data"];

/// A text file of the workspace.
#[derive(Debug)]
pub(super) struct SourceFile {
    /// Relative to the workspace, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl SourceFile {
    pub(super) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
        }
    }

    pub(super) fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    pub(super) fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|found| found == extension)
    }

    /// The path's parts, without the extension of the last.
    pub(super) fn parts(&self) -> impl Iterator<Item = &str> {
        let whole = match self.path.rsplit_once('.') {
            Some((stem, extension)) if !extension.contains('/') => stem,
            _ => &self.path,
        };
        whole.split('/')
    }

    pub(super) fn finding(&self, line: usize, rule: &'static str, what: String) -> Finding {
        Finding {
            path: self.path.clone(),
            line: line.max(1),
            rule,
            what,
        }
    }
}

/// Every text file of the workspace, in the order of their paths. Binary files are left out.
pub(super) fn read_all(workspace: &Workspace) -> anyhow::Result<Vec<SourceFile>> {
    let root = workspace.root();
    let written = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        !(entry.file_type().is_dir() && SKIPPED_FOLDERS.contains(&name.as_ref())
            || entry.path() == workspace.target())
    };
    let mut files = Vec::new();
    for entry in WalkDir::new(root)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(written)
    {
        let entry = entry.context("cannot walk the workspace")?;
        if !entry.file_type().is_file() || is_ignored(entry.path()) {
            continue;
        }
        let bytes =
            fs::read(entry.path()).with_context(|| format!("cannot read `{}`", entry.path().display()))?;
        if let Ok(text) = String::from_utf8(bytes)
            && !text.contains('\0')
        {
            let path = entry
                .path()
                .strip_prefix(root)?
                .to_string_lossy()
                .replace('\\', "/");
            files.push(SourceFile::new(path, text));
        }
    }
    Ok(files)
}

/// What `.gitignore` leaves out beside those folders.
fn is_ignored(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "log") || path.ends_with(".env")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_is_no_part_of_the_last_name() {
        let file = SourceFile::new("kit/db/src/store.rs", "");
        assert_eq!(file.parts().collect::<Vec<_>>(), ["kit", "db", "src", "store"]);
    }

    #[test]
    fn a_dot_in_a_folder_is_no_extension() {
        let file = SourceFile::new(".ci/run", "");
        assert_eq!(file.parts().collect::<Vec<_>>(), [".ci", "run"]);
    }
}
