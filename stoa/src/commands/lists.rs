//! `stoa services` and `stoa routes`.

use std::fmt::Write as _;
use std::process::ExitCode;

use auth_api::TokenConfig;
use gateway::{Backend, BackendPlace, Gateway, GatewayDeps};
use kit_config::Loaded;
use kit_rpc::InternalKeys;
use kit_rpc::pool::PoolSettings;
use kit_runtime::{Clock, Lifecycle, Readiness, Secret};
use kit_token::Verifier;
use serde_json::{Value, json};

use crate::cli::{Listing, answer};
use crate::services::Service;
use crate::settings::{listen_address, section};

pub(super) fn services(config: &Loaded, options: &Listing) -> anyhow::Result<ExitCode> {
    let mut rows = Vec::new();
    for service in Service::ALL {
        rows.push((service, listen_address(config, service)?));
    }
    if options.json {
        let row = |(service, listen): (Service, std::net::SocketAddr)| json!({ "name": service.name(), "purpose": service.purpose(), "listen": listen });
        answer(&format!("{:#}", rows.into_iter().map(row).collect::<Value>()));
    } else {
        let mut text = String::new();
        for (service, listen) in rows {
            writeln!(
                text,
                "{:<9} {:<16} {}",
                service.name(),
                listen.to_string(),
                service.purpose()
            )?;
        }
        answer(&text);
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn routes(config: &Loaded, options: &Listing) -> anyhow::Result<ExitCode> {
    let gateway = unserved(config)?;
    let lines = gateway.routes();
    if options.json {
        let row = |line: &gateway::RouteLine| json!({ "method": line.method, "path": line.path, "access": line.access, "target": line.target });
        answer(&format!("{:#}", lines.iter().map(row).collect::<Value>()));
    } else {
        let mut text = String::new();
        for line in lines {
            writeln!(
                text,
                "{:<7} {:<42} {:<7} {}",
                line.method, line.path, line.access, line.target
            )?;
        }
        answer(&text);
    }
    Ok(ExitCode::SUCCESS)
}

/// A gateway that is built to be asked for its routes and serves nobody.
fn unserved(config: &Loaded) -> anyhow::Result<Gateway> {
    let token: TokenConfig = section(config)?;
    let backend = |service: Service| {
        let place = BackendPlace::Hosted(axum::Router::new());
        service.routes().map(|table| Backend {
            table,
            display: service.display(),
            place,
        })
    };
    let deps = GatewayDeps {
        verifier: Verifier::new(token.rules(), Clock::system())?,
        services: Service::ALL.into_iter().filter_map(backend).collect(),
        // Nothing is sent to anybody, so any key will do.
        internal_keys: InternalKeys::new(vec![Secret::new("-".repeat(32))])?,
        tasks: Lifecycle::new().tasks(),
        connections: PoolSettings::default(),
        readiness: Readiness::new(),
    };
    Ok(gateway::build(section(config)?, deps)?)
}
