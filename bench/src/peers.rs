//! Reverse proxies to compare with: bare nginx and `HAProxy`, where they are installed.
//!
//! Each has one worker, connections to its upstream that stay open, and a line in its access log for every
//! request, as Stoa writes one; none of them checks a token or a role, or counts.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use crate::folders::find_program;
use crate::machine::Cores;
use crate::program::{Program, Ready, free_address};

/// A proxy before `upstream`; `None` where it is not installed.
pub(crate) type Peer = fn(&Path, SocketAddr) -> anyhow::Result<Option<(Program, SocketAddr)>>;

/// All of them, with the Debian package of each.
pub(crate) const PEERS: [(&str, &str, Peer); 2] =
    [("nginx", "nginx-light", nginx), ("haproxy", "haproxy", haproxy)];

fn nginx(folder: &Path, upstream: SocketAddr) -> anyhow::Result<Option<(Program, SocketAddr)>> {
    let Some(binary) = find_program("nginx") else {
        return Ok(None);
    };
    let address = free_address()?;
    let at = folder.display();
    let config = format!(
        "daemon off;
master_process off;
worker_processes 1;
pid {at}/nginx.pid;
error_log {at}/nginx-errors.log;
events {{ worker_connections 256; }}
http {{
    access_log {at}/nginx-access.log;
    client_body_temp_path {at}/body;
    proxy_temp_path {at}/proxy;
    fastcgi_temp_path {at}/fastcgi;
    uwsgi_temp_path {at}/uwsgi;
    scgi_temp_path {at}/scgi;
    keepalive_requests 1000000;
    upstream users {{
        server {upstream};
        keepalive 32;
        keepalive_requests 1000000;
    }}
    server {{
        listen {address};
        location / {{
            proxy_pass http://users;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
        }}
    }}
}}
"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, config)?;
    let args = [
        "-e",
        &format!("{at}/nginx-errors.log"),
        "-c",
        &file.display().to_string(),
    ]
    .map(str::to_owned);
    Ok(Some((
        Program {
            name: "nginx",
            binary,
            args: args.to_vec(),
            settings: Vec::new(),
            folder: folder.to_owned(),
            cores: Cores::Measured,
            ready: Ready::Answers(address, "/readyz"),
        },
        address,
    )))
}

fn haproxy(folder: &Path, upstream: SocketAddr) -> anyhow::Result<Option<(Program, SocketAddr)>> {
    let Some(binary) = find_program("haproxy") else {
        return Ok(None);
    };
    let address = free_address()?;
    let config = format!(
        "global
    nbthread 1
    maxconn 256
    log stderr format raw local0
defaults
    mode http
    log global
    option httplog
    http-reuse always
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend front
    bind {address}
    default_backend users
backend users
    server users {upstream}
"
    );
    let file = folder.join("haproxy.cfg");
    fs::write(&file, config)?;
    let args = ["-db", "-f", &file.display().to_string()].map(str::to_owned);
    Ok(Some((
        Program {
            name: "haproxy",
            binary,
            args: args.to_vec(),
            settings: Vec::new(),
            folder: folder.to_owned(),
            cores: Cores::Measured,
            ready: Ready::Answers(address, "/readyz"),
        },
        address,
    )))
}
