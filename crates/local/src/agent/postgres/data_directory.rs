//! The data directory and its neighbours.
//!
//! ```text
//! data                  the one that runs
//! data.incoming         a base backup on its way (worthless until complete)
//! data.ready            a complete base backup, about to become `data`
//! data.superseded-<g>   the former `data` of generation g, until the new one streams
//! data.stranger-<s>     a former `data` of another cluster, which nobody but a person removes
//! data.diverged-<g>     a former `data` of generation g that holds much which its successor lacks; likewise
//! data.seeding          a copy of the seed on its way
//! ```
//! Every step between these names is one rename, so a crash at any moment leaves a state from which
//! [`DataDirectory::settle`] can go on. The last good copy is never deleted: a superseded directory goes only when its
//! successor streams, or when a complete newer copy lies beside it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use types::Generation;

const STANDBY_SIGNAL: &str = "standby.signal";

/// The data directory of a region.
#[derive(Clone, Debug)]
pub struct DataDirectory {
    /// `data`
    pub path: PathBuf,
}

impl DataDirectory {
    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".");
        name.push(suffix);
        self.path.with_file_name(name)
    }

    /// Where a base backup goes.
    pub fn incoming(&self) -> PathBuf {
        self.beside("incoming")
    }

    /// Where a copy of the seed goes.
    pub fn seeding(&self) -> PathBuf {
        self.beside("seeding")
    }

    fn ready(&self) -> PathBuf {
        self.beside("ready")
    }

    /// Whether there is one.
    pub fn exists(&self) -> bool {
        self.path.join("PG_VERSION").exists()
    }

    /// Whether it would start as a standby.
    pub fn is_standby(&self) -> bool {
        self.path.join(STANDBY_SIGNAL).exists()
    }

    /// Whether it is a copy that has not been started yet.
    pub fn is_fresh_copy(&self) -> bool {
        self.path.join("backup_label").exists()
    }

    /// Makes it start as a standby from now on.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn make_standby(&self) -> io::Result<()> {
        mark_standby(&self.path)
    }

    /// Lets PostgreSQL's single-user recovery open it, which `pg_rewind` needs.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn unmark_standby(&self) -> io::Result<()> {
        durable::remove(&self.path.join(STANDBY_SIGNAL))
    }

    /// Ends what a crash interrupted: a complete copy takes its place.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn settle(&self) -> io::Result<()> {
        if !self.path.exists() && self.ready().exists() {
            durable::rename(&self.ready(), &self.path)?;
        }
        Ok(())
    }

    /// Clears the way for a base backup.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn clear_incoming(&self) -> io::Result<()> {
        remove_tree(&self.incoming())
    }

    /// A complete base backup in `incoming` becomes the data directory; the former one is kept aside.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn replace_by_incoming(&self, generation: Generation) -> io::Result<()> {
        mark_standby(&self.incoming())?;
        remove_tree(&self.ready())?;
        durable::rename(&self.incoming(), &self.ready())?;
        if self.path.exists() {
            // The copy in `ready` is complete, so an older superseded one is not the last good copy any more.
            self.drop_superseded()?;
            durable::rename(&self.path, &self.beside(&format!("superseded-{generation}")))?;
        }
        self.settle()
    }

    /// A copy of the seed becomes the data directory.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn replace_by_seeding(&self) -> io::Result<()> {
        durable::rename(&self.seeding(), &self.path)
    }

    /// Clears the way for a copy of the seed.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn clear_seeding(&self) -> io::Result<()> {
        remove_tree(&self.seeding())
    }

    /// Whether a copy of the data lies beside it, whatever became of the data itself.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn has_copies(&self) -> io::Result<bool> {
        let kept = [
            self.superseded()?,
            self.kept_beside("stranger-")?,
            self.kept_beside("diverged-")?,
        ]
        .concat();
        Ok(self.ready().exists() || !kept.is_empty())
    }

    /// The present directory holds another cluster than the one that is followed: it is moved aside for good, because
    /// nothing here can tell which of both is the one that was meant to live.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn keep_stranger(&self, system: u64) -> io::Result<PathBuf> {
        self.keep_as(&format!("stranger-{system}"))
    }

    /// The present directory holds much that the one which is followed lacks: it is moved aside for good. It may be the
    /// only copy of what people gave up when they went on without it.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn keep_diverged(&self, generation: Generation) -> io::Result<PathBuf> {
        self.keep_as(&format!("diverged-{generation}"))
    }

    fn keep_as(&self, name: &str) -> io::Result<PathBuf> {
        let mut aside = self.beside(name);
        for again in 2.. {
            if !aside.exists() {
                break;
            }
            aside = self.beside(&format!("{name}-{again}"));
        }
        durable::rename(&self.path, &aside)?;
        Ok(aside)
    }

    /// Removes former data directories; call only when the present one streams.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn drop_superseded(&self) -> io::Result<()> {
        for path in self.superseded()? {
            remove_tree(&path)?;
        }
        Ok(())
    }

    /// Former data directories.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn superseded(&self) -> io::Result<Vec<PathBuf>> {
        self.kept_beside("superseded-")
    }

    fn kept_beside(&self, kind: &str) -> io::Result<Vec<PathBuf>> {
        let prefix = self.beside(kind);
        let (Some(parent), Some(prefix)) = (self.path.parent(), prefix.file_name()) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        if !parent.exists() {
            return Ok(found);
        }
        for entry in fs::read_dir(parent)? {
            let entry = entry?;
            if entry
                .file_name()
                .as_encoded_bytes()
                .starts_with(prefix.as_encoded_bytes())
            {
                found.push(entry.path());
            }
        }
        Ok(found)
    }
}

fn mark_standby(directory: &Path) -> io::Result<()> {
    let signal = directory.join(STANDBY_SIGNAL);
    if signal.exists() {
        return Ok(());
    }
    durable::replace(&signal, b"")
}

fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(path: &Path, content: &str) {
        fs::create_dir_all(path).unwrap();
        fs::write(path.join("PG_VERSION"), content).unwrap();
    }

    #[test]
    fn a_strange_cluster_is_kept_for_good() {
        let home = tempfile::tempdir().unwrap();
        let data = DataDirectory {
            path: home.path().join("data"),
        };
        assert!(!data.has_copies().unwrap());
        for expected in ["data.stranger-7", "data.stranger-7-2"] {
            copy(&data.path, "strange");
            assert_eq!(data.keep_stranger(7).unwrap(), home.path().join(expected));
            data.drop_superseded().unwrap();
            assert!(home.path().join(expected).exists() && !data.exists());
        }
        assert!(data.has_copies().unwrap());
    }

    #[test]
    fn what_diverged_is_kept_when_its_successor_streams() {
        let home = tempfile::tempdir().unwrap();
        let data = DataDirectory {
            path: home.path().join("data"),
        };
        copy(&data.path, "much of its own");
        copy(&data.incoming(), "new");
        let kept = data.keep_diverged(Generation::new(3)).unwrap();
        data.replace_by_incoming(Generation::new(3)).unwrap();
        data.drop_superseded().unwrap();
        assert_eq!(kept, home.path().join("data.diverged-3"));
        assert_eq!(
            fs::read_to_string(kept.join("PG_VERSION")).unwrap(),
            "much of its own"
        );
        assert_eq!(fs::read_to_string(data.path.join("PG_VERSION")).unwrap(), "new");
        assert!(data.has_copies().unwrap());
    }

    #[test]
    fn a_backup_takes_the_place_and_the_former_directory_stays_until_it_streams() {
        let home = tempfile::tempdir().unwrap();
        let data = DataDirectory {
            path: home.path().join("data"),
        };
        copy(&data.path, "old");
        copy(&data.incoming(), "new");
        data.replace_by_incoming(Generation::new(1)).unwrap();
        assert!(data.exists() && data.is_standby());
        assert_eq!(fs::read_to_string(data.path.join("PG_VERSION")).unwrap(), "new");
        let kept = home.path().join("data.superseded-1");
        assert_eq!(data.superseded().unwrap(), vec![kept]);

        copy(&data.incoming(), "newer");
        data.replace_by_incoming(Generation::new(2)).unwrap();
        assert_eq!(data.superseded().unwrap().len(), 1, "at most one is kept");
        data.drop_superseded().unwrap();
        assert_eq!(data.superseded().unwrap(), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_crash_between_the_renames_is_settled() {
        let home = tempfile::tempdir().unwrap();
        let data = DataDirectory {
            path: home.path().join("data"),
        };
        copy(&data.ready(), "new");
        data.settle().unwrap();
        assert_eq!(fs::read_to_string(data.path.join("PG_VERSION")).unwrap(), "new");
        data.settle().unwrap();
    }
}
