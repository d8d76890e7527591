//! An identity whose files may be replaced while the program runs: a certificate is renewed without a restart.
//!
//! The files are looked at when somebody shakes hands, and at most once a second. Two files cannot be replaced at once,
//! so a certificate that does not fit its key is one of two halves: the identity from before is kept until both fit.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use rustls::{
    SignatureScheme,
    client::ResolvesClientCert,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use types::{Timestamp, settings::TlsFiles};
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _};

use super::{Error, chain, key, provider};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// When certificate and key were written last.
type Written = (SystemTime, SystemTime);

/// An identity that follows its files.
#[derive(Debug)]
pub(super) struct Identity {
    files: TlsFiles,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    /// `None` while the files are awaited.
    certified: Option<Arc<CertifiedKey>>,
    written: Option<Written>,
    looked: Instant,
}

// === impl Identity ===

impl Identity {
    /// Reads the files, which must fit together.
    pub(super) fn open(files: &TlsFiles) -> Result<Arc<Self>, Error> {
        let written = written(files);
        Ok(Arc::new(Self {
            held: Mutex::new(Held {
                certified: Some(Arc::new(read(files)?)),
                written,
                looked: Instant::now(),
            }),
            files: files.clone(),
        }))
    }

    /// The same of files that may come later: until they fit together, nobody gets through a handshake.
    pub(super) fn awaited(files: &TlsFiles) -> Arc<Self> {
        let written = written(files);
        let certified = read(files).ok().map(Arc::new);
        Arc::new(Self {
            held: Mutex::new(Held {
                written: written.filter(|_| certified.is_some()),
                certified,
                looked: Instant::now(),
            }),
            files: files.clone(),
        })
    }

    fn current(&self) -> Option<Arc<CertifiedKey>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.looked.elapsed() >= LOOK_EVERY {
            held.looked = Instant::now();
            self.follow(&mut held);
        }
        held.certified.clone()
    }

    /// Takes the files up when they are other ones. A time that was looked at before reading makes sure that what is
    /// written meanwhile is read the next time.
    fn follow(&self, held: &mut Held) {
        let found = written(&self.files);
        if found.is_none() || found == held.written {
            return;
        }
        match read(&self.files) {
            Ok(certified) => {
                tracing::info!(certificate = %self.files.certificate.display(), "a renewed certificate is used");
                (held.certified, held.written) = (Some(Arc::new(certified)), found);
            }
            Err(error) => {
                let why: &dyn std::error::Error = &error;
                tracing::debug!(error = why, "a renewed certificate cannot be used yet");
            }
        }
    }
}

impl ResolvesServerCert for Identity {
    fn resolve(&self, _client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current()
    }
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, _authorities: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.current()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn read(files: &TlsFiles) -> Result<CertifiedKey, Error> {
    CertifiedKey::from_der(chain(&files.certificate)?, key(&files.key)?, &provider()).map_err(|source| {
        Error::Use {
            path: files.certificate.clone(),
            source,
        }
    })
}

fn written(files: &TlsFiles) -> Option<Written> {
    let of = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    Some((of(&files.certificate)?, of(&files.key)?))
}

/// When a certificate ends, by what it says itself.
///
/// # Errors
/// When the file cannot be read or holds no certificate.
pub fn expires(certificate: &Path) -> Result<Timestamp, Error> {
    let unreadable = || Error::NoEnd {
        path: certificate.to_path_buf(),
    };
    let chain = chain(&certificate.to_path_buf())?;
    let leaf = chain.first().ok_or_else(unreadable)?;
    ends(leaf).ok_or_else(unreadable)
}

/// When a certificate in DER ends; `None` when it is none.
pub fn ends(certificate: &[u8]) -> Option<Timestamp> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let seconds = parsed.validity().not_after.timestamp();
    Some(Timestamp::from_micros(seconds.checked_mul(1_000_000)?))
}
