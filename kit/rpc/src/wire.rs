//! The bytes of a call and of its answer.
//!
//! The context travels in the body beside the request, not in headers, so that the loopback and HTTP share
//! one codec, and so that a proxy in between can neither drop nor add to it.

use std::sync::Arc;
use std::time::Duration;

use kit_token::Principal;
use serde::{Deserialize, Serialize};

use crate::{Actor, CallContext, Deadline};

/// A call longer than this is cut short, whatever its caller says.
const LONGEST_CALL: Duration = Duration::from_hours(1);

#[derive(Serialize)]
struct Outgoing<'a, R> {
    context: WireContext,
    request: &'a R,
}

#[derive(Deserialize)]
struct Arrived<R> {
    context: WireContext,
    request: R,
}

#[derive(Serialize, Deserialize)]
struct WireContext {
    actor: Actor,
    remaining_ms: u64,
    traceparent: Option<String>,
    request_id: Option<Arc<str>>,
    idempotency_key: Option<Arc<str>>,
}

pub(crate) fn encode_call<R: Serialize>(call: &CallContext, request: &R) -> serde_json::Result<Vec<u8>> {
    let remaining = call.deadline().remaining().min(LONGEST_CALL);
    let context = WireContext {
        actor: call.actor().clone(),
        remaining_ms: u64::try_from(remaining.as_millis()).unwrap_or(u64::MAX),
        traceparent: call.trace().map(|trace| trace.to_string()),
        request_id: call.request_id().cloned(),
        idempotency_key: call.idempotency_key().cloned(),
    };
    serde_json::to_vec(&Outgoing { context, request })
}

pub(crate) fn decode_call<R: for<'de> Deserialize<'de>>(body: &[u8]) -> serde_json::Result<(CallContext, R)> {
    let Arrived { context, request } = serde_json::from_slice(body)?;
    let remaining = Duration::from_millis(context.remaining_ms).min(LONGEST_CALL);
    let trace = context.traceparent.and_then(|text| text.parse().ok());
    let mut call =
        CallContext::new(context.actor, Deadline::after(remaining)).with_trace(trace, context.request_id);
    if let Some(key) = context.idempotency_key {
        call = call.with_idempotency_key(key);
    }
    Ok((call, request))
}

/// A principal as one process tells it to another. Not the form of a token: it was verified already, and
/// the internal key vouches for whoever says so.
pub(crate) mod principal {
    use kit_runtime::Timestamp;
    use kit_token::{Roles, SessionId, TokenId, UserId};
    use serde::{Deserializer, Serializer};

    use super::{Arc, Deserialize, Principal, Serialize};

    #[derive(Serialize, Deserialize)]
    #[serde(remote = "Principal")]
    struct Fields {
        user_id: UserId,
        username: String,
        roles: Roles,
        session_id: SessionId,
        epoch: i64,
        token_id: TokenId,
        issued_at: Timestamp,
        expires_at: Timestamp,
    }

    pub(crate) fn serialize<S: Serializer>(
        principal: &Arc<Principal>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Fields::serialize(principal, serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<Principal>, D::Error> {
        Fields::deserialize(deserializer).map(Arc::new)
    }
}
