//! RabbitMQ for tests, with its management API.
//!
//! Nothing of a machine's own RabbitMQ is used but the programs: every file that it would read elsewhere is
//! named. It needs Erlang's name server, `epmd`, and would leave one behind that nobody stops; so it gets
//! one of ours, on a port of its own.

mod amqp;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::backends::account::Account;
use crate::backends::launch::{Launch, Program, words};
use crate::backends::server::{Published, Server};
use crate::backends::url::Url;
use crate::backends::wire;
use crate::debian;

/// RabbitMQ.
#[derive(Clone, Copy, Debug)]
pub(super) struct RabbitMq;

/// Debian's. The one in `/usr/sbin` is a wrapper that insists on the distribution's own instance.
const PROGRAM: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// Where `up` begins to look, far from 5672, 15672, 25672 and 4369 of a machine's own, and so far from each
/// other that they do not meet.
const PORTS: [(&str, u16); 4] = [
    ("amqp", 15673),
    ("management", 17673),
    ("distribution", 25673),
    ("epmd", 24369),
];

const CONFIG: &str = "\
listeners.tcp.1 = 127.0.0.1:{port:amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {port:management}
default_user = stoa
default_pass = {password}
";

const ENVIRONMENT: &[(&str, &str)] = &[
    ("HOME", "{folder}"),
    ("ERL_EPMD_PORT", "{port:epmd}"),
    ("ERL_EPMD_ADDRESS", "127.0.0.1"),
    ("RABBITMQ_NODENAME", "stoa@localhost"),
    ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1"),
    ("RABBITMQ_NODE_PORT", "{port:amqp}"),
    ("RABBITMQ_DIST_PORT", "{port:distribution}"),
    ("RABBITMQ_MNESIA_BASE", "{folder}/mnesia"),
    ("RABBITMQ_LOG_BASE", "{folder}/log"),
    ("RABBITMQ_PID_FILE", "{folder}/pid"),
    ("RABBITMQ_ENABLED_PLUGINS_FILE", "{folder}/enabled_plugins"),
    ("RABBITMQ_CONFIG_FILE", "{folder}/rabbitmq.conf"),
    // These are not there, which is what is wanted: else the machine's own would be read.
    ("RABBITMQ_CONF_ENV_FILE", "{folder}/rabbitmq-env.conf"),
    ("RABBITMQ_CONFIG_FILES", "{folder}/conf.d"),
    ("RABBITMQ_ADVANCED_CONFIG_FILE", "{folder}/advanced.config"),
    // Two schedulers that do not spin while they wait: the machine is shared with the tests.
    ("RABBITMQ_SERVER_ERL_ARGS", "+S 2:2 +sbwt none"),
    // Together: the start script becomes the server instead of waiting for it, so that a signal to the
    // process that was started reaches the server; and yet nothing is read from the standard input.
    ("RABBITMQ_ALLOW_INPUT", "true"),
    ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-noinput"),
];

impl Server for RabbitMq {
    fn name(&self) -> &'static str {
        "rabbitmq"
    }

    fn account(&self) -> anyhow::Result<Account> {
        Account::for_server("rabbitmq")
    }

    fn find(&self) -> anyhow::Result<Option<Launch>> {
        if !Path::new(PROGRAM).exists() {
            return Ok(None);
        }
        let account = self.account()?;
        let under_account = |command: &[&str]| words(&[account.prefix().as_slice(), command].concat());
        let env = ENVIRONMENT
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        let names = Program {
            command: under_account(&["epmd", "-port", "{port:epmd}", "-address", "127.0.0.1"]),
            env: Vec::new(),
            port: "epmd",
        };
        let server = Program {
            command: under_account(&[PROGRAM]),
            env,
            port: "amqp",
        };
        Ok(Some(Launch {
            ports: PORTS.to_vec(),
            files: vec![
                ("rabbitmq.conf", CONFIG.to_owned()),
                ("enabled_plugins", "[rabbitmq_management].\n".to_owned()),
                (".erlang.cookie", "{password}".to_owned()),
            ],
            setup: account.hand_over("{folder}").into_iter().collect(),
            programs: vec![names, server],
            published: vec![
                (
                    "url",
                    "amqp://stoa:{password}@127.0.0.1:{port:amqp}/%2F".to_owned(),
                ),
                (
                    "management_url",
                    "http://stoa:{password}@127.0.0.1:{port:management}".to_owned(),
                ),
            ],
            tools: Vec::new(),
        }))
    }

    fn install(&self) -> anyhow::Result<()> {
        debian::install("rabbitmq-server")
    }

    /// Opens the virtual host over AMQP, and asks the management API for its overview.
    fn ask(&self, published: &Published) -> anyhow::Result<()> {
        amqp::open(&published.url("url")?).context("AMQP")?;
        ask_management(&published.url("management_url")?).context("management")
    }
}

fn ask_management(url: &Url) -> anyhow::Result<()> {
    let mut stream = wire::connect(&url.host, url.port)?;
    let credentials = STANDARD.encode(format!("{}:{}", url.user, url.password));
    let request = format!(
        "GET /api/overview HTTP/1.1\r\nhost: {}:{}\r\nauthorization: Basic {credentials}\r\n\
         connection: close\r\n\r\n",
        url.host, url.port
    );
    stream.write_all(request.as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).context("no answer")?;
    if !line.starts_with("HTTP/1.1 200 ") {
        bail!("it answered `{}`", line.trim_end());
    }
    Ok(())
}
