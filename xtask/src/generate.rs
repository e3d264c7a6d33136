//! `cargo xtask gen`: the files that are written by a program and checked in, because people read them where
//! nothing is built: OpenAPI documents, the configuration reference, the dependency graph.
//!
//! `--check` writes nothing and fails naming what is stale. Everything else about these files is the concern
//! of whoever makes their content: the `stoa` binary for the documents, [`graph`] for the graph.

mod graph;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::crates::Crates;
use crate::shell;
use crate::workspace::Workspace;

/// The command line of `cargo xtask gen`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail when a file is not what would be written.
    #[arg(long)]
    check: bool,
    /// A `stoa` that is built already; otherwise one is built.
    #[arg(long)]
    bin: Option<PathBuf>,
}

impl Args {
    /// A check with this binary.
    pub(crate) fn check_with(binary: PathBuf) -> Self {
        Self {
            check: true,
            bin: Some(binary),
        }
    }
}

/// A file and what must be in it.
struct Generated {
    /// Relative to the workspace.
    path: String,
    content: String,
}

/// Runs the command.
pub(crate) fn run(args: &Args, workspace: &Workspace) -> anyhow::Result<()> {
    let crates = Crates::of(workspace)?;
    let binary = match &args.bin {
        Some(binary) => binary
            .canonicalize()
            .with_context(|| format!("no `{}`", binary.display()))?,
        None => build(workspace)?,
    };
    let mut generated = documents(&crates, &binary)?;
    generated.push(graph(&crates, workspace.root())?);
    let mut stale = Vec::new();
    for file in generated {
        let path = workspace.root().join(&file.path);
        if fs::read_to_string(&path).is_ok_and(|content| content == file.content) {
            continue;
        }
        if !args.check {
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            fs::write(&path, &file.content).with_context(|| format!("cannot write `{}`", file.path))?;
            eprintln!("gen: wrote {}", file.path);
        }
        stale.push(file.path);
    }
    if args.check && !stale.is_empty() {
        bail!("stale: {}; run `cargo xtask gen`", stale.join(", "));
    }
    if stale.is_empty() {
        eprintln!("gen: everything is fresh");
    }
    Ok(())
}

fn build(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    shell::run(&mut workspace.cargo(&["build", "--quiet", "-p", "stoa"]))?;
    Ok(workspace.target().join("debug").join("stoa"))
}

/// What the binary prints about itself.
fn documents(crates: &Crates, binary: &Path) -> anyhow::Result<Vec<Generated>> {
    let mut documents = Vec::new();
    let mut document = |path: String, args: &[&str]| -> anyhow::Result<()> {
        documents.push(Generated {
            path,
            content: ask(binary, args)?,
        });
        Ok(())
    };
    for service in crates.services_with_contract() {
        document(
            format!("openapi/{service}.json"),
            &["openapi", "--service", service],
        )?;
    }
    document("openapi/stoa.json".to_owned(), &["openapi"])?;
    document("asyncapi/stoa.json".to_owned(), &["asyncapi"])?;
    document("docs/configuration.md".to_owned(), &["config", "reference"])?;
    Ok(documents)
}

/// One answer of the binary, ending in one newline.
fn ask(binary: &Path, args: &[&str]) -> anyhow::Result<String> {
    let said = shell::output(Command::new(binary).args(args))?;
    if said.trim().is_empty() {
        bail!("`stoa {}` printed nothing", args.join(" "));
    }
    Ok(format!("{}\n", said.trim_end()))
}

fn graph(crates: &Crates, root: &Path) -> anyhow::Result<Generated> {
    let path = "ARCHITECTURE.md".to_owned();
    let text = fs::read_to_string(root.join(&path)).with_context(|| format!("cannot read `{path}`"))?;
    let content = graph::replace_in(&text, &graph::mermaid(crates))
        .with_context(|| format!("`{path}` has no lines `{}` and `{}`", graph::BEGIN, graph::END))?;
    Ok(Generated { path, content })
}
