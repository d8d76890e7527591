//! Letters as files in a directory: whole or not at all, and again in the same place.

use std::{io::Write as _, path::Path, path::PathBuf};

use bytes::Bytes;

use super::{Error, Letter};

/// A directory that somebody reads.
pub struct Files {
    directory: PathBuf,
}

impl Files {
    /// In a directory.
    pub fn new(directory: &str) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// Drops a letter; the same letter again has the same name, so there is never a second one.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub async fn drop(&self, letter: &Letter, bytes: Bytes) -> Result<(), Error> {
        let path = self.directory.join(letter.file_name());
        let at = path.clone();
        let written = tokio::task::spawn_blocking(move || drop_file(&at, &bytes)).await;
        let written = written.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        written.map_err(|source| Error::Write { path, source })
    }
}

/// Whole or not at all, and durable: whoever reads the directory never sees a part.
///
/// Others may write there too, and a link in the place of the part would have us write wherever it leads: so what has that
/// name goes first, and the part is made anew or not at all.
pub fn drop_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("part");
    match std::fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = std::fs::File::create_new(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    std::fs::File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_dropped_whole_and_again_in_the_same_place() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("855-000000007.edi");
        for _ in 0..2 {
            drop_file(&path, b"ISA").unwrap();
        }
        let names = std::fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        assert_eq!(names.collect::<Vec<_>>(), ["855-000000007.edi"]);
        assert_eq!(std::fs::read(&path).unwrap(), b"ISA");
        assert!(drop_file(&directory.path().join("none/x"), b"").is_err());
    }

    #[test]
    fn a_link_in_the_place_of_a_part_leads_nowhere() {
        let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (path, other) = (directory.path().join("x.edi"), elsewhere.path().join("journal"));
        std::fs::write(&other, "kept").unwrap();
        std::os::unix::fs::symlink(&other, path.with_extension("part")).unwrap();
        drop_file(&path, b"ISA").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"ISA");
        assert!(!path.is_symlink());
        assert_eq!(std::fs::read(&other).unwrap(), b"kept");
    }
}
