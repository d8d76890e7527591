//! Files and directories that belong to the user the estate runs as.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, chown},
    os::unix::process::CommandExt as _,
    path::Path,
    process::Command,
};

use super::{Error, RunAs};

/// Makes files with the right owner and mode, each replaced as a whole.
#[derive(Clone, Debug)]
pub struct Files {
    run_as: RunAs,
}

impl Files {
    pub(super) const fn new(run_as: RunAs) -> Self {
        Self { run_as }
    }

    /// Makes a directory and its parents, entered by its owner alone; an existing one is left as it is.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn directory(&self, path: &Path) -> Result<(), Error> {
        if path.is_dir() {
            return Ok(());
        }
        if let Some(parent) = path.parent() {
            self.directory(parent)?;
        }
        fs::DirBuilder::new()
            .mode(0o700)
            .create(path)
            .map_err(Error::file("make the directory", path))?;
        self.own(path)
    }

    /// Opens a directory to everybody for entering and reading, as PostgreSQL's parent directories and Plimsoll's home.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn shared_directory(&self, path: &Path) -> Result<(), Error> {
        self.directory(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(Error::file("open", path))
    }

    /// Writes a file readable by its owner alone.
    ///
    /// # Errors
    /// When it cannot be written; the old content is then still there.
    pub fn secret(&self, path: &Path, content: &[u8]) -> Result<(), Error> {
        self.replace(path, content, 0o600)
    }

    /// Writes a file.
    ///
    /// # Errors
    /// When it cannot be written; the old content is then still there.
    pub fn file(&self, path: &Path, content: &[u8]) -> Result<(), Error> {
        self.replace(path, content, 0o644)
    }

    /// Writes a program.
    ///
    /// # Errors
    /// When it cannot be written; the old content is then still there.
    pub fn program(&self, path: &Path, content: &[u8]) -> Result<(), Error> {
        self.replace(path, content, 0o755)
    }

    /// A command that runs as the estate's user, with nothing of our environment but the path.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LANG", "C.UTF-8");
        if let RunAs::User { uid, gid } = self.run_as {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Gives one path to the estate's user.
    ///
    /// # Errors
    /// When the owner cannot be changed.
    pub fn own(&self, path: &Path) -> Result<(), Error> {
        match self.run_as {
            RunAs::Myself => Ok(()),
            RunAs::User { uid, gid } => {
                chown(path, Some(uid), Some(gid)).map_err(Error::file("give away", path))
            }
        }
    }

    /// Write beside, sync, rename: a reader sees the old file or the new one, never half of it.
    fn replace(&self, path: &Path, content: &[u8], mode: u32) -> Result<(), Error> {
        if let Some(parent) = path.parent() {
            self.directory(parent)?;
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let beside = path.with_file_name(name);
        let write = || {
            let mut file = fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(mode)
                .open(&beside)?;
            // The mode above does not apply to a leftover of an interrupted run.
            file.set_permissions(fs::Permissions::from_mode(mode))?;
            file.write_all(content)?;
            file.sync_all()
        };
        let replaced = write()
            .map_err(Error::file("write", &beside))
            .and_then(|()| self.own(&beside))
            .and_then(|()| fs::rename(&beside, path).map_err(Error::file("replace", path)));
        if replaced.is_err() {
            // A disk that is full must not stay full of what could not be finished.
            let _ = fs::remove_file(&beside);
        }
        replaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_their_owners_alone_and_are_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(RunAs::Myself);
        let path = dir.path().join("deep/secret");
        files.secret(&path, b"one").unwrap();
        files.secret(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
