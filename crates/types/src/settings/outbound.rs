//! What leaves the ERP through one lane, and where documents of EDI go that are not posted.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::SftpSettings;

/// What leaves the ERP through one lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundSettings {
    /// Kinds of events that the ERP is asked to tell this lane of, such as `shipment.done`; none for documents of EDI.
    pub events: Vec<String>,
    /// Where they go.
    pub target: OutboundTarget,
    /// Templates, each the text of a mapping file; the first that takes an event makes its message. An event that none
    /// of them is for goes out as it is.
    #[serde(default)]
    pub templates: Vec<String>,
}

impl OutboundSettings {
    /// With the file of what we prove ourselves by, for a program that reads it: an estate knows the secret's name alone.
    #[must_use]
    pub fn with_secret(mut self, file: PathBuf) -> Self {
        if let OutboundTarget::Sftp { server, .. } = &mut self.target {
            server.secret_file = file;
        }
        self
    }
}

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum OutboundTarget {
    /// Posted over HTTP; how we prove who we are is the integration's proof.
    Post {
        /// `https://…`, or `http://` on this machine.
        to: String,
    },
    /// Written as files.
    Files {
        /// `file:///directory`.
        to: String,
    },
    /// Written as files on a partner's SFTP server.
    Sftp {
        /// The server.
        server: SftpSettings,
        /// The directory there.
        directory: String,
    },
    /// Sent to a printer as they are, over TCP.
    RawPrinter {
        /// Host and port, usually 9100.
        address: String,
        /// What is done about a label of which nobody knows whether it was printed.
        duplicates: Duplicates,
        /// Whether the printer is asked how it is (`~HS`): one that speaks ZPL answers.
        status: bool,
    },
    /// Handed to a printer that answers for its jobs (IPP).
    IppPrinter {
        /// `http://10.72.1.41:631/ipp/print`, or `https://…`.
        to: String,
        /// SHA-256 of its certificate, in pairs of hexadecimal digits; none: an authority vouches for it that this
        /// machine trusts.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        certificates: Vec<String>,
    },
}

/// What is done about a label of which nobody knows whether it was printed: a raw printer never says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duplicates {
    /// It waits for a person who looks: at most one copy by itself.
    Ask,
    /// It is printed again: at least one copy.
    PrintAgain,
}
