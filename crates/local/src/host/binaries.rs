//! Plimsoll's own programs, copied into the estate.
//!
//! The copy lets the estate's unprivileged user run them wherever they were built, and lets a new build replace the
//! originals while the estate runs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Error, Files};

/// Plimsoll's own programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// `plimsoll-agent`
    pub agent: PathBuf,
    /// `plimsoll-gateway`
    pub gateway: PathBuf,
    /// `plimsolld`
    pub controller: PathBuf,
}

/// Copies the programs that lie in `from` (beside the running `plimsoll`) to `into`, where they differ.
///
/// # Errors
/// When one of them is missing or cannot be copied.
pub fn install(files: &Files, from: &Path, into: &Path) -> Result<Binaries, Error> {
    let one = |name: &'static str| {
        let (source, target) = (from.join(name), into.join(name));
        let content = fs::read(&source).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::Missing {
                program: name,
                looked: vec![source.clone()],
            },
            _ => Error::file("read", &source)(error),
        })?;
        if !fs::read(&target).is_ok_and(|old| old == content) {
            files.program(&target, &content)?;
        }
        Ok(target)
    };
    Ok(Binaries {
        agent: one("plimsoll-agent")?,
        gateway: one("plimsoll-gateway")?,
        controller: one("plimsolld")?,
    })
}
