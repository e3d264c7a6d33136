//! What a service adds to the command line.

use std::io::{self, Write as _};
use std::sync::Arc;

use clap::{ArgMatches, Subcommand};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::Home;

type Run = dyn Fn(&ArgMatches, Home) -> BoxFuture<'static, anyhow::Result<()>> + Send + Sync;

/// Whose the databases are while a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// The command's: on SQLite no other process may run.
    Own,
    /// Perhaps a running process's: the command works beside it, and runs no migrations.
    Beside,
}

/// A command with subcommands, such as `stoa keys list`. It works on the service's own database, without a token.
#[derive(Clone)]
pub struct ServiceCommand {
    /// How it is called, and its help.
    pub command: clap::Command,
    /// Whether the command owns the database while it runs.
    pub ownership: Ownership,
    run: Arc<Run>,
}

impl ServiceCommand {
    /// A command of this name; its subcommands are `S`.
    pub fn new<S, F>(
        name: &'static str,
        about: &'static str,
        ownership: Ownership,
        run: impl Fn(S, Home) -> F + Send + Sync + 'static,
    ) -> Self
    where
        S: Subcommand + Send + 'static,
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let command = clap::Command::new(name)
            .about(about)
            .subcommand_required(true)
            .arg_required_else_help(true);
        let run = Arc::new(run);
        let parsed = move |matches: &ArgMatches, home: Home| {
            let (command, run) = (S::from_arg_matches(matches), run.clone());
            async move { run(command?, home).await }.boxed()
        };
        Self {
            command: S::augment_subcommands(command),
            ownership,
            run: Arc::new(parsed),
        }
    }

    /// Runs what was asked for.
    pub async fn run(&self, matches: &ArgMatches, home: Home) -> anyhow::Result<()> {
        (self.run)(matches, home).await
    }
}

/// Says something to a person, on stderr.
pub fn talk(text: &str) {
    // Where stderr is gone there is nobody to tell.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Answers with data, on stdout. A reader that has gone, such as `head`, wants no more of it; anything else that keeps
/// the answer from being written is an error.
pub fn answer(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    let written = writeln!(stdout, "{}", text.trim_end()).and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(io::Error::new(
            error.kind(),
            format!("the answer cannot be written: {error}"),
        )),
        Ok(()) => Ok(()),
    }
}

/// How a list is printed.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Listing {
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

impl Listing {
    /// Prints a list: as a JSON array, or a line an item.
    pub fn print<T: serde::Serialize>(self, items: &[T], line: impl Fn(&T) -> String) -> io::Result<()> {
        if self.json {
            answer(&serde_json::to_string_pretty(items)?)
        } else {
            answer(&items.iter().map(line).collect::<Vec<_>>().join("\n"))
        }
    }
}
