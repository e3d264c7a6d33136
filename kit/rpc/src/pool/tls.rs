//! TLS towards foreign upstreams: whose certificates are believed.

use std::sync::Arc;

use thiserror::Error;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// Whose certificates an `https` upstream may present.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Those that the operating system believes. They are read when the first `https` upstream is named.
    System,
    /// Those signed by one of these, in DER, and no others.
    Only(Vec<CertificateDer<'static>>),
}

/// Why an upstream cannot be used at all; found at start, not with the first request.
#[derive(Debug, Error)]
pub enum TrustError {
    /// The host is neither a name nor an address.
    #[error("`{0}` is not the name of a host")]
    NotAName(String),
    /// There is no certificate to believe.
    #[error("there are no root certificates, so no `https` address can be trusted")]
    NoRoots,
    /// What there is cannot be used.
    #[error("the root certificates cannot be used")]
    Rustls(#[from] rustls::Error),
}

/// The client's side of TLS: 1.2 and 1.3 with rustls' own choice of algorithms.
pub(super) fn client_config(trust: &Trust) -> Result<Arc<ClientConfig>, TrustError> {
    let mut roots = RootCertStore::empty();
    match trust {
        // A system's list often holds a certificate or two that no longer parse.
        Trust::System => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        Trust::Only(certificates) => {
            for certificate in certificates {
                roots.add(certificate.clone())?;
            }
        }
    }
    if roots.is_empty() {
        return Err(TrustError::NoRoots);
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
