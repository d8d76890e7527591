//! Servers that are known by their certificate and by nothing else, as printers are: they sign it themselves.
//!
//! A pinned certificate needs nobody who vouches for it, and neither its name nor its end counts: whoever pinned it has
//! looked at it. That the server owns its key is proved in the handshake as ever.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use rustls::{
    ClientConfig, Error as TlsError,
    client::danger::{ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::{Error, ownership::owns_its_key, provider};

/// SHA-256 of a certificate in DER.
pub type Fingerprint = [u8; 32];

/// Client side that speaks to servers with one of these certificates alone.
///
/// # Errors
/// When TLS cannot be set up.
pub fn pinned_client(certificates: Vec<Fingerprint>) -> Result<ClientConfig, Error> {
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(Error::Setup)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned { certificates }))
        .with_no_client_auth();
    Ok(config)
}

#[derive(Debug)]
struct Pinned {
    certificates: Vec<Fingerprint>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _between: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let shown = digest(&SHA256, leaf);
        if self.certificates.iter().any(|known| known[..] == *shown.as_ref()) {
            return Ok(ServerCertVerified::assertion());
        }
        let bytes = shown.as_ref().iter();
        let shown: Vec<String> = bytes.map(|byte| format!("{byte:02X}")).collect();
        Err(TlsError::General(format!(
            "the server shows the certificate {}, which the estate does not name",
            shown.join(":")
        )))
    }

    owns_its_key!();
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::{ServerConfig, pki_types::PrivateKeyDer};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    #[tokio::test]
    async fn only_the_server_with_the_pinned_certificate_is_spoken_to() {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(vec!["a-printer".to_owned()]).unwrap();
        let right: Fingerprint = digest(&SHA256, cert.der()).as_ref().try_into().unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let server = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(server));
        for (pins, known) in [
            (vec![[0; 32], right], true),
            (vec![[0; 32]], false),
            (Vec::new(), false),
        ] {
            let (ours, theirs) = tokio::io::duplex(64 << 10);
            let connector = TlsConnector::from(Arc::new(pinned_client(pins).unwrap()));
            let name = ServerName::try_from("10.9.0.40").unwrap();
            let (connected, _) = tokio::join!(connector.connect(name, ours), acceptor.accept(theirs));
            match connected {
                Ok(_) => assert!(known),
                Err(error) => assert!(!known && error.to_string().contains("does not name"), "{error}"),
            }
        }
    }
}
