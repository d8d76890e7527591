//! Certificates of partners: asked for at the door, and checked later against what the one partner declared.
//!
//! The handshake proves that the caller owns the key of the certificate it shows, and nothing else: which authority or
//! certificate counts depends on the integration, which only the request names. So the door takes any certificate, and a
//! caller without one as well, and [`Partners`] decides. A certificate that nobody checked opens nothing.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustls::{
    DistinguishedName, Error as TlsError, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, UnixTime, pem::PemObject as _},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use types::settings::TlsFiles;
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _};

use super::{Error, identity::Identity, ownership::owns_its_key, provider, server};

/// Certificates of one chain; real ones have three.
pub const CHAIN_MAX: usize = 8;

/// Server side that asks for a certificate and lets the application decide what it is worth.
///
/// # Errors
/// When a file cannot be read or the files do not fit together.
pub fn asking_server(files: &TlsFiles) -> Result<Arc<ServerConfig>, Error> {
    let config = server(files)?
        .with_client_cert_verifier(Arc::new(Asking))
        .with_cert_resolver(Identity::open(files)?);
    Ok(Arc::new(config))
}

/// The same with files that may come later: a certificate that another program orders must not keep this one from
/// starting.
///
/// # Errors
/// When TLS cannot be set up.
pub fn awaiting_server(files: &TlsFiles) -> Result<Arc<ServerConfig>, Error> {
    let config = server(files)?
        .with_client_cert_verifier(Arc::new(Asking))
        .with_cert_resolver(Identity::awaited(files));
    Ok(Arc::new(config))
}

/// Checks that the caller owns the key, and leaves the rest to whoever knows the partner.
#[derive(Debug)]
struct Asking;

impl ClientCertVerifier for Asking {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, TlsError> {
        // Owning the key is proved by the signature below; whose certificate it is, Partners decides.
        Ok(ClientCertVerified::assertion())
    }

    owns_its_key!();
}

/// What one partner declared: authorities that sign its certificates, or the certificates themselves.
#[derive(Debug)]
pub struct Partners {
    declared: Vec<CertificateDer<'static>>,
    verifier: Arc<dyn ClientCertVerifier>,
}

impl Partners {
    /// Of PEM.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn open(pem: &[u8]) -> Result<Self, &'static str> {
        let declared = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        let declared = declared.map_err(|_| "its secret is not PEM")?;
        let mut roots = RootCertStore::empty();
        for certificate in &declared {
            let added = roots.add(certificate.clone());
            added.map_err(|_| "its secret holds something else than certificates")?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build();
        Ok(Self {
            declared,
            verifier: verifier.map_err(|_| "its secret holds no certificate")?,
        })
    }

    /// Whether who owns the first of these certificates is the partner, at that time.
    pub fn admit(&self, chain: &[CertificateDer<'_>], now: SystemTime) -> bool {
        let Some((leaf, between)) = chain.split_first() else {
            return false;
        };
        if chain.len() > CHAIN_MAX {
            return false;
        }
        let since = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        // A certificate that was declared itself needs nobody who vouches for it, and ends all the same.
        let pinned = self.declared.iter().any(|one| one.as_ref() == leaf.as_ref()) && is_current(leaf, since);
        let time = UnixTime::since_unix_epoch(since);
        pinned || self.verifier.verify_client_cert(leaf, between, time).is_ok()
    }
}

fn is_current(leaf: &CertificateDer<'_>, since: Duration) -> bool {
    let Ok((_, parsed)) = X509Certificate::from_der(leaf) else {
        return false;
    };
    let (validity, now) = (
        parsed.validity(),
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
    );
    validity.not_before.timestamp() <= now && now <= validity.not_after.timestamp()
}

#[cfg(test)]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
        date_time_ymd,
    };

    use super::*;

    fn authority() -> CertifiedIssuer<'static, KeyPair> {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
    }

    fn signed(
        authority: &CertifiedIssuer<'static, KeyPair>,
        purpose: ExtendedKeyUsagePurpose,
    ) -> rcgen::Certificate {
        let mut parameters = CertificateParams::new(vec!["partner.example.org".to_owned()]).unwrap();
        parameters.extended_key_usages = vec![purpose];
        parameters.not_before = date_time_ymd(2020, 1, 1);
        parameters.not_after = date_time_ymd(2040, 1, 1);
        parameters
            .signed_by(&KeyPair::generate().unwrap(), authority)
            .unwrap()
    }

    #[test]
    fn a_partner_is_known_by_its_authority_or_by_its_certificate_while_it_is_valid() {
        use ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
        let (ours, other) = (authority(), authority());
        let (good, wrong) = (signed(&ours, ClientAuth), signed(&other, ClientAuth));
        let server = signed(&ours, ServerAuth);
        let by_authority = Partners::open(ours.pem().as_bytes()).unwrap();
        let by_pin = Partners::open(good.pem().as_bytes()).unwrap();
        let year = |year: u64| UNIX_EPOCH + Duration::from_secs((year - 1970) * 31_556_952 + 864_000);
        for (partners, certificate, at, expected) in [
            (&by_authority, &good, 2030, true),
            (&by_authority, &good, 2041, false),
            (&by_authority, &good, 2019, false),
            (&by_authority, &wrong, 2030, false),
            (&by_authority, &server, 2030, false),
            (&by_pin, &good, 2030, true),
            (&by_pin, &good, 2041, false),
            (&by_pin, &wrong, 2030, false),
            (&by_pin, &server, 2030, false),
        ] {
            let chain = [certificate.der().clone()];
            assert_eq!(partners.admit(&chain, year(at)), expected, "{at}");
        }
        assert!(!by_authority.admit(&[], year(2030)));
        let long = vec![good.der().clone(); CHAIN_MAX + 1];
        assert!(!by_authority.admit(&long, year(2030)));
        for bad in [
            &b""[..],
            b"not PEM",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            assert!(Partners::open(bad).is_err());
        }
    }
}
