//! A rendered tree on disk.
//!
//! What is new is written, what is the same stays untouched (so that `git status` and `make` see only real changes), what
//! is gone is removed, and what a person changed is never overwritten unasked. A manifest in the directory remembers what
//! was written: without it a directory is somebody else's.
//!
//! ```text
//!   FileTree ─┐
//!   manifest ─┼─► compare ──► Update { write, remove, same, by hand } ──► apply
//!   disk     ─┘
//! ```
//!
//! Before anything changes, the manifest is made to know both the old and the new content of every file: a killed run
//! leaves files that the next run recognises as its own.

mod apply;
mod compare;
mod manifest;
mod read;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use apply::apply;
pub use compare::{Change, Update, compare};
pub use read::read;

/// What can go wrong with a directory of rendered files.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It holds files and no manifest.
    #[error("{} holds files that Plimsoll did not write", .0.display())]
    Foreign(PathBuf),
    /// The manifest cannot be understood.
    #[error("{} cannot be read as a manifest", .path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The manifest was written by a newer Plimsoll, or belongs to another estate.
    #[error("{} is of {found}, not of {wanted}", .path.display())]
    OtherManifest {
        /// The file.
        path: PathBuf,
        /// What it is of.
        found: String,
        /// What it should be of.
        wanted: String,
    },
    /// A symbolic link or something else where a directory or file should be.
    #[error("{} is neither a file nor a directory", .0.display())]
    Odd(PathBuf),
    /// The machine refused.
    #[error("cannot {doing} {}", .path.display())]
    File {
        /// What we were doing.
        doing: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Wraps an I/O error with what was being done.
fn file(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::File { doing, path, source }
}
