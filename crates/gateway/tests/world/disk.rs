//! A disk under a gateway whose syncs fail, or that has no room for another segment, when a test says so.

use std::{
    any::Any,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use journal::{Disk, DiskFile, RealDisk};

#[derive(Clone)]
pub struct FaultyDisk {
    /// Whether every sync fails.
    pub syncs_fail: Arc<AtomicBool>,
    /// How many segments there is still room for.
    pub segments: Arc<AtomicU32>,
}

impl Default for FaultyDisk {
    fn default() -> Self {
        Self {
            syncs_fail: Arc::default(),
            segments: Arc::new(AtomicU32::new(u32::MAX)),
        }
    }
}

struct FaultyFile {
    file: Arc<dyn DiskFile>,
    syncs_fail: Arc<AtomicBool>,
}

impl FaultyDisk {
    fn wrap(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        let syncs_fail = Arc::clone(&self.syncs_fail);
        Arc::new(FaultyFile { file, syncs_fail })
    }
}

impl Disk for FaultyDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dir(path)
    }
    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        RealDisk.list(directory)
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        RealDisk.open(path).map(|file| self.wrap(file))
    }
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let segment = path.extension().is_some_and(|extension| extension == "tmp");
        let take = |left: u32| left.checked_sub(u32::from(segment));
        if self
            .segments
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
            .is_err()
        {
            return Err(io::ErrorKind::StorageFull.into());
        }
        RealDisk.create(path).map(|file| self.wrap(file))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }
    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        RealDisk.sync_directory(path)
    }
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Any + Send + Sync>> {
        RealDisk.lock(path)
    }
}

impl DiskFile for FaultyFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_at(buffer, offset)
    }
    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_at(buffer, offset)
    }
    fn sync_data(&self) -> io::Result<()> {
        if self.syncs_fail.load(Ordering::SeqCst) {
            return Err(io::Error::other("injected EIO"));
        }
        self.file.sync_data()
    }
    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }
}
