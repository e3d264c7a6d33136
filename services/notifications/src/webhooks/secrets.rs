//! Secrets of endpoints.
//!
//! They have to be the same whenever something is signed, and must not lie in a table: each is made of a secret of
//! ours, the endpoint and the version of its secret. What is stored beside the endpoint tells whether a process makes
//! the same one, and nothing else.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit_runtime::Secret;
use kit_webhooks::WebhookKey;
use notifications_api::WebhookEndpointId;

/// Makes the secrets of endpoints. A cheap handle.
#[derive(Clone)]
pub(crate) struct WebhookSecrets(hmac::Key);

/// One secret of one endpoint.
pub(crate) struct EndpointSecret(hmac::Tag);

impl WebhookSecrets {
    /// Of a secret of ours.
    pub(crate) fn new(secret: &Secret<String>) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes()))
    }

    /// The secret of an endpoint in one of its versions.
    pub(crate) fn of(&self, id: WebhookEndpointId, version: i64) -> EndpointSecret {
        EndpointSecret(hmac::sign(&self.0, format!("webhook {id} {version}").as_bytes()))
    }
}

impl EndpointSecret {
    /// As people copy it.
    pub(crate) fn text(&self) -> Secret<String> {
        kit_webhooks::secret_of(self.0.as_ref())
    }

    /// What signs.
    pub(crate) fn key(&self) -> WebhookKey {
        WebhookKey::of(self.0.as_ref())
    }

    /// The same for the same secret.
    pub(crate) fn check(&self) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.as_ref());
        let check = hmac::sign(&key, b"check");
        URL_SAFE_NO_PAD.encode(&check.as_ref()[..12])
    }
}

#[cfg(test)]
mod tests {
    use kit_values::Uuid;

    use super::*;

    #[test]
    fn each_endpoint_and_version_has_a_secret_of_its_own_that_is_always_the_same() {
        let secrets = |text: &str| WebhookSecrets::new(&Secret::new(text.to_owned()));
        let (ours, others) = (secrets("ours"), secrets("somebody else's"));
        let (one, two) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let made = [
            ours.of(one, 1),
            ours.of(one, 2),
            ours.of(two, 1),
            others.of(one, 1),
        ];
        for (index, secret) in made.iter().enumerate() {
            assert!(secret.text().expose().starts_with("whsec_"));
            assert!(WebhookKey::parse(&secret.text()).is_some());
            for other in &made[index + 1..] {
                assert_ne!(secret.text().expose(), other.text().expose());
                assert_ne!(secret.check(), other.check());
            }
        }
        assert_eq!(
            ours.of(one, 1).text().expose(),
            secrets("ours").of(one, 1).text().expose()
        );
    }
}
