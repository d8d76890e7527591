//! Small files that must survive a crash of this machine at any moment: whole, old or new.
//!
//! For what a program has promised: a role, a vote, a clock. Messages are the `journal`'s.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

/// Why a state file could not be read or written.
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
    /// It holds something else.
    #[error("{} does not hold what it should", path.display())]
    Content {
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

/// Reads a JSON file; `None` when there is none.
///
/// # Errors
/// [`Error::Read`], [`Error::Content`]: a damaged file is never taken for a missing one, because that would forget
/// promises.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(Error::Read {
                path: path.to_owned(),
                source,
            });
        }
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|source| Error::Content {
            path: path.to_owned(),
            source,
        })
}

/// Replaces a JSON file; durable when it returns.
///
/// # Errors
/// [`Error::Write`].
pub fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    let failed = |source| Error::Write {
        path: path.to_owned(),
        source,
    };
    let bytes = serde_json::to_vec_pretty(value).map_err(|error| failed(error.into()))?;
    replace(path, &bytes).map_err(failed)
}

/// Replaces a file by a new one with these bytes, readable by its owner alone; durable when it returns.
///
/// # Errors
/// Whatever the file system reports.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_directory_of(path)
}

/// Removes a file, durably; fine when there is none.
///
/// # Errors
/// Whatever the file system reports.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => sync_directory_of(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Renames a file or directory, durably.
///
/// # Errors
/// Whatever the file system reports.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_directory_of(to)
}

fn sync_directory_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_replaced_as_a_whole_and_a_damaged_file_is_not_a_missing_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("value.json");
        assert_eq!(read::<Vec<u8>>(&path).unwrap(), None);
        write(&path, &vec![1u8, 2]).unwrap();
        write(&path, &vec![3u8]).unwrap();
        assert_eq!(read::<Vec<u8>>(&path).unwrap(), Some(vec![3]));
        fs::write(&path, "[3").unwrap();
        assert!(matches!(read::<Vec<u8>>(&path), Err(Error::Content { .. })));
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(read::<Vec<u8>>(&path).unwrap(), None);
    }
}
