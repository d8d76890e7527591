//! What can go wrong while a machine is prepared, with codes and advice for people.

use std::{io, path::PathBuf};

/// Stable codes of this room; each has a page in `docs/errors/`.
pub type Code = &'static str;

/// Why a machine could not be prepared, or a program not be started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or directory could not be made, read or written.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// What we were doing.
        doing: &'static str,
        /// To which path.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A program that is needed is not there.
    #[error("{program} was not found{}", where_looked(.looked))]
    Missing {
        /// What is missing, in words.
        program: &'static str,
        /// Where it was looked for.
        looked: Vec<PathBuf>,
    },
    /// Running as root, and the unprivileged user does not exist.
    #[error("there is no user `{user}` to run the estate's processes as")]
    NoUser {
        /// Its name.
        user: String,
    },
    /// Ports that the estate used before are taken by somebody else.
    #[error("these loopback ports of the estate are taken by another program: {}", list(.ports))]
    PortsTaken {
        /// Name and number of each.
        ports: Vec<(String, u16)>,
    },
    /// No free port was found.
    #[error("no free loopback port was found between {from} and {to}")]
    NoPort {
        /// Lowest tried.
        from: u16,
        /// Highest tried.
        to: u16,
    },
    /// Too little room on the disk.
    #[error("{} has {free_mib} MiB free, and {needed_mib} MiB are needed", path.display())]
    DiskFull {
        /// Where.
        path: PathBuf,
        /// What is free.
        free_mib: u64,
        /// What is needed.
        needed_mib: u64,
    },
    /// A program that prepares something failed.
    #[error("{program} failed ({status})\n{output}")]
    Failed {
        /// Which program.
        program: String,
        /// How it ended.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// Certificates could not be made.
    #[error("cannot make the certificate of {whose}")]
    Certificate {
        /// Whose.
        whose: String,
        /// Why.
        #[source]
        source: rcgen::Error,
    },
    /// Something kept from an earlier run cannot be understood.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The machine gave no random bytes.
    #[error("the machine gave no random bytes")]
    NoRandom,
    /// Another `plimsoll` is changing this estate right now.
    #[error("another plimsoll command is at work on this estate (lock {})", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
}

impl Error {
    /// The stable code.
    pub const fn code(&self) -> Code {
        match self {
            Self::File { .. } => "PL0201",
            Self::Missing { .. } => "PL0202",
            Self::NoUser { .. } => "PL0203",
            Self::PortsTaken { .. } => "PL0204",
            Self::NoPort { .. } => "PL0205",
            Self::DiskFull { .. } => "PL0206",
            Self::Failed { .. } => "PL0207",
            Self::Certificate { .. } => "PL0208",
            Self::Damaged { .. } => "PL0209",
            Self::NoRandom => "PL0210",
            Self::Locked { .. } => "PL0211",
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied => Some(
                    "run as the user that owns the estate, or set PLIMSOLL_HOME to a directory of yours"
                        .into(),
                ),
                io::ErrorKind::StorageFull => {
                    Some("make room on the disk, then run the same command again".into())
                }
                io::ErrorKind::NotFound => {
                    Some("check the path: it, or a directory above it, is not there".into())
                }
                io::ErrorKind::NotADirectory => Some("check the path: something in it is a file".into()),
                io::ErrorKind::IsADirectory => Some("name a file, not a directory".into()),
                io::ErrorKind::ReadOnlyFilesystem => {
                    Some("nothing can be written there: name another place".into())
                }
                _ => None,
            },
            Self::Missing { .. } => Some("run script/setup, which installs what the estate runs".into()),
            Self::NoUser { user } => Some(format!("run script/setup, or: useradd --system {user}")),
            Self::PortsTaken { .. } => Some(
                "stop that program, or `plimsoll destroy` the estate to let it choose other ports".into(),
            ),
            Self::NoPort { .. } => {
                Some("stop some of the programs that listen on the loopback address".into())
            }
            Self::DiskFull { .. } => Some("make room, or set PLIMSOLL_HOME to a larger disk".into()),
            Self::Failed { .. } | Self::Certificate { .. } | Self::NoRandom => None,
            Self::Damaged { .. } => {
                Some("move the file away if it can be made anew, or `plimsoll destroy` the estate".into())
            }
            Self::Locked { .. } => Some("wait until it is done".into()),
        }
    }

    pub(super) fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }
}

fn where_looked(looked: &[PathBuf]) -> String {
    let places: Vec<_> = looked.iter().map(|path| path.display().to_string()).collect();
    if places.is_empty() {
        String::new()
    } else {
        format!(" (looked at {})", places.join(", "))
    }
}

fn list(ports: &[(String, u16)]) -> String {
    ports
        .iter()
        .map(|(name, port)| format!("{port} ({name})"))
        .collect::<Vec<_>>()
        .join(", ")
}
