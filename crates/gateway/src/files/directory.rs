//! The directory a partner's files lie in: one way to look, read and rename, on its server or on this machine.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use rustix::fs::OFlags;
use types::settings::{FilesFrom, FilesSettings};

use super::name::below;
use crate::outbound;
use crate::sftp::{Entry, Error, Kind, Listing, Session};

/// Names of one listing, as of a server.
const NAMES_MAX: usize = 10_000;

/// A directory that can be looked at now.
pub struct Directory {
    path: String,
    place: Place,
}

enum Place {
    Server(Box<Session>),
    Here,
}

impl Directory {
    /// Connects where it must.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn open(settings: &FilesSettings) -> Result<Self, Error> {
        let place = match &settings.from {
            FilesFrom::Sftp(server) => Place::Server(Box::new(Session::connect(server).await?)),
            FilesFrom::Here => Place::Here,
        };
        Ok(Self {
            path: settings.directory.clone(),
            place,
        })
    }

    /// What lies there.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn list(&self) -> Result<Listing, Error> {
        match &self.place {
            Place::Server(session) => session.list(&self.path).await,
            Place::Here => {
                let path = PathBuf::from(&self.path);
                blocking("list the directory", &self.path, move || list(&path)).await
            }
        }
    }

    /// A whole file.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn read(&self, name: &str, bytes_max: u64) -> Result<Vec<u8>, Error> {
        let path = below(&self.path, name);
        match &self.place {
            Place::Server(session) => session.read(&path, bytes_max).await,
            Place::Here => {
                let at = PathBuf::from(&path);
                let bytes = blocking("read", &path, move || read(&at, bytes_max)).await?;
                bytes.ok_or(Error::TooLarge { bytes_max })
            }
        }
    }

    /// Renames a file into a directory below this one, which is made if need be; `otherwise` is its name there when its
    /// own is taken.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn move_below(&self, name: &str, to: &str, wanted: &str, otherwise: &str) -> Result<(), Error> {
        let from = below(&self.path, name);
        let directory = below(&self.path, to);
        let moved = match &self.place {
            Place::Server(session) => {
                session.ensure_directory(&directory).await?;
                let mut target = below(&directory, wanted);
                if session.exists(&target).await? {
                    target = below(&directory, otherwise);
                }
                session.put_away(&from, &target).await
            }
            Place::Here => {
                let targets = [below(&directory, wanted), below(&directory, otherwise)];
                let from = from.clone();
                blocking("rename", name, move || rename(&from, &directory, &targets)).await
            }
        };
        match moved {
            // What is missing may be where it should go: a file that has the directory's name, for one.
            Err(Error::Missing(_)) if self.exists(&from).await? => Err(Error::Refused {
                doing: format!("rename `{from}`"),
                why: format!("`{to}` beside it is no directory that can be written"),
            }),
            moved => moved,
        }
    }

    /// Puts a file of our own into a directory below this one, whole or not at all.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn put_below(&self, to: &str, name: &str, bytes: Bytes) -> Result<(), Error> {
        let directory = below(&self.path, to);
        let path = below(&directory, name);
        match &self.place {
            Place::Server(session) => {
                session.ensure_directory(&directory).await?;
                session.put(&path, &bytes).await
            }
            Place::Here => {
                blocking("write", &path.clone(), move || {
                    ensure_directory(&directory)?;
                    outbound::drop_file(Path::new(&path), &bytes)
                })
                .await
            }
        }
    }

    async fn exists(&self, path: &str) -> Result<bool, Error> {
        match &self.place {
            Place::Server(session) => session.exists(path).await,
            Place::Here => {
                let at = PathBuf::from(path);
                let looked = blocking("look at", path, move || std::fs::symlink_metadata(at)).await;
                match looked {
                    Ok(_) => Ok(true),
                    Err(Error::Missing(_)) => Ok(false),
                    Err(error) => Err(error),
                }
            }
        }
    }
}

async fn blocking<T: Send + 'static>(
    doing: &'static str,
    path: &str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    let done = done.unwrap_or_else(|error| Err(io::Error::other(error)));
    done.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::Missing(path.to_owned()),
        _ => Error::Refused {
            doing: format!("{doing} `{path}`"),
            why: error.to_string(),
        },
    })
}

fn list(directory: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in std::fs::read_dir(directory)? {
        if listing.entries.len() == NAMES_MAX {
            listing.cut = true;
            break;
        }
        let entry = entry?;
        // Of a link it tells the link, not what it leads to; what was renamed meanwhile is not there.
        let Ok(metadata) = entry.metadata() else { continue };
        let kind = match metadata.file_type() {
            kind if kind.is_file() => Kind::File,
            kind if kind.is_dir() => Kind::Directory,
            _ => Kind::Other,
        };
        listing.entries.push(Entry {
            name: entry.file_name().to_string_lossy().into_owned(),
            kind,
            size: metadata.len(),
            modified: metadata.mtime(),
        });
    }
    Ok(listing)
}

/// `None`: it is too large.
fn read(path: &Path, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    // Whoever may write there may have put a link or a pipe in its place since we looked.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= bytes_max).then_some(bytes))
}

/// A link that leads to one is none: whoever put it there would say where we write.
fn ensure_directory(directory: &str) -> io::Result<()> {
    match std::fs::create_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            match std::fs::symlink_metadata(directory)?.is_dir() {
                true => Ok(()),
                false => Err(io::Error::other("it is no directory")),
            }
        }
        done => done,
    }
}

fn rename(from: &str, directory: &str, targets: &[String; 2]) -> io::Result<()> {
    ensure_directory(directory)?;
    let [wanted, otherwise] = targets;
    let taken = std::fs::symlink_metadata(wanted).is_ok();
    std::fs::rename(from, if taken { otherwise } else { wanted })?;
    // A file that came back after a power cut would be known by its id: this only keeps the directory tidy.
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_renamed_into_a_directory_and_not_to_where_a_link_leads() {
        let (watched, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let at = |name: &str| watched.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(at("x"), "an order").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), at("done")).unwrap();
        let targets = [at("done/x"), at("done/x@1")];
        assert!(rename(&at("x"), &at("done"), &targets).is_err());
        assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
        std::fs::remove_file(at("done")).unwrap();
        for _ in 0..2 {
            std::fs::write(at("x"), "an order").unwrap();
            rename(&at("x"), &at("done"), &targets).unwrap();
        }
        assert_eq!(std::fs::read(at("done/x")).unwrap(), b"an order");
        assert_eq!(std::fs::read(at("done/x@1")).unwrap(), b"an order");
    }
}
