//! Stripe's API over HTTP: forms go there, JSON comes back, and every failure says whether something may have happened.

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, InvalidHeaderValue};
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use kit_config::BaseUrl;
use kit_rpc::pool::{Exchange, SendError, Upstream};
use kit_runtime::Secret;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

const MOST_BYTES: usize = 1024 * 1024;
/// The longest text of Stripe's that is kept as a reason, in characters.
const LONGEST_REASON: usize = 300;
/// A request whose connection broke is sent again, under the same key.
const TRIES: usize = 2;

/// Pairs of a form.
pub(super) type Form<'a> = Vec<(&'static str, &'a str)>;

/// Where Stripe is, and who we are there.
pub(super) struct Api {
    server: Upstream<Full<Bytes>>,
    prefix: String,
    headers: HeaderMap,
    patience: Duration,
}

/// Why Stripe did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StripeFault {
    /// The card was declined, with what its holder may be told.
    Declined { reason: String },
    /// It refuses the request, and has changed nothing.
    Refused { reason: String },
    /// It may have happened or not, or may be done later.
    Unknown { reason: &'static str },
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ApiError,
}

#[derive(Default, Deserialize)]
struct ApiError {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    decline_code: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

impl Api {
    pub(super) fn new(
        server: Upstream<Full<Bytes>>,
        url: &BaseUrl,
        (secret_key, version): (&Secret<String>, &str),
        patience: Duration,
    ) -> Result<Self, InvalidHeaderValue> {
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", secret_key.expose()))?;
        authorization.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization);
        headers.insert("stripe-version", HeaderValue::from_str(version)?);
        Ok(Self {
            server,
            prefix: url.path_prefix().to_owned(),
            headers,
            patience,
        })
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, StripeFault> {
        self.ask(&Method::GET, path, (None, "")).await
    }

    /// Sends a form; where there is an idempotency key, it is done once however often it is sent.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        key: Option<&str>,
        form: Form<'_>,
    ) -> Result<T, StripeFault> {
        let body = encoded(form);
        self.ask(&Method::POST, path, (key, &body)).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: &Method,
        path: &str,
        (key, body): (Option<&str>, &str),
    ) -> Result<T, StripeFault> {
        let deadline = Instant::now() + self.patience;
        let bounds = Exchange {
            deadline,
            most_bytes: MOST_BYTES,
        };
        let mut broken = StripeFault::unknown("the provider is away");
        for _ in 0..TRIES {
            let request = self.request(method, path, (key, body))?;
            match self.server.exchange(request, bounds).await {
                Ok(answer) => return read(answer.status(), answer.headers(), answer.body()),
                Err(error) => {
                    let is_broken = matches!(error, SendError::NotSent(_) | SendError::Unknown(_));
                    tracing::warn!(
                        path,
                        cause = &error as &dyn std::error::Error,
                        "no answer of Stripe"
                    );
                    if !is_broken {
                        return Err(StripeFault::unknown("the provider did not answer in time"));
                    }
                    broken = StripeFault::unknown("the connection to the provider broke");
                }
            }
        }
        Err(broken)
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        (key, body): (Option<&str>, &str),
    ) -> Result<Request<Full<Bytes>>, StripeFault> {
        const UNSENT: StripeFault = StripeFault::unknown("the request cannot be sent");
        let body = Full::new(Bytes::copy_from_slice(body.as_bytes()));
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.prefix))
            .body(body);
        let mut request = request.map_err(|_| UNSENT)?;
        request.headers_mut().extend(self.headers.clone());
        if method == Method::POST {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(CONTENT_TYPE, form);
        }
        if let Some(key) = key {
            let key = HeaderValue::from_str(key).map_err(|_| UNSENT)?;
            request.headers_mut().insert("idempotency-key", key);
        }
        Ok(request)
    }
}

impl StripeFault {
    pub(super) const fn unknown(reason: &'static str) -> Self {
        Self::Unknown { reason }
    }
}

/// Pairs as `application/x-www-form-urlencoded` (WHATWG URL).
pub(super) fn encoded(form: Form<'_>) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

fn read<T: DeserializeOwned>(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<T, StripeFault> {
    if status.is_success() {
        return serde_json::from_slice(body).map_err(|error| {
            tracing::error!(%status, cause = &error as &dyn std::error::Error, "an answer of Stripe cannot be read");
            StripeFault::unknown("the provider's answer cannot be read")
        });
    }
    let error =
        serde_json::from_slice::<ErrorBody>(body).map_or_else(|_| ApiError::default(), |body| body.error);
    let (code, decline_code) = (error.code.as_deref(), error.decline_code.as_deref());
    let request_id = headers.get("request-id").and_then(|id| id.to_str().ok());
    tracing::info!(%status, kind = error.kind, code, decline_code, request_id, "Stripe refuses");
    Err(fault(status, error))
}

/// What Stripe's status and error mean for what it was asked to do.
fn fault(status: StatusCode, error: ApiError) -> StripeFault {
    let text = error.message.or(error.decline_code).or(error.code);
    let reason = || text.map_or_else(String::new, |text| text.chars().take(LONGEST_REASON).collect());
    match status.as_u16() {
        402 => StripeFault::Declined { reason: reason() },
        401 | 403 => {
            tracing::error!(%status, "Stripe does not take `payments.stripe.secret_key`");
            StripeFault::unknown("the provider does not know us")
        }
        // The key stands for another request, or for one that is running.
        _ if error.kind == "idempotency_error" => {
            StripeFault::unknown("the provider has another request of this key")
        }
        409 | 429 => StripeFault::unknown("the provider is busy"),
        400..=499 => StripeFault::Refused { reason: reason() },
        _ => StripeFault::unknown("the provider failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_of(status: u16, body: &str) -> StripeFault {
        let status = StatusCode::from_u16(status).unwrap();
        read::<serde_json::Value>(status, &HeaderMap::new(), body.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_decline_says_why_and_what_may_have_happened_is_unknown() {
        let declined = r#"{"error":{"type":"card_error","code":"card_declined","decline_code":"insufficient_funds","message":"Your card has insufficient funds."}}"#;
        let reason = "Your card has insufficient funds.".to_owned();
        assert_eq!(
            fault_of(402, declined),
            StripeFault::Declined {
                reason: reason.clone()
            }
        );
        assert_eq!(fault_of(400, declined), StripeFault::Refused { reason });
        let bare = r#"{"error":{"type":"card_error","decline_code":"do_not_honor"}}"#;
        let reason = "do_not_honor".to_owned();
        assert_eq!(fault_of(402, bare), StripeFault::Declined { reason });
        for status in [401, 403, 409, 429, 500, 502, 503] {
            let fault = fault_of(status, declined);
            assert!(matches!(fault, StripeFault::Unknown { .. }), "{status}");
        }
        let reused = fault_of(400, r#"{"error":{"type":"idempotency_error"}}"#);
        assert!(matches!(reused, StripeFault::Unknown { .. }));
        assert!(matches!(fault_of(200, "<html>"), StripeFault::Unknown { .. }));
        assert_eq!(
            fault_of(404, "<html>"),
            StripeFault::Refused {
                reason: String::new()
            }
        );
    }

    #[test]
    fn a_form_is_encoded_whatever_is_in_it() {
        let form = encoded(vec![
            ("metadata[key]", "pay_1-1"),
            ("description", "Mugs & more=ü"),
        ]);
        assert_eq!(
            form,
            "metadata%5Bkey%5D=pay_1-1&description=Mugs+%26+more%3D%C3%BC"
        );
    }
}
