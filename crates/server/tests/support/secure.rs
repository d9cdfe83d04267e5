//! A certificate of its own for each run, and clients that trust it.

use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};
use stagedoor_server::{Settings, TlsConfig};

pub(crate) type Secure<S = TcpStream> = StreamOwned<ClientConnection, S>;

struct Identity {
    config: TlsConfig,
    roots: Arc<RootCertStore>,
}

static IDENTITY: LazyLock<Identity> = LazyLock::new(|| {
    let CertifiedKey { cert, signing_key } = self_signed();
    let folder = Folder::new("identity");
    let (certificate, key) =
        (folder.file("cert", &cert.pem()), folder.file("key", &signing_key.serialize_pem()));
    let config = TlsConfig::load(&certificate, &key).expect("a good pair");
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).expect("a good certificate");
    Identity { config, roots: Arc::new(roots) }
});

pub(crate) fn self_signed() -> CertifiedKey<rcgen::KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate")
}

/// A folder for a test's files, removed after it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("stagedoor-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).expect("written");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Of a server that speaks TLS.
pub(crate) fn secure() -> Settings {
    Settings { tls: Some(IDENTITY.config.clone()), ..Settings::default() }
}

/// A client's TLS with such a server, not begun.
pub(crate) fn handshake(version: &'static SupportedProtocolVersion) -> ClientConnection {
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_protocol_versions(&[version])
        .expect("a version that ring knows")
        .with_root_certificates(Arc::clone(&IDENTITY.roots))
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    ClientConnection::new(Arc::new(config), name).expect("a good configuration")
}
