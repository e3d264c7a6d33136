//! A Redis of the bench's own, without persistence, which it may stop and kill.

use std::fs;
use std::path::Path;

use kit_runtime::Ids;

use crate::folders::find_program;
use crate::machine::Cores;
use crate::program::{Program, Ready, free_address};

/// How to start it in an empty folder, and its URL; `None` where it is not installed.
pub(crate) fn redis(folder: &Path) -> anyhow::Result<Option<(Program, String)>> {
    let Some(binary) = find_program("redis-server") else {
        return Ok(None);
    };
    let (address, password) = (free_address()?, Ids::system().uuid().simple());
    let (port, at) = (address.port(), folder.display());
    let config = format!(
        "bind 127.0.0.1
port {port}
requirepass {password}
dir \"{at}\"
logfile \"{at}/redis.log\"
save \"\"
appendonly no
daemonize no
"
    );
    let file = folder.join("redis.conf");
    fs::write(&file, config)?;
    let program = Program {
        name: "redis",
        binary,
        args: vec![file.display().to_string()],
        settings: Vec::new(),
        folder: folder.to_owned(),
        cores: Cores::Others,
        ready: Ready::Connects(address),
    };
    Ok(Some((program, format!("redis://:{password}@{address}/0"))))
}
