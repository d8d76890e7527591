//! The role on disk: written and synced before it is acted upon, so that an old generation stays refused.
//!
//! Other small values that must survive are written the same way.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

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
    Ok(load_file(&path(directory))?.unwrap_or_else(State::new))
}

/// Remembers; durable upon return.
pub fn store(directory: &Path, state: &State) -> Result<(), Error> {
    store_file(&path(directory), state)
}

/// A value that was remembered, if there is one.
pub fn load_file<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let path = path.to_path_buf();
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|source| Error::Understand { path, source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Read { path, source }),
    }
}

/// Remembers a value as a whole or not at all; durable upon return.
pub fn store_file(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let write = || -> io::Result<()> {
        let beside = path.with_extension("tmp");
        let mut file = File::create(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(value)?)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(|source| Error::Write {
        path: path.to_path_buf(),
        source,
    })
}
