//! The command line. What a command answers goes to stdout, what it says about its work to stderr.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use kit_config::{BaseUrl, Span};
use kit_service::Listing;

use crate::services::{KnownService, find};

/// A backend platform for selling things online.
#[derive(Debug, Parser)]
#[command(name = "stoa", version, propagate_version = true)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub global: GlobalOptions,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct GlobalOptions {
    /// The configuration file; `stoa.toml` in this folder where there is one.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Sets a configuration key, such as `--set token.expiry=15m`; may be repeated.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = key_value)]
    pub set: Vec<(String, String)>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs every service in this process, on embedded parts, behind the gateway.
    Up(Up),
    /// Runs the named services in this process, each on its own port.
    Run(Run),
    /// Makes a shop to look at: goods with pictures, customers, a month of orders.
    ///
    /// It is made in a data folder, on which `stoa up` runs afterwards, or in a shop that runs. Again it changes nothing,
    /// and what was interrupted it finishes.
    Demo(Demo),
    /// Brings the databases up to date.
    Migrate(Migrate),
    /// Shows, checks and explains the configuration.
    #[command(subcommand)]
    Config(Config),
    /// Looks at what services tell each other, and decides about events that could not be handled.
    #[command(subcommand)]
    Events(Events),
    /// The clock of a shop that is tried out (`clock.test`).
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Publishes something at each configured broker and consumes it again.
    Brokers(Listing),
    /// Checks what must hold of every service's tables, and what services must agree on.
    Verify(Verify),
    /// Lists the services.
    Services(Listing),
    /// Lists the gateway's routes: method, path, access, target.
    Routes(Listing),
    /// Prints the OpenAPI document: of the gateway, or of one service.
    Openapi(Openapi),
    /// Prints the `AsyncAPI` document of all events.
    Asyncapi,
    /// Prints the version.
    Version,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    /// The data folder; it is made where there is none.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Where the gateway listens.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Services that listen on their own ports too, separated by commas, or `all`.
    #[arg(long, value_name = "SERVICES")]
    pub expose: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The services, separated by commas.
    #[arg(long, value_name = "SERVICES", value_delimiter = ',', required = true, value_parser = find)]
    pub services: Vec<KnownService>,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The data folder; it is made where there is none. Of a shop that runs, where it is noted what was done.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Fills the shop whose gateway is there, over HTTP. Its clock is its own, so everything in it is of today.
    #[arg(long, value_name = "URL", requires = "username", requires = "password_file")]
    pub gateway: Option<BaseUrl>,
    /// Somebody of the staff of the shop that runs.
    #[arg(long, value_name = "NAME", requires = "gateway")]
    pub username: Option<String>,
    /// The file whose first line is their password; `-` for stdin.
    #[arg(long, value_name = "FILE", requires = "gateway")]
    pub password_file: Option<PathBuf>,
    #[command(flatten)]
    pub listing: Listing,
}

#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Says what would run, and runs nothing; ends with status 2 where something would.
    #[arg(long)]
    pub check: bool,
    /// The services, separated by commas; all where none is named.
    #[arg(long, value_name = "SERVICES", value_delimiter = ',', value_parser = find)]
    pub services: Vec<KnownService>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Prints every key and its value; secrets are left out.
    Show {
        /// Also where each value comes from.
        #[arg(long)]
        origin: bool,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Says everything that is wrong with the configuration.
    Check,
    /// Prints the JSON schema of `stoa.toml`.
    Schema,
    /// Prints the reference page of every key.
    Reference,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Prints the time there.
    Show,
    /// Moves it ahead, whether `stoa up` runs or not, and prints the time after that.
    ///
    /// It goes in steps, a tenth of a second apart, so that what is due at one has begun before the next.
    Advance {
        /// How far, such as `36h` or `31d`.
        span: Span,
        /// How far at once.
        #[arg(long, default_value = "1d", value_name = "TIME")]
        step: Span,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Events {
    /// Prints the last events of the logs, in the order they were written.
    Tail(Tail),
    /// Lists how far each consumer is.
    Lag(Listing),
    /// Events that failed as often as they may.
    #[command(subcommand)]
    Dlq(Dlq),
    /// Delivers to a consumer again what was published since a moment, as far as it is still kept.
    Replay {
        /// The consumer, as `stoa events lag` lists it.
        consumer: String,
        /// A moment (`2026-01-31T12:00:00Z`), or how long ago (`90m`).
        #[arg(long)]
        since: String,
        /// Does effects again that were done. Without it only events that had none get one.
        #[arg(long)]
        repeat: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// The service whose log is read; all where none is named.
    #[arg(long, value_name = "SERVICE", value_parser = find)]
    pub source: Option<KnownService>,
    /// How many of the last events of each log.
    #[arg(short = 'n', long, value_name = "EVENTS", default_value_t = 20)]
    pub lines: u32,
    /// Goes on with those that come, until it is interrupted.
    #[arg(short, long)]
    pub follow: bool,
    /// As JSON, one event a line.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Dlq {
    /// Lists them, oldest first.
    List {
        /// Those of one consumer.
        #[arg(long)]
        consumer: Option<String>,
        #[command(flatten)]
        listing: Listing,
    },
    /// Prints one with its payload, as JSON.
    Show { consumer: String, event: String },
    /// Tries one again, or all of a consumer; those that wait behind it follow in order.
    Replay {
        consumer: String,
        /// The event's identifier; all dead letters of the consumer where none is named.
        event: Option<String>,
    },
    /// Gives one up: its effect never happens, and those that wait behind it follow.
    Drop { consumer: String, event: String },
}

#[derive(Debug, Args)]
pub(crate) struct Openapi {
    /// The service whose own port is described; the gateway where none is named.
    #[arg(long, value_name = "SERVICE", value_parser = find)]
    pub service: Option<KnownService>,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

/// How `stoa verify` goes about it.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// How long services may take to agree: what is under way has to arrive.
    #[arg(long, default_value = "10s", value_name = "TIME")]
    pub wait: Span,
    #[command(flatten)]
    pub listing: Listing,
}
