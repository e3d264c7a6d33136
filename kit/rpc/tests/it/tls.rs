//! Upstreams whose address is `https`.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use kit_config::BaseUrl;
use kit_rpc::pool::{Pool, PoolSettings, Reach, SendError, Trust, TrustError};
use kit_runtime::{Lifecycle, Tasks};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::pool::{LONG, text};
use crate::raw::{RawServer, ok};

struct TlsServer {
    address: BaseUrl,
    certificate: CertificateDer<'static>,
}

/// A server for `localhost` that answers each request with "secret", over TLS.
async fn tls_server(tasks: &Tasks) -> TlsServer {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = cert.der().clone();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tasks.spawn("tls server", async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not believe us hangs up in the handshake.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(ok("secret").as_bytes()).await.unwrap();
        }
    });
    TlsServer {
        address: address.parse().unwrap(),
        certificate,
    }
}

fn trusting(trust: Trust) -> PoolSettings {
    PoolSettings {
        trust,
        ..PoolSettings::default()
    }
}

#[tokio::test]
async fn an_upstream_with_a_trusted_certificate_answers() {
    let lifecycle = Lifecycle::new();
    let server = tls_server(&lifecycle.tasks()).await;
    let settings = trusting(Trust::Only(vec![server.certificate]));
    let pool = Pool::new(settings, lifecycle.tasks());
    let upstream = pool.upstream(&server.address).unwrap();
    assert_eq!(text(&upstream).await.unwrap(), "secret");
}

#[tokio::test]
async fn a_certificate_of_somebody_else_means_not_sent() {
    let lifecycle = Lifecycle::new();
    let (server, other) = (
        tls_server(&lifecycle.tasks()).await,
        tls_server(&lifecycle.tasks()).await,
    );
    let pool = Pool::new(trusting(Trust::Only(vec![other.certificate])), lifecycle.tasks());
    let error = text(&pool.upstream(&server.address).unwrap()).await.unwrap_err();
    assert!(error.is_surely_not_sent(), "{error:?}");
}

#[tokio::test]
async fn a_certificate_for_another_name_means_not_sent() {
    let lifecycle = Lifecycle::new();
    let server = tls_server(&lifecycle.tasks()).await;
    let pool = Pool::new(trusting(Trust::Only(vec![server.certificate])), lifecycle.tasks());
    let by_address = server
        .address
        .as_str()
        .replace("localhost", "127.0.0.1")
        .parse()
        .unwrap();
    let error = text(&pool.upstream(&by_address).unwrap()).await.unwrap_err();
    assert!(error.is_surely_not_sent(), "{error:?}");
}

#[tokio::test]
async fn a_handshake_that_hangs_is_given_up() {
    let lifecycle = Lifecycle::new();
    let server = RawServer::start(&lifecycle.tasks(), |_, stream| async move {
        let _open = stream;
        pending::<()>().await;
    })
    .await;
    let settings = PoolSettings {
        connect_timeout: Duration::from_millis(40),
        ..trusting(Trust::Only(vec![
            tls_server(&lifecycle.tasks()).await.certificate,
        ]))
    };
    let pool = Pool::new(settings, lifecycle.tasks());
    let address = server
        .address
        .as_str()
        .replace("http:", "https:")
        .parse()
        .unwrap();
    let upstream = pool.upstream(&address).unwrap();
    let error = tokio::time::timeout(LONG, text(&upstream))
        .await
        .unwrap()
        .unwrap_err();
    assert!(error.is_surely_not_sent(), "{error:?}");
}

#[tokio::test]
async fn a_pool_that_believes_nobody_refuses_an_https_upstream_at_start() {
    let lifecycle = Lifecycle::new();
    let pool = Pool::<String>::new(trusting(Trust::Only(Vec::new())), lifecycle.tasks());
    let refusal = pool
        .upstream(&"https://example.com".parse().unwrap())
        .unwrap_err();
    assert!(matches!(refusal, TrustError::NoRoots), "{refusal:?}");
    assert!(pool.upstream(&"http://example.com".parse().unwrap()).is_ok());
}

#[tokio::test]
async fn a_pool_for_the_public_internet_alone_does_not_connect_to_this_machine() {
    let lifecycle = Lifecycle::new();
    let server = tls_server(&lifecycle.tasks()).await;
    let settings = PoolSettings {
        reach: Reach::Public,
        ..trusting(Trust::Only(vec![server.certificate]))
    };
    let pool = Pool::new(settings, lifecycle.tasks());
    for host in ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"] {
        let address = server.address.as_str().replace("localhost", host);
        let upstream = pool.upstream(&address.parse().unwrap()).unwrap();
        let SendError::NotSent(cause) = text(&upstream).await.unwrap_err() else {
            panic!("`{host}` was connected to");
        };
        assert!(cause.to_string().contains("public"), "{cause}");
    }
}
