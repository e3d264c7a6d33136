//! Traces: whether they are recorded, and where they go.

use std::time::Duration;

use anyhow::Context;
use kit_config::{AliasKind, BaseUrl, Catalog, Check, Span};
use kit_otlp::{ExportSettings, Exporter, Headers, Resource};
use kit_rpc::pool::Trust;
use kit_runtime::Secret;
use kit_telemetry::{SpanCounts, Tracer, TracerSettings};

use crate::node::Node;
use crate::settings::section;

/// How long the end of the process waits for the collector.
pub(crate) const LAST_EXPORT: Duration = Duration::from_secs(5);

kit_config::config! {
    /// Traces, for a collector that speaks OTLP over HTTP. Off where no collector is named.
    pub(crate) struct TelemetryConfig("telemetry") {
        /// The base address of the collector, such as `http://localhost:4318`; spans go to `/v1/traces` under it.
        #[key("otlp.endpoint")]
        endpoint: Option<BaseUrl>,
        /// Headers for the collector, as `name=value`, separated by commas.
        #[key("otlp.headers")]
        headers: Option<Secret<String>>,
        /// How long a request to the collector may take.
        #[key("otlp.time_limit")]
        time_limit: Span = "5s",
        /// How long a span waits for others at most, so that they travel together.
        #[key("otlp.interval")]
        interval: Span = "1s",
        /// How many spans may wait; one more is dropped and counted.
        #[key("otlp.queue")]
        queue: usize = "4096",
        /// How many of the traces that begin here are recorded, from 0 to 1. Those that a client began are
        /// recorded where its `traceparent` says so.
        sampling: f64 = "1",
        /// The name of the process to the collector. Without it each service goes by its own.
        service_name: Option<String>,
    }
    validate(check_telemetry)
}

fn check_telemetry(config: &TelemetryConfig, check: &mut Check<'_>) {
    if !(0.0..=1.0).contains(&config.sampling) {
        check.refuse("sampling", "must be from 0 to 1");
    }
    if config.queue == 0 {
        check.refuse("otlp.queue", "must be at least 1");
    }
    if let Err(error) = headers(config) {
        check.refuse("otlp.headers", error.to_string());
    }
}

fn headers(config: &TelemetryConfig) -> Result<Headers, kit_otlp::HeadersError> {
    let text = config.headers.as_ref().map(|headers| headers.expose().as_str());
    text.map_or_else(|| Ok(Headers::default()), str::parse)
}

/// The names that other programs know.
pub(crate) fn aliases(catalog: Catalog) -> Catalog {
    catalog
        .alias(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "telemetry.otlp.endpoint",
            AliasKind::Same,
        )
        .alias(
            "OTEL_EXPORTER_OTLP_HEADERS",
            "telemetry.otlp.headers",
            AliasKind::Same,
        )
        .alias("OTEL_SERVICE_NAME", "telemetry.service_name", AliasKind::Same)
}

/// Turns tracing on for the whole process, where a collector is named. Before anything is built that makes spans.
pub(crate) fn start(node: &mut Node) -> anyhow::Result<Option<Exporter>> {
    let config: TelemetryConfig = section(&node.config)?;
    let Some(endpoint) = config.endpoint.clone() else {
        return Ok(None);
    };
    let counts = SpanCounts::new(&node.metrics);
    let settings = TracerSettings {
        ratio: config.sampling,
        queue: config.queue,
    };
    let (tracer, waiting) = Tracer::new(settings, node.clock.clone(), node.ids.clone(), counts.clone());
    let resource = Resource {
        name: name(node, config.service_name.as_deref()),
        is_fixed: config.service_name.is_some(),
        version: env!("CARGO_PKG_VERSION"),
        instance: node.ids.uuid().to_string(),
    };
    let settings = ExportSettings {
        endpoint,
        headers: headers(&config)?,
        time_limit: config.time_limit.into(),
        interval: config.interval.into(),
        trust: Trust::System,
    };
    let exporter = Exporter::start(settings, resource, waiting, counts);
    let exporter = exporter.context("`telemetry.otlp.endpoint` cannot be used")?;
    node.process.tracer = tracer;
    Ok(Some(exporter))
}

/// What the process is called where it does something for no service in particular.
fn name(node: &Node, chosen: Option<&str>) -> String {
    let mut hosts = node.hosts.iter();
    match (chosen, hosts.next(), hosts.next()) {
        (Some(chosen), _, _) => chosen.to_owned(),
        (None, Some(service), None) => service.name.to_owned(),
        (None, _, _) => "stoa".to_owned(),
    }
}
