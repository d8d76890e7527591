//! The few file operations the journal needs, behind a trait so that tests can make them fail.

use std::{
    any::Any,
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::OFlags;

/// A file system.
pub trait Disk: Send + Sync + 'static {
    /// Creates a directory and its parents; no error when it exists.
    ///
    /// # Errors
    /// What the file system says.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Paths of the files in a directory, in no order.
    ///
    /// # Errors
    /// What the file system says.
    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>>;
    /// Opens an existing file for reading and writing.
    ///
    /// # Errors
    /// What the file system says.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// Opens an existing file for large writes that nobody reads back soon: past the page cache, where that is possible.
    ///
    /// # Errors
    /// What the file system says.
    fn open_direct(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.open(path)
    }
    /// Creates a file, emptying one that exists.
    ///
    /// # Errors
    /// What the file system says.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// Renames a file.
    ///
    /// # Errors
    /// What the file system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    ///
    /// # Errors
    /// What the file system says.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Gives a file that has another name elsewhere (in a copy of the journal) contents of its own, before it is changed in
    /// place. Says whether it did: whoever has it open must open it again.
    ///
    /// # Errors
    /// What the file system says.
    fn detach(&self, path: &Path) -> io::Result<bool> {
        let _ = path;
        Ok(false)
    }
    /// Makes names in a directory durable.
    ///
    /// # Errors
    /// What the file system says.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
    /// Takes an exclusive lock that lasts as long as the returned value lives.
    ///
    /// # Errors
    /// `WouldBlock` when somebody else holds it.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Any + Send + Sync>>;
}

/// An open file.
pub trait DiskFile: Send + Sync {
    /// Fills the buffer from an offset.
    ///
    /// # Errors
    /// What the file system says; `UnexpectedEof` when the file is shorter.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
    /// Writes the whole buffer at an offset.
    ///
    /// # Errors
    /// What the file system says; part of it may have been written.
    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<()>;
    /// Makes contents durable (`fdatasync`).
    ///
    /// # Errors
    /// What the file system says.
    fn sync_data(&self) -> io::Result<()>;
    /// Length in bytes.
    ///
    /// # Errors
    /// What the file system says.
    fn length(&self) -> io::Result<u64>;
    /// Writes are cheapest when their offset, length and place in memory are multiples of this; 1: it makes no difference.
    fn block(&self) -> usize {
        1
    }
}

/// Block size of direct writes: a page, and a multiple of every sector size in use.
const BLOCK: usize = 4096;

/// The operating system's file system.
#[derive(Clone, Copy, Debug)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        std::fs::create_dir_all(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        std::fs::read_dir(directory)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect()
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        Ok(Arc::new(file))
    }

    fn open_direct(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let buffered = OpenOptions::new().read(true).write(true).open(path)?;
        let flags = i32::try_from(OFlags::DIRECT.bits()).unwrap_or_default();
        let direct = OpenOptions::new().write(true).custom_flags(flags).open(path);
        match direct {
            Ok(direct) => Ok(Arc::new(DirectFile { buffered, direct })),
            // Some file systems, those in memory for instance, know no direct writes.
            Err(_) => Ok(Arc::new(buffered)),
        }
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)?;
        Ok(Arc::new(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn detach(&self, path: &Path) -> io::Result<bool> {
        if std::fs::metadata(path)?.nlink() < 2 {
            return Ok(false);
        }
        let beside = path.with_extension("detached.tmp");
        std::fs::copy(path, &beside)?;
        File::open(&beside)?.sync_all()?;
        std::fs::rename(&beside, path)?;
        path.parent()
            .map_or(Ok(()), |parent| self.sync_directory(parent))?;
        Ok(true)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Any + Send + Sync>> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(file)),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl DiskFile for File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.read_exact_at(buffer, offset)
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(buffer, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        Self::sync_data(self)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

/// A file written past the page cache: for bytes that are synced at once, the cache is only one more copy.
struct DirectFile {
    /// For reading, and for what is not made of whole blocks.
    buffered: File,
    direct: File,
}

impl DiskFile for DirectFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.buffered.read_exact_at(buffer, offset)
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<()> {
        let whole = buffer.len().is_multiple_of(BLOCK) && offset.is_multiple_of(BLOCK as u64);
        if whole && buffer.as_ptr().align_offset(BLOCK) == 0 {
            self.direct.write_all_at(buffer, offset)
        } else {
            self.buffered.write_all_at(buffer, offset)
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        // One sync for both: it writes back the whole file's pages and flushes the device.
        self.direct.sync_data()
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.buffered.metadata()?.len())
    }

    fn block(&self) -> usize {
        BLOCK
    }
}
