//! The workspace's own crates, what layer each belongs to, and who depends on whom.

use std::path::Path;

use anyhow::Context as _;
use cargo_metadata::DependencyKind;

use crate::workspace::Workspace;

/// What a crate is, told by its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layer {
    /// `stoa`: the composition root.
    Binary,
    /// `services/<name>`.
    Service,
    /// `services/<name>/api`: what others may know of a service.
    Contract,
    /// `kit/<name>`.
    Kit,
    /// `e2e`, `bench`, `xtask`: may see anything, seen by nothing.
    Tool,
}

/// When a dependency counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// In the crate itself or its build script.
    Always,
    /// In its tests only.
    Tests,
}

/// A crate of the workspace.
#[derive(Clone, Debug)]
pub(crate) struct Crate {
    pub(crate) name: String,
    /// Relative to the workspace, with `/`.
    pub(crate) folder: String,
    /// Those of its dependencies that are crates of the workspace.
    pub(crate) dependencies: Vec<(String, Use)>,
}

/// All crates of the workspace.
#[derive(Clone, Debug)]
pub(crate) struct Crates(pub(crate) Vec<Crate>);

impl Crates {
    /// As `cargo metadata` has them, by name.
    pub(crate) fn of(workspace: &Workspace) -> anyhow::Result<Self> {
        let mut crates = Vec::new();
        for package in workspace.metadata().workspace_packages() {
            let manifest = package.manifest_path.as_std_path();
            let folder = manifest.parent().unwrap_or(Path::new(""));
            let folder = folder
                .strip_prefix(workspace.root())
                .with_context(|| format!("`{}` is outside the workspace", package.name))?;
            let local = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.path.is_some());
            crates.push(Crate {
                name: package.name.to_string(),
                folder: folder.to_string_lossy().replace('\\', "/"),
                dependencies: local
                    .map(|dependency| (dependency.name.clone(), Use::of(dependency.kind)))
                    .collect(),
            });
        }
        crates.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self(crates))
    }

    /// The crate of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Crate> {
        self.0.iter().find(|found| found.name == name)
    }

    /// The services with a contract, by name.
    pub(crate) fn services_with_contract(&self) -> Vec<&str> {
        let contracts = self
            .0
            .iter()
            .filter(|found| found.layer() == Some(Layer::Contract));
        contracts
            .filter_map(|found| found.name.strip_suffix("-api"))
            .collect()
    }
}

impl Crate {
    /// Its layer; `None` for a folder the layout does not know.
    pub(crate) fn layer(&self) -> Option<Layer> {
        match self.folder.split('/').collect::<Vec<_>>().as_slice() {
            ["stoa"] => Some(Layer::Binary),
            ["e2e" | "bench" | "xtask"] => Some(Layer::Tool),
            ["kit", _] => Some(Layer::Kit),
            // A client of the services, under the law of a service: it sees contracts and the kit, and only `stoa` sees it.
            ["services", _] | ["demo"] => Some(Layer::Service),
            ["services", _, "api"] => Some(Layer::Contract),
            _ => None,
        }
    }

    /// The name that its folder demands.
    pub(crate) fn expected_name(&self) -> String {
        match self.folder.split('/').collect::<Vec<_>>().as_slice() {
            ["kit", name] => format!("kit-{name}"),
            ["services", name, "api"] => format!("{name}-api"),
            [.., name] => (*name).to_owned(),
            [] => String::new(),
        }
    }

    /// One that is named as its folder demands.
    #[cfg(test)]
    pub(crate) fn in_folder(folder: &str, dependencies: &[(&str, Use)]) -> Self {
        let dependencies = dependencies
            .iter()
            .map(|(name, usage)| ((*name).to_owned(), *usage));
        let mut own = Self {
            name: String::new(),
            folder: folder.to_owned(),
            dependencies: dependencies.collect(),
        };
        own.name = own.expected_name();
        own
    }
}

impl Use {
    fn of(kind: DependencyKind) -> Self {
        if kind == DependencyKind::Development {
            Self::Tests
        } else {
            Self::Always
        }
    }
}
