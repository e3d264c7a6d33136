//! The document that a collector gets: `ExportTraceServiceRequest` in the JSON form of OTLP. Identifiers are
//! hex there, 64-bit numbers are texts, and enumerations are numbers.

use std::collections::BTreeMap;

use kit_telemetry::{SpanData, SpanKind, SpanValue};
use serde::Serialize;

/// The process from which the spans come.
#[derive(Clone, Debug)]
pub struct Resource {
    /// What the process is called where it speaks as a whole, and every service in it where `is_fixed`.
    pub name: String,
    /// Somebody has chosen the name, so services do not use their own.
    pub is_fixed: bool,
    /// The version of the program.
    pub version: &'static str,
    /// Tells this process from others of the same name.
    pub instance: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    resource_spans: Vec<ResourceSpans<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Attributes<'a>,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(Serialize)]
struct Attributes<'a> {
    attributes: Vec<Attribute<'a>>,
}

#[derive(Serialize)]
struct ScopeSpans<'a> {
    scope: Scope<'a>,
    spans: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Scope<'a> {
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Step<'a> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    flags: u32,
    name: &'a str,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Attribute<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
}

#[derive(Serialize)]
struct Attribute<'a> {
    key: &'a str,
    value: Value<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Value<'a> {
    StringValue(&'a str),
    IntValue(String),
}

#[derive(Serialize)]
struct Status<'a> {
    code: u8,
    message: &'a str,
}

/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;
/// The trace is sampled.
const SAMPLED: u32 = 1;

/// Encodes spans, gathered by the service that made them.
pub(crate) fn encode(resource: &Resource, spans: &[SpanData]) -> serde_json::Result<Vec<u8>> {
    let mut by_service: BTreeMap<&str, Vec<Step<'_>>> = BTreeMap::new();
    for span in spans {
        let name = match span.service {
            Some(service) if !resource.is_fixed => service,
            Some(_) | None => &resource.name,
        };
        by_service.entry(name).or_default().push(written(span));
    }
    let resource_spans = by_service.into_iter().map(|(name, spans)| ResourceSpans {
        resource: Attributes {
            attributes: attributes_of(resource, name),
        },
        scope_spans: [ScopeSpans {
            scope: Scope {
                name: "stoa",
                version: resource.version,
            },
            spans,
        }],
    });
    serde_json::to_vec(&Document {
        resource_spans: resource_spans.collect(),
    })
}

fn attributes_of<'a>(resource: &'a Resource, name: &'a str) -> Vec<Attribute<'a>> {
    vec![
        text("service.name", name),
        text("service.namespace", "stoa"),
        text("service.version", resource.version),
        text("service.instance.id", &resource.instance),
        text("telemetry.sdk.name", "stoa"),
        text("telemetry.sdk.language", "rust"),
        text("telemetry.sdk.version", resource.version),
    ]
}

fn written(span: &SpanData) -> Step<'_> {
    let start = i128::from(span.began.as_micros()) * 1000;
    let mut attributes: Vec<Attribute<'_>> = span.attributes.iter().map(attribute).collect();
    if let Some(service) = span.service {
        attributes.push(text("stoa.service", service));
    }
    Step {
        trace_id: span.context.trace_id(),
        span_id: span.context.span_id(),
        parent_span_id: span.parent.map(|parent| parent.span_id()),
        flags: SAMPLED,
        name: &span.name,
        kind: kind_number(span.kind),
        start_time_unix_nano: start.to_string(),
        end_time_unix_nano: (start + i128::from(span.nanos)).to_string(),
        attributes,
        status: span
            .failure
            .as_deref()
            .map(|message| Status { code: ERROR, message }),
    }
}

fn text<'a>(key: &'a str, value: &'a str) -> Attribute<'a> {
    Attribute {
        key,
        value: Value::StringValue(value),
    }
}

fn attribute<'a>((key, value): &'a (&'static str, SpanValue)) -> Attribute<'a> {
    Attribute {
        key,
        value: match value {
            SpanValue::Text(text) => Value::StringValue(text),
            SpanValue::Number(number) => Value::IntValue(number.to_string()),
        },
    }
}

const fn kind_number(kind: SpanKind) -> u8 {
    match kind {
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
    }
}

#[cfg(test)]
mod tests {
    use kit_runtime::Timestamp;
    use serde_json::{Value, json};

    use super::*;

    fn span(service: Option<&'static str>, failure: Option<&'static str>) -> SpanData {
        let parse = |id: &str| {
            format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{id}-01")
                .parse()
                .unwrap()
        };
        SpanData {
            context: parse("00f067aa0ba902b7"),
            parent: failure.map(|_| parse("1111111111111111")),
            kind: SpanKind::Server,
            service,
            name: "GET /orders".into(),
            began: Timestamp::from_micros(1_700_000_000_000_001),
            nanos: 2_500,
            attributes: vec![
                ("http.response.status_code", 500_u16.into()),
                ("url.path", "/orders".into()),
            ],
            failure: failure.map(Into::into),
        }
    }

    fn document(is_fixed: bool, spans: &[SpanData]) -> Value {
        let resource = Resource {
            name: "shop".to_owned(),
            is_fixed,
            version: "1.2.3",
            instance: "i".to_owned(),
        };
        serde_json::from_slice(&encode(&resource, spans).unwrap()).unwrap()
    }

    #[test]
    fn a_span_is_written_as_the_protocol_wants_it() {
        let json = document(false, &[span(Some("orders"), Some("broken"))]);
        let expected = json!({
            "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
            "spanId": "00f067aa0ba902b7",
            "parentSpanId": "1111111111111111",
            "flags": 1,
            "name": "GET /orders",
            "kind": 2,
            "startTimeUnixNano": "1700000000000001000",
            "endTimeUnixNano": "1700000000000003500",
            "attributes": [
                { "key": "http.response.status_code", "value": { "intValue": "500" } },
                { "key": "url.path", "value": { "stringValue": "/orders" } },
                { "key": "stoa.service", "value": { "stringValue": "orders" } },
            ],
            "status": { "code": 2, "message": "broken" },
        });
        assert_eq!(
            json["resourceSpans"][0]["scopeSpans"][0]["spans"],
            json!([expected])
        );
    }

    #[test]
    fn each_service_tells_its_own_unless_a_name_is_chosen() {
        let spans = [
            span(Some("orders"), None),
            span(None, None),
            span(Some("auth"), None),
        ];
        let names = |json: &Value| -> Vec<Value> {
            let parts = json["resourceSpans"].as_array().unwrap().iter();
            parts
                .map(|part| part["resource"]["attributes"][0]["value"]["stringValue"].clone())
                .collect()
        };
        let json = document(false, &spans);
        assert_eq!(names(&json), ["auth", "orders", "shop"]);
        let first = &json["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        assert!(first.get("parentSpanId").is_none() && first.get("status").is_none());
        let json = document(true, &spans);
        assert_eq!(names(&json), ["shop"]);
        assert_eq!(
            json["resourceSpans"][0]["scopeSpans"][0]["spans"]
                .as_array()
                .unwrap()
                .len(),
            3
        );
    }
}
