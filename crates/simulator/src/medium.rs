//! A disk in memory for the real journal: it keeps what was synced, and forgets the rest as unkindly as real ones do.
//!
//! What goes wrong is said by the faults of a schedule, by time: it lies about syncs, it is full, a sync fails, bits rot, the
//! power goes. A process that ends leaves everything in the page cache; only a machine that ends loses what was not synced.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use journal::{Disk, DiskFile};

use crate::random::Random;

const SECTOR: usize = 512;

/// The disk of one region's journal. Clones are the same disk.
#[derive(Clone, Debug)]
pub(crate) struct Medium(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    files: Vec<Inode>,
    lies: bool,
    full: bool,
    /// The next sync of a file fails.
    fails: bool,
    locked: bool,
}

#[derive(Debug, Default)]
struct Inode {
    /// What programs read.
    seen: Vec<u8>,
    /// What the medium holds.
    durable: Vec<u8>,
    /// Sectors that a sync would write.
    dirty: BTreeSet<usize>,
}

// === impl Inode ===

impl Inode {
    fn write(&mut self, buffer: &[u8], offset: usize) {
        let end = offset + buffer.len();
        if self.seen.len() < end {
            self.dirty.extend(self.seen.len() / SECTOR..end.div_ceil(SECTOR));
            self.seen.resize(end, 0);
        }
        self.seen[offset..end].copy_from_slice(buffer);
        self.dirty.extend(offset / SECTOR..end.div_ceil(SECTOR));
    }

    /// The first bytes of a sector reach the medium.
    fn persist(&mut self, sector: usize, bytes: usize) {
        let from = sector * SECTOR;
        let to = (from + bytes).min(self.durable.len()).min(self.seen.len());
        if from < to {
            self.durable[from..to].copy_from_slice(&self.seen[from..to]);
        }
    }

    fn sync(&mut self) {
        self.durable.resize(self.seen.len(), 0);
        for sector in std::mem::take(&mut self.dirty) {
            self.persist(sector, SECTOR);
        }
    }

    /// Some pages are written, the others are thrown away, and all of them are clean.
    fn fail_to_sync(&mut self) {
        self.durable.resize(self.seen.len(), 0);
        for sector in std::mem::take(&mut self.dirty) {
            if sector % 2 == 0 {
                self.persist(sector, SECTOR);
            }
        }
    }

    /// Any of the sectors that were not synced survive, and some of them in part.
    fn forget(&mut self, random: &mut Random) {
        if !self.dirty.is_empty() {
            let grown = self.seen.len().saturating_sub(self.durable.len()) as u64;
            let length = self.durable.len() + usize::try_from(random.below(grown + 1)).unwrap_or(0);
            self.durable.resize(length, 0);
        }
        let unkind = random.below(3);
        for sector in std::mem::take(&mut self.dirty) {
            let kept = unkind == 1 || (unkind == 2 && random.percent(50));
            let bytes = match (kept, random.below(12)) {
                (_, 0) => usize::try_from(random.below(SECTOR as u64)).unwrap_or(0),
                (true, _) => SECTOR,
                (false, _) => 0,
            };
            self.persist(sector, bytes);
        }
        self.seen.clone_from(&self.durable);
    }
}

// === impl Medium ===

impl Medium {
    pub fn new() -> Self {
        Self(Arc::default())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on a sync is a lie, or no longer: then everything is written that was promised.
    pub fn lies(&self, lies: bool) {
        let mut state = self.state();
        state.lies = lies;
        if !lies {
            state.files.iter_mut().for_each(Inode::sync);
            state.durable_names = state.names.clone();
        }
    }

    pub fn full(&self, full: bool) {
        self.state().full = full;
    }

    /// The next sync fails.
    pub fn fails(&self) {
        self.state().fails = true;
    }

    /// The power goes and comes back.
    pub fn cut_power(&self, random: &mut Random) {
        let mut state = self.state();
        let state = &mut *state;
        for (path, inode) in std::mem::take(&mut state.names) {
            if !state.durable_names.contains_key(&path) && random.percent(50) {
                state.durable_names.insert(path, inode);
            }
        }
        state.names = state.durable_names.clone();
        for file in &mut state.files {
            file.forget(random);
        }
        (state.locked, state.fails) = (false, false);
    }

    /// Everything on it is gone.
    pub fn wipe(&self) {
        *self.state() = State::default();
    }

    /// A bit changes in something that a segment holds.
    pub fn rot(&self, random: &mut Random) {
        let mut state = self.state();
        let segments: Vec<usize> = state
            .names
            .iter()
            .filter(|(path, _)| path.to_string_lossy().contains("seg-"))
            .map(|(_, inode)| *inode)
            .collect();
        let Some(file) = random.pick(&segments).and_then(|inode| state.files.get_mut(*inode)) else {
            return;
        };
        let used = file.seen.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let at = usize::try_from(random.below(used as u64)).unwrap_or(0);
        let bit = 1 << random.below(8);
        for bytes in [&mut file.seen, &mut file.durable] {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= bit;
            }
        }
    }

    fn file(&self, inode: usize) -> Arc<dyn DiskFile> {
        Arc::new(File {
            medium: self.clone(),
            inode,
        })
    }
}

struct File {
    medium: Medium,
    inode: usize,
}

struct Locked(Medium);

impl Drop for Locked {
    fn drop(&mut self) {
        self.0.state().locked = false;
    }
}

impl Disk for Medium {
    fn create_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let state = self.state();
        let inside = state.names.keys().filter(|path| path.parent() == Some(directory));
        Ok(inside.cloned().collect())
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let inode = self.state().names.get(path).copied();
        inode
            .map(|inode| self.file(inode))
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state();
        if state.full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.files.push(Inode::default());
        let inode = state.files.len() - 1;
        state.names.insert(path.to_owned(), inode);
        drop(state);
        Ok(self.file(inode))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let inode = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), inode);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let removed = self.state().names.remove(path);
        removed.map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        let mut state = self.state();
        if state.lies {
            return Ok(());
        }
        let state = &mut *state;
        let inside = |path: &PathBuf| path.parent() == Some(directory);
        state.durable_names.retain(|path, _| !inside(path));
        let now = state.names.iter().filter(|(path, _)| inside(path));
        state.durable_names.extend(now.map(|(path, inode)| (path.clone(), *inode)));
        Ok(())
    }

    fn lock(&self, _: &Path) -> io::Result<Box<dyn Any + Send + Sync>> {
        let mut state = self.state();
        if std::mem::replace(&mut state.locked, true) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(Locked(self.clone())))
    }
}

impl DiskFile for File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.medium.state();
        let file = state.files.get(self.inode).ok_or(io::ErrorKind::NotFound)?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = offset.saturating_add(buffer.len());
        let bytes = file.seen.get(offset..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.medium.state();
        let full = state.full;
        let file = state.files.get_mut(self.inode).ok_or(io::ErrorKind::NotFound)?;
        let offset = usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
        if full && offset + buffer.len() > file.seen.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        file.write(buffer, offset);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.medium.state();
        let (lies, fails) = (state.lies, std::mem::take(&mut state.fails));
        let file = state.files.get_mut(self.inode).ok_or(io::ErrorKind::NotFound)?;
        if fails {
            file.fail_to_sync();
            return Err(io::Error::other("the disk failed to sync"));
        }
        if !lies {
            file.sync();
        }
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        let state = self.medium.state();
        let file = state.files.get(self.inode).ok_or(io::ErrorKind::NotFound)?;
        Ok(file.seen.len() as u64)
    }
}
