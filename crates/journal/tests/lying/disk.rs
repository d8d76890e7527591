//! A file system in memory that keeps only what it was asked to sync, and forgets the rest as unkindly as real ones do.
//!
//! At a power cut any subset of unsynced sectors survives, sectors may be torn, and names changed since the last sync
//! of their directory may be the old or the new ones. A failed sync throws dirty pages away and calls them clean.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use plimsoll_journal::{Disk, DiskFile};

use super::chance::Chance;

const SECTOR: usize = 512;

/// What is to go wrong, and when; operations that change something are numbered from the last start on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// The power goes in the middle of this operation.
    pub power_at: Option<u64>,
    /// This operation fails: a sync with EIO, a write after a part of it.
    pub error_at: Option<u64>,
    /// Bytes that all files together may have.
    pub room: Option<u64>,
}

#[derive(Clone)]
pub struct LyingDisk(Arc<Mutex<State>>);

struct State {
    chance: Chance,
    files: HashMap<u64, Inode>,
    inodes: u64,
    names: BTreeMap<PathBuf, u64>,
    durable_names: BTreeMap<PathBuf, u64>,
    /// Changes of names since the last sync of their directory.
    changes: Vec<Change>,
    faults: Faults,
    operations: u64,
    dead: bool,
    locked: bool,
    /// What the disk says of itself.
    block: usize,
}

#[derive(Clone, Default)]
struct Inode {
    /// What programs read.
    seen: Vec<u8>,
    /// What the medium holds.
    durable: Vec<u8>,
    /// Sectors that a sync would write.
    dirty: BTreeSet<usize>,
}

#[derive(Clone)]
enum Change {
    Put(PathBuf, u64),
    Remove(PathBuf),
    Rename(PathBuf, PathBuf, u64),
}

impl Change {
    fn directory(&self) -> Option<&Path> {
        match self {
            Self::Put(path, _) | Self::Remove(path) | Self::Rename(_, path, _) => path.parent(),
        }
    }

    fn apply(self, names: &mut BTreeMap<PathBuf, u64>) {
        match self {
            Self::Put(path, inode) => drop(names.insert(path, inode)),
            Self::Remove(path) => drop(names.remove(&path)),
            Self::Rename(from, to, inode) => {
                names.remove(&from);
                names.insert(to, inode);
            }
        }
    }
}

/// What an operation is to do.
enum Turn {
    Work,
    Fail,
    LosePower,
}

fn no_power() -> io::Error {
    io::Error::other("the power is gone")
}

fn failure() -> io::Error {
    io::Error::other("injected EIO")
}

impl State {
    fn turn(&mut self) -> io::Result<Turn> {
        if self.dead {
            return Err(no_power());
        }
        self.operations += 1;
        if self.faults.power_at == Some(self.operations) {
            self.dead = true;
            return Ok(Turn::LosePower);
        }
        let fails = self.faults.error_at == Some(self.operations);
        Ok(if fails { Turn::Fail } else { Turn::Work })
    }

    fn used(&self) -> u64 {
        self.names
            .values()
            .map(|inode| self.files[inode].seen.len() as u64)
            .sum()
    }

    fn change(&mut self, change: Change) {
        change.clone().apply(&mut self.names);
        self.changes.push(change);
    }

    /// What the medium holds after a power cut.
    fn forget(&mut self) {
        let changes = std::mem::take(&mut self.changes);
        let in_order = self.chance.one_in(2);
        let kept = self.chance.below(changes.len() as u64 + 1) as usize;
        for (number, change) in changes.into_iter().enumerate() {
            // A journalling file system keeps a prefix; nobody promises that.
            let keep = if in_order {
                number < kept
            } else {
                self.chance.one_in(2)
            };
            if keep {
                change.apply(&mut self.durable_names);
            }
        }
        self.names.clone_from(&self.durable_names);
        let mut inodes: Vec<u64> = self.files.keys().copied().collect();
        inodes.sort_unstable();
        for inode in inodes {
            let Some(file) = self.files.get_mut(&inode) else {
                continue;
            };
            file.forget(&mut self.chance);
        }
        let named: BTreeSet<u64> = self.names.values().copied().collect();
        self.files.retain(|inode, _| named.contains(inode));
    }
}

impl Inode {
    fn forget(&mut self, chance: &mut Chance) {
        if !self.dirty.is_empty() && self.seen.len() > self.durable.len() {
            let grown = self.seen.len() - self.durable.len();
            let length = self.durable.len() + chance.below(grown as u64 + 1) as usize;
            self.durable.resize(length, 0);
        }
        let unkind = chance.below(4);
        for sector in std::mem::take(&mut self.dirty) {
            let keep = match unkind {
                0 => false,
                1 => true,
                _ => chance.one_in(2),
            };
            let mut bytes = if keep { SECTOR } else { 0 };
            if chance.one_in(16) {
                bytes = chance.below(SECTOR as u64) as usize;
            }
            self.persist(sector, bytes);
        }
        self.seen.clone_from(&self.durable);
    }

    /// The first bytes of a sector reach the medium, as far as the file is long there.
    fn persist(&mut self, sector: usize, bytes: usize) {
        let from = sector * SECTOR;
        let to = (from + bytes).min(self.durable.len()).min(self.seen.len());
        if from < to {
            self.durable[from..to].copy_from_slice(&self.seen[from..to]);
        }
    }

    fn write(&mut self, buffer: &[u8], offset: usize) {
        let end = offset + buffer.len();
        if buffer.is_empty() {
            return;
        }
        if self.seen.len() < end {
            self.dirty.extend(self.seen.len() / SECTOR..end.div_ceil(SECTOR));
            self.seen.resize(end, 0);
        }
        self.seen[offset..end].copy_from_slice(buffer);
        self.dirty.extend(offset / SECTOR..end.div_ceil(SECTOR));
    }

    fn sync(&mut self) {
        self.durable.resize(self.seen.len(), 0);
        for sector in std::mem::take(&mut self.dirty) {
            self.persist(sector, SECTOR);
        }
    }

    /// Some pages are written, the others are thrown away, and all of them are clean.
    fn fail_to_sync(&mut self, chance: &mut Chance) {
        self.durable.resize(self.seen.len(), 0);
        for sector in std::mem::take(&mut self.dirty) {
            if chance.one_in(2) {
                self.persist(sector, SECTOR);
            }
        }
    }
}

impl LyingDisk {
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            chance: Chance::new(seed),
            files: HashMap::new(),
            inodes: 0,
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            changes: Vec::new(),
            faults: Faults::default(),
            operations: 0,
            dead: false,
            locked: false,
            block: if seed.is_multiple_of(3) { 1 } else { SECTOR },
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Plans what goes wrong from here on.
    pub fn plan(&self, faults: Faults) {
        let mut state = self.state();
        state.faults = faults;
        state.operations = 0;
    }

    /// The power goes now, if it has not gone yet, and comes back.
    pub fn cut_power(&self) {
        let mut state = self.state();
        state.forget();
        state.dead = false;
        state.locked = false;
        state.faults = Faults::default();
    }

    /// Whether the power went at the planned operation.
    pub fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// Files whose name begins so, in order.
    pub fn named(&self, begin: &str) -> Vec<PathBuf> {
        let begins = |path: &&PathBuf| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(begin))
        };
        self.state().names.keys().filter(begins).cloned().collect()
    }

    /// Changes a file behind everybody's back.
    pub fn damage(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let Some(inode) = state.names.get(path).copied() else {
            return;
        };
        let Some(file) = state.files.get_mut(&inode) else {
            return;
        };
        change(&mut file.seen);
        file.durable.clone_from(&file.seen);
        file.dirty.clear();
    }

    /// Loses a file behind everybody's back.
    pub fn lose(&self, path: &Path) {
        let mut state = self.state();
        state.names.remove(path);
        state.durable_names.remove(path);
    }

    /// The bytes of a file as programs see them.
    pub fn read(&self, path: &Path) -> Option<Vec<u8>> {
        let state = self.state();
        Some(state.files.get(state.names.get(path)?)?.seen.clone())
    }

    fn file(&self, inode: u64) -> Arc<dyn DiskFile> {
        Arc::new(LyingFile {
            disk: self.clone(),
            inode,
        })
    }
}

struct LyingFile {
    disk: LyingDisk,
    inode: u64,
}

struct Locked(LyingDisk);

impl Drop for Locked {
    fn drop(&mut self) {
        self.0.state().locked = false;
    }
}

impl Disk for LyingDisk {
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
        if matches!(state.turn()?, Turn::Fail) {
            return Err(failure());
        }
        let inode = match state.names.get(path).copied() {
            Some(inode) => {
                // Emptied: the old contents may come back in a power cut only as long as nothing was synced.
                state.files.insert(inode, Inode::default());
                inode
            }
            None => {
                state.inodes += 1;
                let inode = state.inodes;
                state.files.insert(inode, Inode::default());
                state.change(Change::Put(path.to_owned(), inode));
                inode
            }
        };
        if state.dead {
            return Err(no_power());
        }
        drop(state);
        Ok(self.file(inode))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        if matches!(state.turn()?, Turn::Fail) {
            return Err(failure());
        }
        let inode = *state.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        state.change(Change::Rename(from.to_owned(), to.to_owned(), inode));
        if state.dead { Err(no_power()) } else { Ok(()) }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        if matches!(state.turn()?, Turn::Fail) {
            return Err(failure());
        }
        state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        state.change(Change::Remove(path.to_owned()));
        if state.dead { Err(no_power()) } else { Ok(()) }
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        match state.turn()? {
            Turn::Work => {}
            Turn::Fail => return Err(failure()),
            Turn::LosePower => return Err(no_power()),
        }
        let (now, later): (Vec<_>, Vec<_>) = std::mem::take(&mut state.changes)
            .into_iter()
            .partition(|change| change.directory() == Some(path));
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

impl DiskFile for LyingFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.disk.state();
        let bytes = state.files.get(&self.inode).ok_or(io::ErrorKind::NotFound)?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = offset.saturating_add(buffer.len());
        let bytes = bytes.seen.get(offset..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let turn = state.turn()?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let used = state.used();
        let room = state
            .faults
            .room
            .map_or(u64::MAX, |room| room.saturating_sub(used));
        let State { files, chance, .. } = &mut *state;
        let file = files.entry(self.inode).or_default();
        let grows = (offset + buffer.len()).saturating_sub(file.seen.len()) as u64;
        if grows > room {
            // Behind the end of a file that was truncated it grows by more than is written.
            let fits = buffer.len().saturating_sub((grows - room) as usize);
            file.write(&buffer[..fits], offset);
            return Err(io::ErrorKind::StorageFull.into());
        }
        match turn {
            Turn::Work => file.write(buffer, offset),
            Turn::LosePower => file.write(buffer, offset),
            Turn::Fail => {
                let part = chance.below(buffer.len() as u64 + 1) as usize;
                file.write(&buffer[..part], offset);
                return Err(failure());
            }
        }
        if state.dead { Err(no_power()) } else { Ok(()) }
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        let turn = state.turn()?;
        let State { files, chance, .. } = &mut *state;
        let file = files.entry(self.inode).or_default();
        match turn {
            Turn::Work => file.sync(),
            Turn::Fail => {
                file.fail_to_sync(chance);
                return Err(failure());
            }
            Turn::LosePower => return Err(no_power()),
        }
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        let state = self.disk.state();
        let file = state.files.get(&self.inode).ok_or(io::ErrorKind::NotFound)?;
        Ok(file.seen.len() as u64)
    }

    fn block(&self) -> usize {
        self.disk.state().block
    }
}
