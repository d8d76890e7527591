//! What partners prove themselves by, read anew while the gateway runs.
//!
//! A secret is changed without a pause like this: the file gets the new one beside the old one, the partner changes, the
//! old one leaves the file. So the file is read again every second, by its content and not by its time, which may stand
//! still, and through whatever links lead to it now, as secret stores of clusters change them. A file that is being
//! written must not count: only what was read twice in a row is taken. What cannot be used changes nothing but a word to
//! the operators: the old secrets hold.

use std::{
    io::Read as _,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use api::gateway::lanes::SecretsStatus;
use journal::body_hash;
use types::{
    Timestamp,
    settings::{IntegrationSettings, ProofSettings},
};

use super::Proof;
use crate::{
    gateway::{Gateway, now},
    lock,
};

/// Between two looks at a file.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A file of secrets is a few lines.
const FILE_MAX: u64 = 64 << 10;
/// The code under which operators find what to do.
const UNUSABLE: &str = "PL0785";

/// Why a file of secrets cannot be used; never with anything of what is in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("its file of secrets cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// It is too large for what it should be.
    #[error("its file of secrets is larger than {FILE_MAX} bytes")]
    TooLarge,
    /// What is in it cannot be used.
    #[error("{0}")]
    Unusable(&'static str),
}

/// What one integration's partner proves itself by, now.
pub struct Secrets {
    proof: RwLock<Arc<Proof>>,
    /// Grows with each change.
    version: AtomicU64,
    known: Mutex<Known>,
}

/// What is known of the file.
struct Known {
    /// The hash of what holds.
    holds: [u8; 32],
    /// The hash of other content that was read last.
    seen: Option<[u8; 32]>,
    secrets: usize,
    since: Timestamp,
    trouble: Option<String>,
}

/// What a look at the file came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing new, or not twice yet.
    Same,
    /// Other secrets hold.
    Changed,
    /// It cannot be used, which is new.
    Trouble,
    /// It can be used again, with the secrets that hold.
    Well,
}

// === impl Secrets ===

impl Secrets {
    /// Reads an integration's file for the first time.
    ///
    /// # Errors
    /// [`Error`].
    pub fn open(settings: &IntegrationSettings) -> Result<Self, Error> {
        let content = content(settings)?;
        let (proof, trouble) = match Proof::open(settings, &content) {
            Ok(proof) => (proof, None),
            // Nobody has put the partner's certificates there yet: that partner is not let in, and the others are.
            Err(why) if settings.proof == ProofSettings::MutualTls => {
                tracing::error!(integration = %settings.name, why, "nobody is let in");
                (Proof::nobody(), Some(format!("{UNUSABLE}: {why}")))
            }
            Err(why) => return Err(Error::Unusable(why)),
        };
        Ok(Self {
            proof: RwLock::new(Arc::new(proof)),
            version: AtomicU64::new(0),
            known: Mutex::new(Known {
                // What cannot be used does not hold, and is looked at again.
                holds: if trouble.is_none() {
                    body_hash(&content)
                } else {
                    [0; 32]
                },
                seen: None,
                secrets: count(&content),
                since: now(),
                trouble,
            }),
        })
    }

    /// What holds now.
    pub fn proof(&self) -> Arc<Proof> {
        Arc::clone(&self.proof.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Another number once other secrets hold.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// What operators are told.
    pub fn status(&self) -> SecretsStatus {
        let known = lock(&self.known);
        SecretsStatus {
            secrets: known.secrets,
            since: known.since,
            trouble: known.trouble.clone(),
        }
    }

    /// Looks at the file.
    pub fn look(&self, settings: &IntegrationSettings) -> Look {
        let content = match content(settings) {
            Ok(content) => content,
            Err(error) => return self.trouble(&error),
        };
        let hash = body_hash(&content);
        let mut known = lock(&self.known);
        if hash == known.holds {
            known.seen = None;
            let well = known.trouble.take().is_some();
            return if well { Look::Well } else { Look::Same };
        }
        if known.seen.replace(hash) != Some(hash) {
            return Look::Same;
        }
        drop(known);
        match Proof::open(settings, &content) {
            Ok(proof) => {
                *self.proof.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(proof);
                self.version.fetch_add(1, Ordering::Release);
                *lock(&self.known) = Known {
                    holds: hash,
                    seen: None,
                    secrets: count(&content),
                    since: now(),
                    trouble: None,
                };
                Look::Changed
            }
            Err(why) => self.trouble(&Error::Unusable(why)),
        }
    }

    fn trouble(&self, error: &Error) -> Look {
        let words = format!("{UNUSABLE}: {error}; the secrets from before hold");
        let mut known = lock(&self.known);
        if known.trouble.as_ref() == Some(&words) {
            return Look::Same;
        }
        known.trouble = Some(words);
        Look::Trouble
    }
}

/// Follows the files of all integrations until the gateway ends. Cancelled at any moment, the secrets from before hold.
pub async fn run(gateway: Arc<Gateway>) {
    loop {
        tokio::select! {
            () = gateway.cancel.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let all = Arc::clone(&gateway);
        // A file on a file system that does not answer must hold up nobody else.
        if tokio::task::spawn_blocking(move || look_at_all(&all))
            .await
            .is_err()
        {
            tracing::error!("the files of secrets were not looked at");
        }
    }
}

fn look_at_all(gateway: &Gateway) {
    for integration in &gateway.integrations {
        let name = &integration.settings.name;
        match integration.secrets.look(&integration.settings) {
            Look::Same => {}
            Look::Changed => {
                let secrets = integration.secrets.status().secrets;
                tracing::info!(integration = %name, secrets, "other secrets hold");
            }
            Look::Trouble => {
                let why = integration.secrets.status().trouble;
                tracing::error!(integration = %name, why, "secrets cannot be read anew");
            }
            Look::Well => tracing::info!(integration = %name, "the file of secrets can be used again"),
        }
    }
}

/// Through a lane that leaves the ERP nobody comes in, so nothing is read for it.
fn content(settings: &IntegrationSettings) -> Result<Vec<u8>, Error> {
    // Where nobody posts the file is ours, such as a key for a partner's server, or there is none.
    if settings.only_leaves() || settings.proof == ProofSettings::Unavailable {
        return Ok(Vec::new());
    }
    read(&settings.secret_file)
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut content = Vec::new();
    std::fs::File::open(path)?
        .take(FILE_MAX + 1)
        .read_to_end(&mut content)?;
    if content.len() as u64 > FILE_MAX {
        return Err(Error::TooLarge);
    }
    Ok(content)
}

/// One in each line.
fn count(content: &[u8]) -> usize {
    let lines = content.split(|byte| *byte == b'\n');
    lines.filter(|line| !line.trim_ascii().is_empty()).count()
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
