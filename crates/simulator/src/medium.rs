//! A disk in memory under the product's journal: it keeps what was synced, and forgets the rest as unkindly as real ones do.
//!
//! What goes wrong is said by the faults of a schedule, by time: it lies about syncs, it is full, a sync fails, bits rot, the
//! power goes. A process that ends leaves everything in the page cache; only a machine that ends loses what was not synced.
//! (The disk under the journal's own simulation fails at the so-manieth operation instead: right for one journal alone.)

use std::{
    any::Any,
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use journal::{Disk, DiskFile};

use crate::random::Random;

const SECTOR: usize = 512;

/// The disk of one region's journal. Clones are the same disk.
#[derive(Clone)]
pub(crate) struct Medium(Arc<Mutex<State>>);

struct State {
    random: Random,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    /// Changes of names since the last sync of their directory.
    changes: Vec<Change>,
    files: Vec<Inode>,
    lies: bool,
    full: bool,
    /// The next sync of a file fails.
    fails: bool,
    /// So many operations more, then none until the next start.
    left: Option<u64>,
    locked: bool,
}

#[derive(Default)]
struct Inode {
    /// What programs read.
    seen: Vec<u8>,
    /// What the medium holds.
    durable: Vec<u8>,
    /// Sectors that a sync would write.
    dirty: Vec<usize>,
}

enum Change {
    Put(PathBuf, usize),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf, usize),
}

// === impl Change ===

impl Change {
    fn directory(&self) -> Option<&Path> {
        match self {
            Self::Put(path, _) | Self::Remove(path) | Self::Rename(_, path, _) => path.parent(),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Put(path, inode) => drop(names.insert(path.clone(), *inode)),
            Self::Remove(path) => drop(names.remove(path)),
            Self::Rename(from, to, inode) => {
                names.remove(from);
                names.insert(to.clone(), *inode);
            }
        }
    }
}

// === impl Inode ===

impl Inode {
    fn write(&mut self, buffer: &[u8], offset: usize) {
        let end = offset + buffer.len();
        let first = offset.min(self.seen.len()) / SECTOR;
        if self.seen.len() < end {
            self.seen.resize(end, 0);
        }
        self.seen[offset..end].copy_from_slice(buffer);
        for sector in first..end.div_ceil(SECTOR) {
            if !self.dirty.contains(&sector) {
                self.dirty.push(sector);
            }
        }
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
    fn fail_to_sync(&mut self, random: &mut Random) {
        self.durable.resize(self.seen.len(), 0);
        for sector in std::mem::take(&mut self.dirty) {
            if random.percent(50) {
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

// === impl State ===

impl State {
    /// An operation that changes something.
    fn operates(&mut self) -> io::Result<()> {
        match &mut self.left {
            None => Ok(()),
            Some(0) => Err(io::Error::other("the process has ended")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.names);
        self.changes.push(change);
    }

    fn flush(&mut self) {
        self.files.iter_mut().for_each(Inode::sync);
        self.changes.clear();
        self.durable_names.clone_from(&self.names);
    }
}

// === impl Medium ===

impl Medium {
    pub fn new(random: Random) -> Self {
        Self(Arc::new(Mutex::new(State {
            random,
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            changes: Vec::new(),
            files: Vec::new(),
            lies: false,
            full: false,
            fails: false,
            left: None,
            locked: false,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on a sync is a lie, or no longer: then everything is written that was promised.
    pub fn lies(&self, lies: bool) {
        let mut state = self.state();
        state.lies = lies;
        if !lies {
            state.flush();
        }
    }

    /// Whether no file can grow.
    pub fn full(&self, full: bool) {
        self.state().full = full;
    }

    /// Works as it should, whatever was planned, and says whether it was full.
    pub fn is_well(&self) -> bool {
        let mut state = self.state();
        state.fails = false;
        std::mem::replace(&mut state.full, false)
    }

    /// The next sync fails.
    pub fn fails(&self) {
        self.state().fails = true;
    }

    /// Whoever writes now ends after a few operations, until [`Medium::starts`].
    pub fn ends_soon(&self) {
        let mut state = self.state();
        let left = state.random.below(4);
        state.left = Some(left);
    }

    /// Somebody else opens the files.
    pub fn starts(&self) {
        let mut state = self.state();
        (state.left, state.locked) = (None, false);
    }

    /// The power goes and comes back.
    pub fn cut_power(&self) {
        let mut state = self.state();
        let state = &mut *state;
        let changes = std::mem::take(&mut state.changes);
        let in_order = state.random.percent(50);
        let kept = state.random.below(changes.len() as u64 + 1);
        for (number, change) in (0..).zip(&changes) {
            // A journalling file system keeps a prefix; nobody promises that.
            if (in_order && number < kept) || (!in_order && state.random.percent(50)) {
                change.apply(&mut state.durable_names);
            }
        }
        state.names.clone_from(&state.durable_names);
        for file in &mut state.files {
            file.forget(&mut state.random);
        }
        (state.locked, state.fails, state.left) = (false, false, None);
    }

    /// Everything on it is gone.
    pub fn wipe(&self) {
        let mut state = self.state();
        state.names.clear();
        state.durable_names.clear();
        state.changes.clear();
        state.files.clear();
        state.locked = false;
    }

    /// A bit changes in a file of the journal, where something was written.
    pub fn rot(&self) {
        let mut state = self.state();
        let state = &mut *state;
        let inside = |path: &&PathBuf| path.parent() == Some(Path::new(crate::log::DIRECTORY));
        let files: Vec<usize> = state
            .names
            .iter()
            .filter(|(path, _)| inside(path))
            .map(|(_, inode)| *inode)
            .collect();
        let picked = state.random.pick(&files);
        let Some(file) = picked.and_then(|inode| state.files.get_mut(*inode)) else {
            return;
        };
        let used = file
            .seen
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        let at = usize::try_from(state.random.below(used as u64)).unwrap_or(0);
        let bit = 1 << state.random.below(8);
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
        state.operates()?;
        if state.full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.files.push(Inode::default());
        let inode = state.files.len() - 1;
        state.change(Change::Put(path.to_owned(), inode));
        drop(state);
        Ok(self.file(inode))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.operates()?;
        let inode = *state.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        state.change(Change::Rename(from.to_owned(), to.to_owned(), inode));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.operates()?;
        state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        state.change(Change::Remove(path.to_owned()));
        Ok(())
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.operates()?;
        if state.lies {
            return Ok(());
        }
        let (now, later): (Vec<_>, Vec<_>) = std::mem::take(&mut state.changes)
            .into_iter()
            .partition(|change| change.directory() == Some(directory));
        state.changes = later;
        for change in now {
            change.apply(&mut state.durable_names);
        }
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
        state.operates()?;
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
        state.operates()?;
        let (lies, fails) = (state.lies, std::mem::take(&mut state.fails));
        let State { files, random, .. } = &mut *state;
        let file = files.get_mut(self.inode).ok_or(io::ErrorKind::NotFound)?;
        if fails {
            file.fail_to_sync(random);
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
