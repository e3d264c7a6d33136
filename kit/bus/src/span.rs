//! The step of a trace that the handling of an event is.
//!
//! It follows on the request, or the event, that told of the event, whichever carrier brought it: the step before
//! stands in the event's `traceparent`. What the handler calls and publishes follows on the step in turn.

use std::borrow::Cow;

use kit_telemetry::{Span, SpanKind, Tracer};

use crate::envelope::Envelope;
use crate::failure::Failure;

/// Who handles an event.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a> {
    pub(crate) tracer: &'a Tracer,
    pub(crate) service: &'static str,
    /// The group or broadcast.
    pub(crate) consumer: &'a Cow<'static, str>,
    pub(crate) attempt: u32,
}

/// Begins the step; from here on the event belongs to it.
pub(crate) fn begin_step(step: Step<'_>, envelope: &mut Envelope) -> Span {
    let mut span = step
        .tracer
        .begin(SpanKind::Consumer, Some(step.service), envelope.trace);
    span.record(|recording| {
        recording
            .name(format!("process {}", envelope.topic))
            .set("messaging.system", "stoa")
            .set("messaging.operation.type", "process")
            .set("messaging.operation.name", "process")
            .set("messaging.destination.name", envelope.topic.clone())
            .set("messaging.consumer.group.name", step.consumer.clone())
            .set("messaging.message.id", envelope.id.clone())
            .set("cloudevents.event_type", envelope.kind.clone())
            .set("cloudevents.event_source", envelope.source.clone())
            .set("stoa.event.attempt", step.attempt);
    });
    envelope.trace = span.context();
    span
}

/// Ends the step.
pub(crate) fn end_step(mut step: Span, failure: Option<&Failure>) {
    if let Some(failure) = failure {
        step.record(|recording| recording.fail("handler_failed", failure.reason.clone()));
    }
    step.end();
}
