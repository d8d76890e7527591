//! Files that are exchanged with partners: where they lie, and what becomes of them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Span;

/// A partner's SFTP server, and how we prove to it who we are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SftpSettings {
    /// DNS name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Our name there.
    pub user: String,
    /// Fingerprints of its host keys, as `SHA256:…`; one with another key is not spoken to.
    pub host_keys: Vec<String>,
    /// What the secret is.
    pub credential: SftpCredential,
    /// File with it; read again for every connection.
    pub secret_file: PathBuf,
}

/// What we prove to an SFTP server who we are with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SftpCredential {
    /// A private key (Ed25519 or ECDSA, without a passphrase).
    Key,
    /// A password, or `name:password`.
    Password,
}

/// How a partner's files are fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesSettings {
    /// Where they lie.
    pub from: FilesFrom,
    /// The directory that is watched.
    pub directory: String,
    /// What becomes of a file that was stored.
    pub after: AfterFile,
    /// The directory, below the one that is watched, for acknowledgements of interchanges; without it none are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
    /// It is looked at so often; a file is taken when it was the same twice.
    pub every: Span,
    /// Names with these endings are still being written.
    #[serde(default)]
    pub temporary: Vec<String>,
}

/// Where a partner's files lie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FilesFrom {
    /// On its SFTP server.
    Sftp(SftpSettings),
    /// In a directory of this machine.
    Here,
}

/// What becomes of a file that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum AfterFile {
    /// It is renamed into a directory below the one that is watched.
    Move {
        /// For files that were stored.
        done: String,
        /// For files that cannot be taken.
        quarantine: String,
    },
    /// The partner forbids that: it stays, and is known again by its name, size, time and content.
    Leave,
}
