//! The trace a request belongs to, as W3C Trace Context carries it.

use std::fmt;
use std::str::FromStr;

/// The flag that says so: whoever set it may have recorded the trace.
const SAMPLED: u8 = 1;

/// A `traceparent` header (W3C Trace Context, version 00): which trace, which parent span, and flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    trace: [u8; 16],
    span: [u8; 8],
    flags: u8,
}

impl TraceParent {
    /// A new trace, sampled, from 24 random bytes.
    pub fn start(random: [u8; 24]) -> Self {
        let (mut trace, mut span) = ([0; 16], [0; 8]);
        trace.copy_from_slice(&random[..16]);
        span.copy_from_slice(&random[16..]);
        // All zeros mean "no trace" in the standard.
        trace[15] |= 1;
        span[7] |= 1;
        Self {
            trace,
            span,
            flags: SAMPLED,
        }
    }

    /// The trace's identifier, 32 hex digits, for logs.
    pub fn trace_id(&self) -> String {
        hex(&self.trace)
    }

    /// The span's identifier, 16 hex digits.
    pub fn span_id(&self) -> String {
        hex(&self.span)
    }

    /// Whether whoever is before us records the trace.
    pub const fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The same trace at another span. Of the flags only those are kept whose meaning is known.
    pub(crate) fn at(&self, random: [u8; 8]) -> Self {
        let mut span = random;
        span[7] |= 1;
        Self {
            trace: self.trace,
            span,
            flags: self.flags & SAMPLED,
        }
    }

    /// The same span, recorded by nobody.
    pub(crate) const fn unsampled(mut self) -> Self {
        self.flags &= !SAMPLED;
        self
    }

    /// A number that is spread evenly over the traces and is the same wherever one of them comes by: the
    /// seven last bytes of its identifier, as other implementations take them.
    pub(crate) fn chance(&self) -> u64 {
        let bytes = self.trace[9..].iter();
        bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{}-{}-{:02x}",
            hex(&self.trace),
            hex(&self.span),
            self.flags
        )
    }
}

/// The header is not a `traceparent` of a version we can read; a new trace begins then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotATraceParent;

impl FromStr for TraceParent {
    type Err = NotATraceParent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() >= 55 && bytes[2] == b'-' && bytes[35] == b'-' && bytes[52] == b'-';
        // A later version may append fields after another hyphen; `ff` is not a version.
        let first_version = bytes.starts_with(b"00");
        let ended = bytes.len() == 55 || (!first_version && bytes.get(55) == Some(&b'-'));
        if !shaped || !ended || bytes.starts_with(b"ff") || unhex::<1>(&bytes[..2]).is_none() {
            return Err(NotATraceParent);
        }
        let trace = unhex::<16>(&bytes[3..35])
            .filter(|id| *id != [0; 16])
            .ok_or(NotATraceParent)?;
        let span = unhex::<8>(&bytes[36..52])
            .filter(|id| *id != [0; 8])
            .ok_or(NotATraceParent)?;
        let [flags] = unhex::<1>(&bytes[53..55]).ok_or(NotATraceParent)?;
        Ok(Self { trace, span, flags })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .collect()
}

/// Lower-case hex only, as the standard demands.
fn unhex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_survives_its_text() {
        assert_eq!(
            EXAMPLE
                .parse::<TraceParent>()
                .map(|parent| parent.to_string())
                .as_deref(),
            Ok(EXAMPLE)
        );
        let started = TraceParent::start([0; 24]);
        assert_eq!(started.to_string().parse(), Ok(started));
    }

    #[test]
    fn what_is_not_a_traceparent_is_refused() {
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        ] {
            assert_eq!(bad.parse::<TraceParent>(), Err(NotATraceParent), "{bad}");
        }
    }

    #[test]
    fn a_later_version_may_say_more() {
        let later = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more";
        assert!(later.parse::<TraceParent>().is_ok());
    }
}
