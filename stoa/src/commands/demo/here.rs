//! A shop that is made in a data folder: every service in this process, with a clock that begins a month ago.
//!
//! The services are those of `stoa up`, behind the same gateway, on a port of its own; the clock alone is another. It
//! runs, and is moved on between two steps of the history. It never passes the present.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use demo::{ADMIN, MONTH, Means, Notes, TIME_TO_PAY};
use gateway::GatewayConfig;
use kit_config::Loaded;
use kit_runtime::{Clock, Ids, Lifecycle};
use kit_service::talk;
use kit_telemetry::{LogFormat, LogSettings, init_logs};

use crate::compose::compose;
use crate::node::Node;
use crate::serve::Sockets;
use crate::services::{self, GATEWAY, find};
use crate::settings::{self, DataConfig, section};
use crate::shifted_clock::ShiftedClock;

/// The notes in a data folder.
const NOTES: &str = "demo.json";

/// How much later than noted an interrupted run goes on: the shop's clock went on after the last note.
const GAP: Duration = Duration::from_mins(1);

/// A file that is in every data folder in which services have run.
const DATABASE: &str = "auth.db";

/// Keys that name something outside of the process.
const OUTSIDE: [&str; 6] = [
    "database.url",
    "rabbitmq.url",
    "kafka.brokers",
    "redis.url",
    "notifications.smtp.url",
    "catalog.pictures.endpoint",
];

/// The provider of payments that charges nobody.
const SANDBOX: &str = "sandbox";

/// Longer than the history: tokens, and news of their revocation, stay good while the clock is moved on.
const LONG: &str = "60d";

/// From where a configuration comes: its file, and what the command line sets.
type Source = (Option<PathBuf>, Vec<(String, String)>);

/// Makes the shop, or what is missing of it; its notes, and how to look at it.
pub(super) fn make(config: &Loaded, source: Source) -> anyhow::Result<(Notes, String)> {
    config.check()?;
    refuse_outside(config)?;
    let data = section::<DataConfig>(config)?.dir;
    let clock = ShiftedClock::default();
    let mut notes = open_notes(&data)?;
    if notes.summary().is_none() {
        init_logs(&LogSettings {
            format: LogFormat::Auto,
            // That the clock is moved on looks to a broadcast as if the process had been suspended, and to a webhook of the
            // sandbox as if it had been on its way for hours; it is sent again.
            filter: "warn,kit_bus::broadcast=error,payments::provider::sandbox=error".to_owned(),
        })?;
        let password = notes.password(ADMIN, &Ids::system())?;
        let public = public_address(config)?;
        let config = for_history(source, &public, password.expose())?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        notes = runtime.block_on(async {
            let lifecycle = Lifecycle::new();
            let done = fill(config, &lifecycle, &clock, notes).await;
            lifecycle.end().await;
            done
        })?;
    }
    let hint = format!("Start the shop with `stoa up --data {}`.", data.display());
    Ok((notes, hint))
}

/// What leads out of the process has no part in it: a history must not get into anybody's database, and no mail out.
fn refuse_outside(config: &Loaded) -> anyhow::Result<()> {
    let charges = config.value::<String>("payments.provider")? != SANDBOX;
    let outside = OUTSIDE.into_iter().find(|key| config.origin(key).is_some());
    if let Some(key) = outside.or_else(|| charges.then_some("payments.provider")) {
        bail!(
            "a shop in a data folder is made of embedded parts alone, and `{key}` is set; start the shop as it is \
             configured, and fill it with `stoa demo --gateway`"
        );
    }
    Ok(())
}

/// The notes of the folder, made where nothing is in it.
fn open_notes(data: &Path) -> anyhow::Result<Notes> {
    let file = data.join(NOTES);
    let is_shop = data.join(DATABASE).exists();
    match Notes::find(&file)? {
        Some(notes) if is_shop || !notes.has_begun() => Ok(notes),
        None if is_shop => bail!(
            "in `{}` is a shop that is not the demo's; name another folder with --data",
            data.display()
        ),
        found => {
            if found.is_some() {
                // What it was noted of is gone.
                std::fs::remove_file(&file)?;
            }
            let beginning = Clock::system().now().minus(MONTH);
            Notes::begin(&file, beginning, &[ADMIN], &Ids::system())
        }
    }
}

/// Where the shop will be once it is started: what is written of it while it is made leads there.
fn public_address(config: &Loaded) -> anyhow::Result<String> {
    let gateway: GatewayConfig = section(config)?;
    let public = gateway.public_url.map(|url| url.to_string());
    Ok(public.unwrap_or_else(|| format!("http://{}", gateway.listen)))
}

/// What the shop is made with; what its operator has set otherwise stays.
fn for_history((file, mut set): Source, public: &str, password: &str) -> anyhow::Result<Loaded> {
    let hours = |span: Duration| format!("{}h", span.as_secs() / 3_600);
    for (key, value) in [
        ("gateway.listen", "127.0.0.1:0"),
        ("gateway.public_url", public),
        ("gateway.rate_limit.enabled", "false"),
        ("token.expiry", LONG),
        ("token.revocation_max_age", LONG),
        ("auth.admin.username", ADMIN),
        ("auth.admin.email", "admin@example.com"),
        ("auth.admin.password", password),
        ("orders.payment_time_to_live", &hours(TIME_TO_PAY)),
        ("storage.s3_listen", "127.0.0.1:0"),
        ("catalog.reservation_time_to_live", &hours(TIME_TO_PAY * 2)),
    ] {
        set.push((key.to_owned(), value.to_owned()));
    }
    let config = settings::load(file, set)?;
    config.check()?;
    Ok(config)
}

async fn fill(
    config: Loaded,
    lifecycle: &Lifecycle,
    clock: &ShiftedClock,
    mut notes: Notes,
) -> anyhow::Result<Notes> {
    let begins_anew = notes.moment() == notes.beginning();
    clock.set_to(
        notes
            .moment()
            .plus(if begins_anew { Duration::ZERO } else { GAP }),
    );
    let hosts: Vec<_> = services::all().collect();
    let mut node = Node::with_clock(config, &hosts, lifecycle.tasks(), Clock::new(clock.clone()))?;
    let mut composed = compose(&mut node).await?;
    let built = composed
        .built
        .remove(GATEWAY)
        .context("the gateway does not run here")?;
    let mut sockets = Sockets::new(&node);
    let gateway = find(GATEWAY).map_err(anyhow::Error::msg)?;
    let address = settings::listen_address(&node.config, gateway)?;
    sockets.service(&node, GATEWAY, address, built).await?;
    let bound = sockets.bound().first().context("the gateway does not listen")?;
    let means = Means {
        gateway: format!("http://{}", bound.address).parse()?,
        clock: node.clock.clone(),
        ids: node.ids.clone(),
        tasks: node.tasks.clone(),
    };
    let beginning = notes.beginning();
    let reach = async |after: Duration| {
        clock.move_on_to(beginning.plus(after).min(Clock::system().now()));
        Ok(())
    };
    demo::fill_month(&means, &mut notes, reach, talk).await?;
    clock.move_on_to(Clock::system().now());
    Ok(notes)
}
