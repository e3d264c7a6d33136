//! Addresses that are signed (AWS Signature Version 4, in the query), and the secrets by which they are.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kit_http::{Check, FieldError};
use kit_minio::signature::{Presigned, Signer};
use kit_runtime::{Secret, Timestamp};
use storage_api::PresignRequest;

use super::Provisioned;

const LONGEST_KEY: usize = 1024;

/// A week, as S3 has it.
const LONGEST_TIME: u32 = 604_800;

/// Of what the secrets of the signing keys are made.
pub(crate) struct SigningSecret(Key);

impl SigningSecret {
    pub(crate) fn new(secret: &Secret<String>) -> Self {
        Self(Key::new(HMAC_SHA256, secret.expose().as_bytes()))
    }

    /// The secret of a service's signing key: another one for each key, and after each rotation.
    pub(crate) fn of(&self, service: &Provisioned, key_id: &str) -> Secret<String> {
        let text = format!(
            "storage.signing.v1\n{}\n{key_id}\n{}",
            service.resource, service.rotations
        );
        Secret::new(URL_SAFE_NO_PAD.encode(sign(&self.0, text.as_bytes())))
    }
}

/// Checks every member and names all that are wrong.
pub(crate) fn check_presign(request: &PresignRequest) -> Result<(), Vec<FieldError>> {
    let mut check = Check::new();
    if !(1..=LONGEST_KEY).contains(&request.key.len()) {
        check.refuse("/key", "must have 1 to 1024 bytes");
    } else if request.key.contains('\0') {
        check.refuse("/key", "must not contain a NUL character");
    }
    if !(1..=LONGEST_TIME).contains(&request.expires_in) {
        check.refuse("/expires_in", "must be from 1 to 604800");
    }
    check.finish(|| Some(()))
}

/// What an address is signed for.
pub(crate) struct Presign<'a> {
    /// Where the object store is: scheme and authority.
    pub endpoint: &'a str,
    /// Host and port, as clients send them.
    pub host: &'a str,
    pub region: &'a str,
    pub bucket: &'a str,
    pub key_id: &'a str,
    pub at: Timestamp,
}

impl Presign<'_> {
    /// The address.
    pub(crate) fn url(&self, secret: Secret<String>, request: &PresignRequest) -> String {
        let signer = Signer {
            access_key: self.key_id.to_owned(),
            secret_key: secret,
            region: self.region.to_owned(),
        };
        let address = Presigned {
            method: request.method.as_str(),
            host: self.host,
            path: &format!("/{}/{}", self.bucket, request.key),
            at: self.at,
            expires_in: request.expires_in,
        };
        format!("{}{}", self.endpoint, signer.presigned(&address))
    }
}

#[cfg(test)]
mod tests {
    use storage_api::PresignMethod;

    use super::*;

    #[test]
    fn what_is_not_plain_is_encoded_in_the_address() {
        let presign = Presign {
            endpoint: "http://127.0.0.1:9000",
            host: "127.0.0.1:9000",
            region: "us-east-1",
            bucket: "stoa-1",
            key_id: "KEY",
            at: Timestamp::from_seconds(1_893_456_000),
        };
        let request = PresignRequest {
            method: PresignMethod::Get,
            key: "a b/ü?~".to_owned(),
            expires_in: 60,
        };
        let url = presign.url(Secret::new("secret".to_owned()), &request);
        let beginning = "http://127.0.0.1:9000/stoa-1/a%20b/%C3%BC%3F~?X-Amz-Algorithm=AWS4-HMAC-SHA256&\
                         X-Amz-Credential=KEY%2F20300101%2Fus-east-1%2Fs3%2Faws4_request&\
                         X-Amz-Date=20300101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=";
        let signature = url.strip_prefix(beginning).unwrap_or_else(|| panic!("{url}"));
        assert_eq!(signature.len(), 64);
    }

    #[test]
    fn a_key_and_a_time_have_bounds() {
        let request = |key: &str, expires_in| PresignRequest {
            method: PresignMethod::Put,
            key: key.to_owned(),
            expires_in,
        };
        assert_eq!(check_presign(&request(&"k".repeat(1024), 604_800)), Ok(()));
        for wrong in [
            request("", 1),
            request(&"k".repeat(1025), 1),
            request("a\0", 1),
            request("a", 0),
            request("a", 604_801),
        ] {
            assert!(check_presign(&wrong).is_err(), "{wrong:?}");
        }
    }
}
