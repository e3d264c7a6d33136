//! Redis for tests, without persistence: what it holds is a cache, and a restart loses it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::backends::account::Account;
use crate::backends::launch::{Launch, Program, words};
use crate::backends::server::{Published, Server};
use crate::backends::wire;
use crate::{debian, shell};

/// Redis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Redis;

/// Far from 6379, where a machine's own server listens.
const PORT: u16 = 16379;

/// In a file, since everybody on a machine may read the command lines of all processes.
const CONFIG: &str = "\
bind 127.0.0.1
port {port:redis}
requirepass {password}
dir {folder}
save \"\"
appendonly no
daemonize no
";

impl Server for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn account(&self) -> anyhow::Result<Account> {
        Ok(Account::Own)
    }

    fn find(&self) -> anyhow::Result<Option<Launch>> {
        if shell::output(Command::new("redis-server").arg("--version")).is_err() {
            return Ok(None);
        }
        Ok(Some(Launch {
            ports: vec![("redis", PORT)],
            files: vec![("redis.conf", CONFIG.to_owned())],
            programs: vec![Program {
                command: words(&["redis-server", "{folder}/redis.conf"]),
                env: Vec::new(),
                port: "redis",
            }],
            published: vec![("url", "redis://:{password}@127.0.0.1:{port:redis}/0".to_owned())],
            ..Launch::default()
        }))
    }

    fn install(&self) -> anyhow::Result<()> {
        debian::install("redis-server")
    }

    /// `PING`, after the password was taken.
    fn ask(&self, published: &Published) -> anyhow::Result<()> {
        let url = published.url("url")?;
        let mut stream = wire::connect(&url.host, url.port)?;
        stream.write_all(format!("AUTH {}\r\nPING\r\n", url.password).as_bytes())?;
        let mut answers = BufReader::new(stream);
        for (asked, wanted) in [("AUTH", "+OK"), ("PING", "+PONG")] {
            let mut line = String::new();
            answers
                .read_line(&mut line)
                .with_context(|| format!("no answer to `{asked}`"))?;
            if line.trim_end() != wanted {
                bail!("it answered `{asked}` with `{}`", line.trim_end());
            }
        }
        Ok(())
    }
}
