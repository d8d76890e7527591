//! Mutual TLS inside the estate: every program has a certificate of the estate's own authority and asks for one.
//!
//! An identity follows its files, so that it can be renewed while its program runs; an authority is read once.

mod identity;
mod ownership;
mod partner;
mod pinned;
mod shown;

use std::{path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use types::settings::TlsFiles;

use self::identity::Identity;

pub use identity::{ends, expires};
pub use partner::{Partners, asking_server, awaiting_server};
pub use pinned::{Fingerprint, pinned_client};
pub use shown::{Greeting, shown};

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A PEM file is missing or not PEM.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// TLS itself cannot be set up.
    #[error("cannot set TLS up")]
    Setup(#[source] rustls::Error),
    /// The files do not fit together.
    #[error("cannot use the certificate {}", path.display())]
    Use {
        /// Which certificate.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
    /// It holds no certificate that says when it ends.
    #[error("{} holds no certificate", path.display())]
    NoEnd {
        /// Which file.
        path: PathBuf,
    },
    /// No client verifier could be built.
    #[error("cannot use the authority {} to verify clients", path.display())]
    Verifier {
        /// Which authority.
        path: PathBuf,
        /// Why.
        #[source]
        source: rustls::server::VerifierBuilderError,
    },
}

/// The one crypto provider of every Plimsoll program.
fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn chain(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = |source| Error::Read {
        path: path.clone(),
        source,
    };
    CertificateDer::pem_file_iter(path)
        .map_err(read)?
        .collect::<Result<_, _>>()
        .map_err(read)
}

fn key(path: &PathBuf) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_file(path).map_err(|source| Error::Read {
        path: path.clone(),
        source,
    })
}

fn roots(path: &PathBuf) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(path)? {
        roots.add(certificate).map_err(|source| Error::Use {
            path: path.clone(),
            source,
        })?;
    }
    Ok(roots)
}

/// Server side that only talks to clients of the same authority.
///
/// # Errors
/// When a file cannot be read or the files do not fit together.
pub fn mutual_server(files: &TlsFiles) -> Result<Arc<ServerConfig>, Error> {
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(&files.ca)?), provider())
        .build()
        .map_err(|source| Error::Verifier {
            path: files.ca.clone(),
            source,
        })?;
    let config = server(files)?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Identity::open(files)?);
    Ok(Arc::new(config))
}

/// What every server side begins with; whom it asks for a certificate comes next.
fn server(files: &TlsFiles) -> Result<ConfigBuilder<ServerConfig, WantsVerifier>, Error> {
    ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|source| Error::Use {
            path: files.certificate.clone(),
            source,
        })
}

/// Server side that proves who it is and lets the application decide who the client is (bearer tokens).
///
/// # Errors
/// When a file cannot be read or the files do not fit together.
pub fn public_server(files: &TlsFiles) -> Result<Arc<ServerConfig>, Error> {
    let config = server(files)?
        .with_no_client_auth()
        .with_cert_resolver(Identity::open(files)?);
    Ok(Arc::new(config))
}

/// Client side with an identity of the estate, which trusts the estate's authority alone.
///
/// # Errors
/// When a file cannot be read or the files do not fit together.
pub fn mutual_client(files: &TlsFiles) -> Result<ClientConfig, Error> {
    let used = |source| Error::Use {
        path: files.certificate.clone(),
        source,
    };
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(used)?
        .with_root_certificates(roots(&files.ca)?)
        .with_client_cert_resolver(Identity::open(files)?);
    Ok(config)
}

/// Client side without an identity, as a partner or a browser has, which trusts the given authority alone.
///
/// # Errors
/// When the file cannot be read.
pub fn public_client(ca: &PathBuf) -> Result<ClientConfig, Error> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|source| Error::Use {
            path: ca.clone(),
            source,
        })?
        .with_root_certificates(roots(ca)?)
        .with_no_client_auth();
    Ok(config)
}
