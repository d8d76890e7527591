//! The role on disk: written and synced before it is acted upon, so that an old generation stays refused.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::role::State;

/// Why the role cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is not ours.
    #[error("cannot understand {}", path.display())]
    Understand {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// It cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

fn path(directory: &Path) -> PathBuf {
    directory.join("state.json")
}

/// What was remembered; a new state when there is none.
pub fn load(directory: &Path) -> Result<State, Error> {
    let path = path(directory);
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|source| Error::Understand { path, source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(State::new()),
        Err(source) => Err(Error::Read { path, source }),
    }
}

/// Remembers; durable upon return.
pub fn store(directory: &Path, state: &State) -> Result<(), Error> {
    let path = path(directory);
    let write = || -> io::Result<()> {
        let beside = path.with_extension("tmp");
        let mut file = File::create(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(state)?)?;
        file.sync_all()?;
        std::fs::rename(&beside, &path)?;
        File::open(directory)?.sync_all()
    };
    write().map_err(|source| Error::Write {
        path: path.clone(),
        source,
    })
}
