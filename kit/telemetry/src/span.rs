//! One step of a trace, from its begin to its end.
//!
//! A [`Span`] is for most requests an empty box: where nobody traces, or this trace is not sampled, nothing is
//! made, and what a span would record is not even put together ([`Span::record`] takes a closure). One that is
//! dropped before its end was broken off, which it says.

use std::borrow::Cow;
use std::time::Instant;

use kit_runtime::Timestamp;

use crate::TraceParent;
use crate::tracer::Tracer;

/// Longer texts are cut, at most so many bytes are kept.
const LONGEST_TEXT: usize = 1024;

/// What a span is in the conversation it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// Answers a request.
    Server,
    /// Makes a request.
    Client,
    /// Hands over an event.
    Producer,
    /// Handles an event.
    Consumer,
}

/// The value of a span's attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpanValue {
    /// A text.
    Text(Cow<'static, str>),
    /// A whole number.
    Number(i64),
}

impl From<&'static str> for SpanValue {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for SpanValue {
    fn from(mut text: String) -> Self {
        if text.len() > LONGEST_TEXT {
            text.truncate(text.floor_char_boundary(LONGEST_TEXT));
        }
        Self::Text(text.into())
    }
}

impl From<Cow<'static, str>> for SpanValue {
    fn from(text: Cow<'static, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl From<u16> for SpanValue {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for SpanValue {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

/// A span that has ended, for export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpanData {
    /// The trace and the identifier of the span.
    pub context: TraceParent,
    /// The span before it, unless the trace begins with this one.
    pub parent: Option<TraceParent>,
    /// Which side of a request or an event the span is.
    pub kind: SpanKind,
    /// The service it is part of, where that is not the process as a whole.
    pub service: Option<&'static str>,
    /// What was done, without anything that differs from request to request.
    pub name: Cow<'static, str>,
    /// When the span began (UTC).
    pub began: Timestamp,
    /// How long it took, in nanoseconds.
    pub nanos: u64,
    /// What else is known, by the names of OpenTelemetry's semantic conventions.
    pub attributes: Vec<(&'static str, SpanValue)>,
    /// Why it failed, where it did.
    pub failure: Option<Cow<'static, str>>,
}

/// A step under way.
#[derive(Debug, Default)]
pub struct Span {
    context: Option<TraceParent>,
    recording: Option<Box<Recording>>,
}

/// What is known of a step that will be exported.
#[derive(Debug)]
pub struct Recording {
    data: SpanData,
    started: Instant,
    tracer: Tracer,
}

impl Span {
    /// A step that nobody records; what comes after it belongs to `context`.
    pub const fn unrecorded(context: Option<TraceParent>) -> Self {
        Self {
            context,
            recording: None,
        }
    }

    pub(crate) fn recorded(data: SpanData, tracer: Tracer) -> Self {
        Self {
            context: Some(data.context),
            recording: Some(Box::new(Recording {
                data,
                started: Instant::now(),
                tracer,
            })),
        }
    }

    /// What a `traceparent` header says to whoever comes next.
    pub const fn context(&self) -> Option<TraceParent> {
        self.context
    }

    /// Whether it will be exported.
    pub const fn is_recorded(&self) -> bool {
        self.recording.is_some()
    }

    /// Records what is known of the operation. Where the span is not recorded, `record` does not run.
    pub fn record(&mut self, record: impl FnOnce(&mut Recording)) {
        if let Some(recording) = &mut self.recording {
            record(recording);
        }
    }

    /// Its tracer, where it is recorded: for what is done in the course of it.
    pub fn tracer(&self) -> Option<&Tracer> {
        self.recording.as_ref().map(|recording| &recording.tracer)
    }

    /// Ends the span, and queues it for export.
    pub fn end(mut self) {
        self.hand_over();
    }

    fn hand_over(&mut self) {
        if let Some(recording) = self.recording.take() {
            let Recording {
                mut data,
                started,
                tracer,
            } = *recording;
            data.nanos = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
            tracer.export(data);
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        self.record(|recording| recording.fail("cancelled", "broken off"));
        self.hand_over();
    }
}

impl Recording {
    /// Says what is done; before, it is called by its kind.
    pub fn name(&mut self, name: impl Into<Cow<'static, str>>) -> &mut Self {
        self.data.name = name.into();
        self
    }

    /// Says by which pattern its path was found; it is called by that too, after its method.
    pub fn route(&mut self, pattern: Cow<'static, str>) -> &mut Self {
        self.data.name = format!("{} {pattern}", self.data.name).into();
        self.set("http.route", SpanValue::Text(pattern))
    }

    /// Sets an attribute.
    pub fn set(&mut self, key: &'static str, value: impl Into<SpanValue>) -> &mut Self {
        self.data.attributes.push((key, value.into()));
        self
    }

    /// Says that it failed: of which type, from a small number of those, and in words.
    pub fn fail(&mut self, error_type: impl Into<SpanValue>, message: impl Into<Cow<'static, str>>) {
        self.set("error.type", error_type);
        self.data.failure = Some(message.into());
    }
}
