//! Apache Kafka for tests: one node that is its own controller (`KRaft`), of the version pinned below.
//!
//! Debian has no Kafka, so its jars come from Maven Central, once a machine. Clients and the controller
//! sign in with a password (SASL/PLAIN), since everybody on a machine can connect to its loopback address.

mod jars;
mod metadata;

use anyhow::Context as _;

use crate::backends::account::Account;
use crate::backends::launch::{Launch, Program, words};
use crate::backends::server::{Published, Server};

/// Apache Kafka.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kafka;

/// Where `up` begins to look, far from 9092 of a machine's own, and so far from each other that they do not
/// meet.
const PORTS: [(&str, u16); 2] = [("kafka", 19092), ("controller", 19193)];

/// 16 bytes; clusters of one node never meet another, so all may have the same name.
const CLUSTER: &str = "c3RvYS10ZXN0cy1rYWZrYQ";

const CONFIG: &str = "\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{port:controller}
listeners=CLIENT://127.0.0.1:{port:kafka},CONTROLLER://127.0.0.1:{port:controller}
advertised.listeners=CLIENT://127.0.0.1:{port:kafka}
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
listener.security.protocol.map=CLIENT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
listener.name.client.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
username=\"stoa\" password=\"{password}\" user_stoa=\"{password}\";
listener.name.controller.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
username=\"stoa\" password=\"{password}\" user_stoa=\"{password}\";
log.dirs={folder}/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
";

/// What Kafka's own clients read.
const CLIENT_CONFIG: &str = "\
security.protocol=SASL_PLAINTEXT
sasl.mechanism=PLAIN
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
username=\"stoa\" password=\"{password}\";
";

/// A tool runs for a second, and a broker for a test or a few minutes: compiling them well would take longer than
/// it saves.
const QUICK: [&str; 2] = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];

const QUIET: &str = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";

impl Server for Kafka {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn account(&self) -> anyhow::Result<Account> {
        Ok(Account::Own)
    }

    fn find(&self) -> anyhow::Result<Option<Launch>> {
        let (Some(java), Some(jars)) = (jars::find_java(), jars::find()?) else {
            return Ok(None);
        };
        let class_path = format!("{}/*", jars.display());
        let run = |limits: &[&str], class: &[&str]| {
            words(&[&[java.as_str()], limits, &[QUIET, "-cp", &class_path], class].concat())
        };
        let tool = |class: &[&str]| run(&QUICK, class);
        Ok(Some(Launch {
            ports: PORTS.to_vec(),
            files: vec![("server.properties", CONFIG.to_owned())],
            setup: vec![tool(&[
                "kafka.tools.StorageTool",
                "format",
                "-t",
                CLUSTER,
                "-c",
                "{folder}/server.properties",
                "--standalone",
            ])],
            programs: vec![Program {
                command: run(
                    &[&["-Xmx512m", "-Xms128m"], QUICK.as_slice()].concat(),
                    &["kafka.Kafka", "{folder}/server.properties"],
                ),
                env: Vec::new(),
                port: "kafka",
            }],
            published: vec![
                ("url", "kafka://stoa:{password}@127.0.0.1:{port:kafka}".to_owned()),
                ("client.properties", CLIENT_CONFIG.to_owned()),
            ],
            tools: vec![
                ("topics", tool(&["org.apache.kafka.tools.TopicCommand"])),
                (
                    "console-consumer",
                    tool(&["org.apache.kafka.tools.consumer.ConsoleConsumer"]),
                ),
                (
                    "console-producer",
                    tool(&["org.apache.kafka.tools.ConsoleProducer"]),
                ),
            ],
        }))
    }

    fn install(&self) -> anyhow::Result<()> {
        jars::install()
    }

    /// Signs in and asks for the cluster's brokers: there must be one.
    fn ask(&self, published: &Published) -> anyhow::Result<()> {
        metadata::ask(&published.url("url")?).context("a metadata request")
    }
}
