//! What can be done in one session.

use russh::client::{Handle, Handler};
use russh_sftp::{
    client::{RawSftpSession, error::Error as Fault},
    protocol::{File, FileAttributes, FileType, OpenFlags, StatusCode, Version},
};

use super::{CHUNK_BYTES, Error, FILE_TIME_MAX, NAMES_MAX, rename::POSIX_RENAME};

/// Syncs a file to the server's disk.
const FSYNC: &str = "fsync@openssh.com";
/// How a file is called while it is being written; partners that watch a directory leave such names alone.
const PART: &str = ".part";

/// What is under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A link, a device, a pipe: nothing that we touch.
    Other,
}

/// One name of a directory, as the server tells it: it may be anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name; what is not UTF-8 in it became U+FFFD.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Bytes.
    pub size: u64,
    /// Seconds since 1970 at which it was last written.
    pub modified: i64,
}

/// A directory's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// In no order.
    pub entries: Vec<Entry>,
    /// There are more, which were not asked for.
    pub cut: bool,
}

/// An open session. Dropping it closes the connection.
pub struct Session {
    pub(super) raw: RawSftpSession,
    pub(super) posix_rename: bool,
    fsync: bool,
    /// Keeps the connection.
    _connection: Box<dyn std::any::Any + Send + Sync>,
}

impl Session {
    pub(super) fn new<H: Handler + 'static>(handle: Handle<H>, raw: RawSftpSession, version: &Version) -> Self
    where
        Handle<H>: Sync,
    {
        Self {
            raw,
            posix_rename: version.extensions.contains_key(POSIX_RENAME),
            fsync: version.extensions.contains_key(FSYNC),
            _connection: Box::new(handle),
        }
    }

    /// The names of a directory, at most ten thousand.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn list(&self, directory: &str) -> Result<Listing, Error> {
        let opened = self.raw.opendir(directory).await;
        let handle = opened
            .map_err(|fault| told("open the directory", directory, &fault))?
            .handle;
        let listed = tokio::time::timeout(FILE_TIME_MAX, self.names(directory, &handle)).await;
        // A handle that is not given back is given back with the connection.
        let _ = self.raw.close(handle).await;
        listed.unwrap_or(Err(Error::Slow("list the directory")))
    }

    async fn names(&self, directory: &str, handle: &str) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        loop {
            let files = match self.raw.readdir(handle).await {
                Ok(name) => name.files,
                Err(Fault::Status(status)) if status.status_code == StatusCode::Eof => return Ok(listing),
                Err(fault) => return Err(told("list the directory", directory, &fault)),
            };
            let room = NAMES_MAX - listing.entries.len();
            listing.cut = files.len() > room;
            listing.entries.extend(files.into_iter().take(room).map(entry));
            if listing.cut {
                return Ok(listing);
            }
        }
    }

    /// A whole file, or nothing.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::TooLarge`] and others.
    pub async fn read(&self, path: &str, bytes_max: u64) -> Result<Vec<u8>, Error> {
        let opened = self
            .raw
            .open(path, OpenFlags::READ, FileAttributes::empty())
            .await;
        let handle = opened.map_err(|fault| told("open", path, &fault))?.handle;
        let whole = tokio::time::timeout(FILE_TIME_MAX, self.bytes(path, &handle, bytes_max)).await;
        let _ = self.raw.close(handle).await;
        whole.unwrap_or(Err(Error::Slow("read a file")))
    }

    async fn bytes(&self, path: &str, handle: &str, bytes_max: u64) -> Result<Vec<u8>, Error> {
        let mut whole = Vec::new();
        loop {
            match self.raw.read(handle, whole.len() as u64, CHUNK_BYTES).await {
                Ok(data) if data.data.is_empty() => return Ok(whole),
                Ok(data) => whole.extend_from_slice(&data.data),
                Err(Fault::Status(status)) if status.status_code == StatusCode::Eof => return Ok(whole),
                Err(fault) => return Err(told("read", path, &fault)),
            }
            if whole.len() as u64 > bytes_max {
                return Err(Error::TooLarge { bytes_max });
            }
        }
    }

    /// Puts a file there, whole or not at all: written beside under a temporary name, synced where the server can, then
    /// renamed over whatever had the name, or, where the server cannot do that in one step, only if nothing has it. Doing
    /// it again changes nothing.
    ///
    /// # Errors
    /// [`Error`]; but for [`Error::Taken`] it is then unknown whether the file is there, and the same bytes can be put
    /// again.
    pub async fn put(&self, path: &str, bytes: &[u8]) -> Result<(), Error> {
        let part = format!("{path}{PART}");
        let flags = OpenFlags::CREATE | OpenFlags::TRUNCATE | OpenFlags::WRITE;
        let opened = self.raw.open(&part, flags, FileAttributes::empty()).await;
        let handle = opened.map_err(|fault| told("create", &part, &fault))?.handle;
        let written = tokio::time::timeout(FILE_TIME_MAX, self.write(&part, &handle, bytes)).await;
        let closed = self.raw.close(handle).await;
        written.unwrap_or(Err(Error::Slow("write a file")))?;
        closed.map_err(|fault| told("close", &part, &fault))?;
        self.settle_as(&part, path, bytes).await
    }

    async fn write(&self, path: &str, handle: &str, bytes: &[u8]) -> Result<(), Error> {
        let mut offset = 0;
        for chunk in bytes.chunks(CHUNK_BYTES as usize) {
            let wrote = self.raw.write(handle, offset, chunk.to_vec()).await;
            wrote.map_err(|fault| told("write", path, &fault))?;
            offset += chunk.len() as u64;
        }
        if self.fsync {
            let synced = self.raw.fsync(handle).await;
            synced.map_err(|fault| told("sync", path, &fault))?;
        }
        Ok(())
    }

    /// Whether there is anything under a name.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn exists(&self, path: &str) -> Result<bool, Error> {
        match self.raw.lstat(path).await {
            Ok(_) => Ok(true),
            Err(Fault::Status(status)) if status.status_code == StatusCode::NoSuchFile => Ok(false),
            Err(fault) => Err(told("look at", path, &fault)),
        }
    }

    /// Makes a directory, if nothing has its name.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn ensure_directory(&self, path: &str) -> Result<(), Error> {
        if self.exists(path).await? {
            return Ok(());
        }
        let made = self.raw.mkdir(path, FileAttributes::empty()).await;
        made.map(drop)
            .map_err(|fault| told("make the directory", path, &fault))
    }
}

fn entry(file: File) -> Entry {
    let kind = match file.attrs.permissions.map(|_| file.attrs.file_type()) {
        Some(FileType::File) => Kind::File,
        Some(FileType::Dir) => Kind::Directory,
        Some(FileType::Symlink | FileType::Other) => Kind::Other,
        // Some servers tell no permissions; their long names begin as those of `ls` do.
        None if file.longname.starts_with('d') => Kind::Directory,
        None if file.longname.starts_with('l') => Kind::Other,
        None => Kind::File,
    };
    Entry {
        name: file.filename,
        kind,
        size: file.attrs.size.unwrap_or(0),
        modified: i64::from(file.attrs.mtime.unwrap_or(0)),
    }
}

pub(super) fn told(doing: &str, path: &str, fault: &Fault) -> Error {
    match fault {
        Fault::Status(status) if status.status_code == StatusCode::NoSuchFile => {
            Error::Missing(path.to_owned())
        }
        Fault::Timeout => Error::Slow("get an answer"),
        Fault::Status(_)
        | Fault::IO(_)
        | Fault::Limited(_)
        | Fault::UnexpectedPacket
        | Fault::UnexpectedBehavior(_) => Error::Refused {
            doing: format!("{doing} `{path}`"),
            why: fault
                .to_string()
                .chars()
                .filter(|c| !c.is_control())
                .take(200)
                .collect(),
        },
    }
}
