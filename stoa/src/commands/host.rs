//! `stoa up` and `stoa run`: a process that serves until it is told to stop.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use kit_config::{Loaded, ProcessConfig};
use kit_otlp::Exporter;
use kit_runtime::{Lifecycle, Shutdown, ShutdownLimits};
use kit_service::Notice;
use kit_service::talk;
use kit_telemetry::{LogSettings, init_logs};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Run, Up};
use crate::commands::lists::gateway_routes;
use crate::compose::compose;
use crate::node::Node;
use crate::serve::Sockets;
use crate::services::{self, GATEWAY, KnownService, find};
use crate::settings::{
    self, AdminConfig, ClockConfig, LogConfig, LogFormat, RuntimeConfig, listen_address, section,
};
use crate::telemetry;

const LAME_DUCK: Duration = Duration::from_secs(5);

/// What a process hosts and which of it gets ports of its own.
struct Plan {
    hosts: Vec<KnownService>,
    own_ports: Vec<KnownService>,
    lame_duck: Duration,
}

pub(super) fn up(
    file: Option<PathBuf>,
    mut set: Vec<(String, String)>,
    options: Up,
) -> anyhow::Result<ExitCode> {
    if let Some(data) = options.data {
        set.push(("data.dir".to_owned(), data.display().to_string()));
    }
    if let Some(listen) = options.listen {
        set.push(("gateway.listen".to_owned(), listen.to_string()));
    }
    let exposed = exposed(options.expose.as_deref())?;
    let plan = Plan {
        hosts: services::all().collect(),
        own_ports: exposed,
        lame_duck: Duration::ZERO,
    };
    host(settings::load(file, set)?, plan)
}

pub(super) fn run(config: Loaded, options: &Run) -> anyhow::Result<ExitCode> {
    if section::<ClockConfig>(&config)?.test {
        bail!("`clock.test` is for `stoa up`: other processes would go by another time");
    }
    let hosts = &options.services;
    host(
        config,
        Plan {
            hosts: hosts.clone(),
            own_ports: hosts
                .iter()
                .copied()
                .filter(|service| service.name != GATEWAY)
                .collect(),
            lame_duck: LAME_DUCK,
        },
    )
}

fn exposed(choice: Option<&str>) -> anyhow::Result<Vec<KnownService>> {
    match choice {
        None => Ok(Vec::new()),
        Some("all") => Ok(services::all()
            .filter(|service| service.name != GATEWAY)
            .collect()),
        Some(names) => names
            .split(',')
            .map(|name| find(name).map_err(anyhow::Error::msg))
            .collect(),
    }
}

fn host(config: Loaded, plan: Plan) -> anyhow::Result<ExitCode> {
    config.check()?;
    if plan.hosts.iter().any(|service| service.name == GATEWAY) {
        // Before anything is made or opened.
        gateway_routes(&config)?;
    }
    let log: LogConfig = section(&config)?;
    init_logs(&LogSettings {
        format: log_format(log.format),
        filter: log.filter,
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(config, plan))
}

async fn serve(config: Loaded, plan: Plan) -> anyhow::Result<ExitCode> {
    let runtime: RuntimeConfig = section(&config)?;
    let limits = ShutdownLimits {
        lame_duck: runtime.lame_duck.map_or(plan.lame_duck, Into::into),
        hard_stop: runtime.hard_stop.into(),
    };
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let lifecycle = Lifecycle::new();
    let mut exporter = None;
    // Kept to the end: it holds the data folder.
    let node = match start(config, &plan, &lifecycle, &mut exporter).await {
        Ok(node) => node,
        Err(error) => {
            lifecycle.end().await;
            return Err(error);
        }
    };
    let signals = async || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let shutdown = lifecycle.run(&node.readiness, limits, signals).await;
    if let Some(exporter) = exporter {
        exporter.stop(telemetry::LAST_EXPORT).await;
    }
    match shutdown {
        Shutdown::Clean => Ok(ExitCode::SUCCESS),
        Shutdown::Forced => {
            talk("stopped before everything had finished");
            Ok(ExitCode::from(3))
        }
    }
}

async fn start(
    config: Loaded,
    plan: &Plan,
    lifecycle: &Lifecycle,
    exporter: &mut Option<Exporter>,
) -> anyhow::Result<Node> {
    let mut node = Node::new(config, &plan.hosts, lifecycle.tasks())?;
    *exporter = telemetry::start(&mut node)?;
    let mut composed = compose(&mut node).await?;
    let mut sockets = Sockets::new(&node);
    let gateway = node
        .hosts
        .iter()
        .copied()
        .filter(|service| service.name == GATEWAY);
    for service in gateway.chain(plan.own_ports.iter().copied()) {
        let name = service.name;
        let built = composed
            .built
            .remove(name)
            .with_context(|| format!("`{name}` does not run here"))?;
        sockets
            .service(&node, name, address(&node, plan, service)?, built)
            .await?;
    }
    sockets
        .admin(&node, section::<AdminConfig>(&node.config)?.listen)
        .await?;
    talk(&banner(&node, &sockets, &composed.notices)?);
    Ok(node)
}

/// A service that is alone in its process listens on `PORT`, where that is set.
fn address(node: &Node, plan: &Plan, service: KnownService) -> anyhow::Result<SocketAddr> {
    let mut address = listen_address(&node.config, service)?;
    if let (Some(port), 1) = (section::<ProcessConfig>(&node.config)?.port, plan.hosts.len()) {
        address.set_port(port);
        // Whoever sets it runs the process behind something that reaches it from outside.
        address.set_ip(std::net::Ipv4Addr::UNSPECIFIED.into());
    }
    Ok(address)
}

fn banner(node: &Node, sockets: &Sockets, notices: &[Notice]) -> anyhow::Result<String> {
    let mut text = format!("Stoa {} is up.\n", env!("CARGO_PKG_VERSION"));
    for socket in sockets.bound() {
        let purpose = match socket.name.as_str() {
            GATEWAY => "API under /api, its documentation at /docs",
            "admin" => "metrics and readiness; keep it private",
            _ => "the service's own port",
        };
        writeln!(
            text,
            "  {:<8} http://{:<21} {purpose}",
            socket.name, socket.address
        )?;
    }
    let stores = |service: &&KnownService| service.migrations.is_some();
    if let Some(service) = node.hosts.iter().find(stores) {
        let kind = node.database_settings(service).target.dialect();
        writeln!(text, "  {:<8} {} ({kind:?})", "data", node.data.display())?;
    }
    let gateway = sockets.bound().iter().find(|socket| socket.name == GATEWAY);
    if let Some(gateway) = gateway {
        let config: gateway::GatewayConfig = section(&node.config)?;
        let base = config
            .public_url
            .map_or_else(|| format!("http://{}", gateway.address), |url| url.to_string());
        for notice in notices {
            writeln!(text, "\n{}\n  {base}{}", notice.text, notice.path.expose())?;
        }
    }
    Ok(text)
}

fn log_format(format: LogFormat) -> kit_telemetry::LogFormat {
    match format {
        LogFormat::Auto => kit_telemetry::LogFormat::Auto,
        LogFormat::Json => kit_telemetry::LogFormat::Json,
        LogFormat::Pretty => kit_telemetry::LogFormat::Pretty,
    }
}
