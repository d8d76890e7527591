//! The role on disk: written and synced before it is acted upon, so that an old generation stays refused.

use std::path::{Path, PathBuf};

use durable::Error;

use crate::role::State;

fn path(directory: &Path) -> PathBuf {
    directory.join("state.json")
}

/// What was remembered; a new state when there is none.
///
/// # Errors
/// [`Error::Read`], [`Error::Content`].
pub fn load(directory: &Path) -> Result<State, Error> {
    Ok(durable::read(&path(directory))?.unwrap_or_else(State::new))
}

/// Remembers; durable upon return.
///
/// # Errors
/// [`Error::Write`].
pub fn store(directory: &Path, state: &State) -> Result<(), Error> {
    durable::write(&path(directory), state)
}
