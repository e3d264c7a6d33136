//! `stoa services` and `stoa routes`.

use std::fmt::Write as _;
use std::process::ExitCode;

use kit_config::Loaded;
use kit_service::{Listing, answer};
use serde_json::{Value, json};

use crate::services::{self, KnownService};
use crate::settings::{listen_address, section};

pub(super) fn services(config: &Loaded, options: Listing) -> anyhow::Result<ExitCode> {
    let mut rows = Vec::new();
    for service in services::all() {
        rows.push((service, listen_address(config, service)?));
    }
    if options.json {
        let row = |(service, listen): (KnownService, std::net::SocketAddr)| json!({ "name": service.name, "purpose": service.purpose, "listen": listen });
        answer(&format!("{:#}", rows.into_iter().map(row).collect::<Value>()))?;
    } else {
        let mut text = String::new();
        for (service, listen) in rows {
            writeln!(
                text,
                "{:<9} {:<16} {}",
                service.name,
                listen.to_string(),
                service.purpose
            )?;
        }
        answer(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn routes(config: &Loaded, options: Listing) -> anyhow::Result<ExitCode> {
    let lines = gateway_routes(config)?;
    if options.json {
        let row = |line: &gateway::RouteLine| json!({ "method": line.method, "path": line.path, "access": line.access, "target": line.target });
        answer(&format!("{:#}", lines.iter().map(row).collect::<Value>()))?;
    } else {
        let mut text = String::new();
        for line in &lines {
            writeln!(
                text,
                "{:<7} {:<42} {:<7} {}",
                line.method, line.path, line.access, line.target
            )?;
        }
        answer(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Every route that a gateway of this configuration has, or what is wrong with them.
pub(super) fn gateway_routes(config: &Loaded) -> anyhow::Result<Vec<gateway::RouteLine>> {
    let tables: Vec<_> = services::all()
        .filter_map(|service| service.routes.clone())
        .collect();
    Ok(gateway::list_routes(&section(config)?, &tables)?)
}
