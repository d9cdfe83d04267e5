//! The certificate and key of a server that speaks TLS.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{Error, InconsistentKeys, ServerConfig, ServerConnection};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// Bytes of the largest file. A longer one is neither a certificate nor a key.
const MAX_FILE: u64 = 1 << 20;

/// A certificate chain and its private key, for TLS 1.2 and 1.3. Cheap to clone; shows neither.
#[derive(Clone)]
pub struct TlsConfig(Arc<ServerConfig>);

impl TlsConfig {
    /// Reads a certificate chain, the server's own certificate first, and its private key, each
    /// from a PEM file.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let chain = CertificateDer::pem_slice_iter(&read(certificate)?)
            .collect::<Result<Vec<_>, _>>()
            .ok()
            .filter(|chain| !chain.is_empty())
            .ok_or_else(|| TlsError::invalid(certificate, NO_CERTIFICATE))?;
        let pem = read(key)?;
        if is_encrypted(&pem) {
            return Err(TlsError::invalid(key, ENCRYPTED));
        }
        let private = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|_| TlsError::invalid(key, NO_PRIVATE_KEY))?;
        let signing = ring::default_provider().key_provider.load_private_key(private.clone_key());
        signing.map_err(|_| TlsError::invalid(key, UNKNOWN_KEY))?;
        let mut config = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private))
            .map_err(|error| match error {
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::invalid(
                    key,
                    format!("the private key is not that of {}", certificate.display()),
                ),
                other => TlsError::invalid(
                    certificate,
                    format!("the certificate cannot be used: {other}"),
                ),
            })?;
        // So that nobody can make us answer what was meant for a server of another protocol.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Tickets would come while the client sends its request. Many clients read on one thread
        // and write on another, and OpenSSL does not take both at once.
        config.send_tls13_tickets = 0;
        Ok(Self(Arc::new(config)))
    }

    pub(crate) fn accept(&self) -> io::Result<ServerConnection> {
        ServerConnection::new(Arc::clone(&self.0)).map_err(io::Error::other)
    }
}

impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConfig").finish_non_exhaustive()
    }
}

const NO_CERTIFICATE: &str =
    "no certificate: expected PEM with a section BEGIN CERTIFICATE, or several, the server's first";
const NO_PRIVATE_KEY: &str = "no private key: expected PEM with a section BEGIN PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY";
const ENCRYPTED: &str = "the private key is encrypted: expected one without a passphrase, as \
                         `openssl pkey -in ENCRYPTED -out PLAIN` writes it";
const UNKNOWN_KEY: &str = "the private key is damaged, or of a kind that is not supported: \
                           expected RSA of 2048 to 8192 bits, ECDSA P-256 or P-384, or Ed25519";

fn is_encrypted(pem: &[u8]) -> bool {
    // PKCS#8 says so in the section's name, the older forms in a header.
    let signs = ["BEGIN ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED"];
    signs.iter().any(|sign| pem.windows(sign.len()).any(|part| part == sign.as_bytes()))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let mut content = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut content))
        .map_err(|error| TlsError::Unreadable { path: path.into(), error })?;
    if content.len() as u64 > MAX_FILE {
        return Err(TlsError::invalid(path, "longer than 1 MiB: expected a PEM file"));
    }
    Ok(content)
}

/// Why there is no [`TlsConfig`]. Never shows what is in a file.
#[derive(Debug)]
pub enum TlsError {
    /// A file cannot be read.
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file does not hold what it should.
    Invalid {
        /// Which one.
        path: PathBuf,
        /// What is wrong, and what was expected.
        problem: String,
    },
}

impl TlsError {
    fn invalid(path: &Path, problem: impl Into<String>) -> Self {
        Self::Invalid { path: path.into(), problem: problem.into() }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => write!(f, "{}: {error}", path.display()),
            Self::Invalid { path, problem } => write!(f, "{}: {problem}", path.display()),
        }
    }
}

impl std::error::Error for TlsError {}
