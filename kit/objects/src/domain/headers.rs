//! What a client says of an object beside its bytes, kept and given back as it was.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Refusal;

/// Of the names and values of the metadata together, as S3 counts them.
const MOST_METADATA_BYTES: usize = 2048;

/// The headers of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Headers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cache_control: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_disposition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_language: Option<String>,
    /// An HTTP date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<String>,
    /// `x-amz-meta-*`, by the rest of the name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Headers {
    /// Refuses metadata that are too large, and takes `aws-chunked` out of the encoding: that is how the request was
    /// sent, not how the object is encoded.
    pub(crate) fn checked(mut self) -> Result<Self, Refusal> {
        let bytes: usize = self
            .metadata
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if bytes > MOST_METADATA_BYTES {
            return Err(Refusal::MetadataTooLarge);
        }
        if let Some(encoding) = &self.content_encoding {
            let codings = encoding.split(',').map(str::trim);
            let kept: Vec<&str> = codings
                .filter(|coding| *coding != "aws-chunked" && !coding.is_empty())
                .collect();
            self.content_encoding = (!kept.is_empty()).then(|| kept.join(","));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_request_was_sent_is_no_encoding_of_the_object() {
        let encoded = |encoding: &str| Headers {
            content_encoding: Some(encoding.to_owned()),
            ..Headers::default()
        };
        assert_eq!(encoded("aws-chunked").checked().unwrap().content_encoding, None);
        assert_eq!(encoded("gzip, aws-chunked").checked(), Ok(encoded("gzip")));
    }

    #[test]
    fn metadata_have_a_limit() {
        let of = |bytes: usize| Headers {
            metadata: BTreeMap::from([("k".to_owned(), "v".repeat(bytes - 1))]),
            ..Headers::default()
        };
        assert!(of(2048).checked().is_ok());
        assert_eq!(of(2049).checked(), Err(Refusal::MetadataTooLarge));
    }
}
