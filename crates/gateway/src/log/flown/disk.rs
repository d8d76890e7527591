//! A disk in memory that knows what was synced. Names are durable at once: what disks do to names is tried in the
//! journal's own simulation.

use std::{
    any::Any,
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use journal::{Disk, DiskFile};

use crate::lock;

/// Clones are the same disk.
#[derive(Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<BTreeMap<PathBuf, File>>>);

#[derive(Clone, Default)]
struct File(Arc<Mutex<Content>>);

#[derive(Clone, Default)]
struct Content {
    seen: Vec<u8>,
    synced: Vec<u8>,
}

impl MemoryDisk {
    /// What was not synced is gone.
    pub fn lose_power(&self) {
        for file in lock(&self.0).values() {
            let mut content = lock(&file.0);
            content.seen = content.synced.clone();
        }
    }

    /// Another disk with what would be left of this one.
    pub fn synced(&self) -> Self {
        let files = lock(&self.0);
        let copied = files.iter().map(|(path, file)| {
            let synced = lock(&file.0).synced.clone();
            let seen = synced.clone();
            (path.clone(), File(Arc::new(Mutex::new(Content { seen, synced }))))
        });
        Self(Arc::new(Mutex::new(copied.collect())))
    }

    fn file(&self, path: &Path) -> io::Result<File> {
        let file = lock(&self.0).get(path).cloned();
        file.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for MemoryDisk {
    fn create_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let files = lock(&self.0);
        let inside = files.keys().filter(|path| path.parent() == Some(directory));
        Ok(inside.cloned().collect())
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(self.file(path)?))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let file = File::default();
        lock(&self.0).insert(path.to_owned(), file.clone());
        Ok(Arc::new(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let file = self.file(from)?;
        let mut files = lock(&self.0);
        files.remove(from);
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.file(path)?;
        lock(&self.0).remove(path);
        Ok(())
    }

    fn sync_directory(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, _: &Path) -> io::Result<Box<dyn Any + Send + Sync>> {
        Ok(Box::new(()))
    }
}

impl DiskFile for File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let content = lock(&self.0);
        let bytes = content.seen.get(from..from.saturating_add(buffer.len()));
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<()> {
        let from = usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut content = lock(&self.0);
        let length = content.seen.len().max(from + buffer.len());
        content.seen.resize(length, 0);
        content.seen[from..from + buffer.len()].copy_from_slice(buffer);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut content = lock(&self.0);
        content.synced = content.seen.clone();
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        Ok(lock(&self.0).seen.len() as u64)
    }
}
