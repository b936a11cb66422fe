//! Certificates made for one test, and both ends of TLS.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use mintreu_gateway::Certificates;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName},
        version::{TLS12, TLS13},
    },
};

use super::http2::{spawn, wait};

/// An authority that only its test believes.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key, in PEM.
pub(crate) struct Issued {
    pub(crate) chain: String,
    pub(crate) key: String,
    certificate: CertificateDer<'static>,
    private: Vec<u8>,
}

/// Removed when its test ends.
pub(crate) struct Files {
    pub(crate) chain: PathBuf,
    pub(crate) key: PathBuf,
    directory: PathBuf,
}

impl Files {
    pub(crate) fn load(&self) -> Arc<Certificates> {
        Arc::new(Certificates::load(&self.chain, &self.key).unwrap())
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn root(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    pub(crate) fn issue(&self, name: &str) -> Issued {
        self.issue_for(name, 2020, 2100)
    }

    /// Valid from the beginning of one year to that of another.
    pub(crate) fn issue_for(&self, name: &str, from: i32, until: i32) -> Issued {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Issued { chain: certificate.pem(), key: key.serialize_pem(), certificate: certificate.der().clone(), private: key.serialize_der() }
    }
}

impl Issued {
    /// Written to files of their own.
    pub(crate) fn files(&self) -> Files {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let directory = std::env::temp_dir().join(format!("mintreu-tls-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let files = Files { chain: directory.join("chain.pem"), key: directory.join("key.pem"), directory };
        self.write(&files);
        files
    }

    pub(crate) fn write(&self, files: &Files) {
        std::fs::write(&files.chain, &self.chain).unwrap();
        std::fs::write(&files.key, &self.key).unwrap();
    }

    /// A server that offers these protocols.
    pub(crate) fn server(&self, protocols: &[&str]) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::try_from(self.private.clone()).unwrap();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

/// A client of `localhost` that believes one authority and speaks these protocols.
pub(crate) fn connect(address: SocketAddr, root: CertificateDer<'static>, protocols: &[&str]) -> std::io::Result<TlsStream<TcpStream>> {
    connect_by(address, root, protocols, &[&TLS12, &TLS13])
}

pub(crate) fn connect_by(
    address: SocketAddr,
    root: CertificateDer<'static>,
    protocols: &[&str],
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(root).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    wait(async {
        let stream = TcpStream::connect(address).await?;
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
    })
}

/// TLS before a service in the clear.
pub(crate) fn front(service: SocketAddr, config: Arc<ServerConfig>) -> SocketAddr {
    let listener = wait(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = TlsAcceptor::from(Arc::clone(&config));
            tokio::spawn(async move {
                let (Ok(mut client), Ok(mut service)) = (acceptor.accept(client).await, TcpStream::connect(service).await) else { return };
                let _ = tokio::io::copy_bidirectional(&mut client, &mut service).await;
            });
        }
    });
    address
}
