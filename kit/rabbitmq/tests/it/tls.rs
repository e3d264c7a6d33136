//! The way to a broker that speaks TLS.

use std::sync::Arc;

use kit_bus_testing::TestBroker as _;
use kit_runtime::Lifecycle;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::support::{self, Rabbit};

/// Takes the TLS off what comes, and lets it through to the broker; the port, and the certificate.
async fn start(lifecycle: &Lifecycle) -> (u16, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().to_vec();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone().into()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let tasks = lifecycle.tasks();
    lifecycle.tasks().spawn("tls", async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tasks.spawn("tls.way", async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return; // the other side does not believe us
                };
                let address = kit_testing::rabbitmq_url();
                let (_, address) = address.split_once('@').unwrap();
                let (address, _) = address.split_once('/').unwrap();
                let mut broker = TcpStream::connect(address).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut broker).await;
            });
        }
    });
    (port, certificate)
}

#[tokio::test]
async fn a_broker_behind_tls_must_prove_its_name() {
    let (lifecycle, rabbit) = (Lifecycle::new(), Rabbit::fresh());
    let (port, certificate) = start(&lifecycle).await;
    let url = kit_testing::rabbitmq_url();
    let (account, address) = url.split_once('@').unwrap();
    let (_, vhost) = address.split_once('/').unwrap();
    let account = account.replace("amqp://", "amqps://");
    let at = |host: &str, roots: Vec<Vec<u8>>| {
        let url = format!("{account}@{host}:{port}/{vhost}");
        let mut settings = support::settings(url, &rabbit.exchange);
        settings.roots = roots;
        support::made(settings)
    };
    let believed = at("localhost", vec![certificate.clone()]);
    believed.check().await.unwrap();
    let unknown = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    for (broker, reason) in [
        (
            at("localhost", vec![unknown.cert.der().to_vec()]),
            "invalid peer certificate: BadSignature",
        ),
        (at("127.0.0.1", vec![certificate]), "not valid for"),
    ] {
        let error = broker.check().await.unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    lifecycle.end().await;
    rabbit.remove().await;
}
