//! Where things are, as `cargo metadata` tells it: honours `CARGO_TARGET_DIR` and every cargo setting.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use cargo_metadata::{Metadata, MetadataCommand};

/// The workspace this program was built from.
#[derive(Debug)]
pub(crate) struct Workspace {
    metadata: Metadata,
}

impl Workspace {
    /// Asks cargo. The answer has the resolved graph, so the lock file must be there or be makeable.
    pub(crate) fn load() -> anyhow::Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let metadata = MetadataCommand::new()
            .manifest_path(manifest)
            .exec()
            .context("`cargo metadata` does not answer")?;
        Ok(Self { metadata })
    }

    /// The folder of the root `Cargo.toml`.
    pub(crate) fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// The folder cargo builds into, absolute.
    pub(crate) fn target(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// The `stoa` binary of a release build, whether it is there or not.
    pub(crate) fn release_binary(&self) -> PathBuf {
        self.target().join("release").join("stoa")
    }

    /// A folder that lies beside the workspace, where a checkout has one: `../shared/<name>`.
    pub(crate) fn shared(&self, name: &str) -> PathBuf {
        let beside = self.root().parent().unwrap_or(self.root());
        beside.join("shared").join(name)
    }

    /// A cargo command in the workspace.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        command
            .args(args)
            .current_dir(self.root())
            .env("CARGO_TARGET_DIR", self.target());
        command
    }

    /// All that `cargo metadata` knows.
    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}
