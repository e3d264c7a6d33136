//! SMS, by the API of Twilio, which others speak as well.
//!
//! The API knows no key by which a message that is sent twice would be one: a crash between its answer and ours sends
//! an SMS twice, as it does a mail.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::Full;
use kit_rpc::pool::{Exchange, Pool, PoolSettings, Upstream};
use kit_runtime::Tasks;
use notifications_api::PhoneNumber;
use serde::Deserialize;
use tokio::time::Instant;
use url::form_urlencoded;

use crate::config::NotificationsConfig;
use crate::domain::AttemptFailure;

/// How long the provider may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

const MOST_ANSWER_BYTES: usize = 64 * 1024;

/// Sends SMS, or knows that there is no provider. A cheap handle.
#[derive(Clone)]
pub(crate) struct SmsClient(Option<Provider>);

#[derive(Clone)]
struct Provider {
    server: Upstream<Full<Bytes>>,
    path: String,
    authorization: HeaderValue,
    from: String,
}

/// What the provider says of a message that it does not take.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ProviderError {
    code: Option<i64>,
    message: String,
}

impl SmsClient {
    /// By the provider of the configuration. Its connections run in `tasks`.
    pub(crate) fn new(config: &NotificationsConfig, tasks: &Tasks) -> anyhow::Result<Self> {
        let (Some(account), Some(token), Some(from)) =
            (&config.sms_account, &config.sms_token, &config.sms_from)
        else {
            return Ok(Self(None));
        };
        let server = Pool::new(PoolSettings::default(), tasks.clone()).upstream(&config.sms_url)?;
        let credentials = STANDARD.encode(format!("{account}:{}", token.expose()));
        let mut authorization = HeaderValue::from_str(&format!("Basic {credentials}"))?;
        authorization.set_sensitive(true);
        let prefix = config.sms_url.path_prefix();
        Ok(Self(Some(Provider {
            server,
            path: format!("{prefix}/2010-04-01/Accounts/{account}/Messages.json"),
            authorization,
            from: from.clone(),
        })))
    }

    /// Whether there is a provider.
    pub(crate) fn is_configured(&self) -> bool {
        self.0.is_some()
    }

    /// Hands a text to the provider.
    pub(crate) async fn send(&self, to: &PhoneNumber, text: &str) -> Result<(), AttemptFailure> {
        let Some(provider) = &self.0 else {
            return Err(AttemptFailure::never("there is no provider of SMS"));
        };
        let bounds = Exchange {
            deadline: Instant::now() + ANSWER_LIMIT,
            most_bytes: MOST_ANSWER_BYTES,
        };
        let answer = provider.server.exchange(provider.request(to, text), bounds).await;
        let answer = answer.map_err(|error| AttemptFailure::again(error.to_string()))?;
        if answer.status().is_success() {
            return Ok(());
        }
        let said: ProviderError = serde_json::from_slice(answer.body()).unwrap_or_default();
        Err(failure_of(answer.status(), &said))
    }
}

impl Provider {
    fn request(&self, to: &PhoneNumber, text: &str) -> Request<Full<Bytes>> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("To", to.as_str())
            .append_pair("From", &self.from)
            .append_pair("Body", text)
            .finish();
        let mut request = Request::new(Full::new(Bytes::from(form)));
        *request.method_mut() = Method::POST;
        // It was read when the process started.
        *request.uri_mut() = self.path.parse().unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
        request
    }
}

/// What is wrong with the message stays wrong. Credentials, limits and whatever is the provider's own may be mended,
/// and are no fault of the message.
fn failure_of(status: StatusCode, said: &ProviderError) -> AttemptFailure {
    let reason = match said.code {
        Some(code) => format!(
            "the provider answered {}: {code} {}",
            status.as_u16(),
            said.message
        ),
        None => format!("the provider answered {}", status.as_u16()),
    };
    let is_ours = matches!(
        status,
        StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
    );
    if status.is_client_error() && said.code.is_some() && !is_ours {
        AttemptFailure::never(reason)
    } else {
        AttemptFailure::again(reason)
    }
}
