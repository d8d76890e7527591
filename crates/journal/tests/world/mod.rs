//! What the journal's tests share: entries, and a disk that fails on request.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::{
    any::Any,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use plimsoll_journal::{
    Disk, DiskFile, Entry, Journal, Options, Preparation, RealDisk, Recovery, body_hash, key_hash,
};

pub const OPTIONS: Options = Options {
    segment_bytes: 4096,
    preparation: Preparation::OnDemand,
};

pub fn entry(id: u64, length: usize) -> Entry {
    let id = format!("message-{id}");
    let body = vec![b'x'; length];
    Entry {
        kind: 1,
        stream: "acme-edi".to_owned(),
        time: 1_700_000_000_000_000,
        key: key_hash("acme-edi", &id),
        body_hash: body_hash(&body),
        body: body.into(),
        id,
    }
}

pub fn open(directory: &Path) -> (Journal, Recovery) {
    open_on(Arc::new(RealDisk), directory)
}

pub fn open_on(disk: Arc<dyn Disk>, directory: &Path) -> (Journal, Recovery) {
    Journal::open(disk, directory, OPTIONS, |_| ()).unwrap()
}

/// Ids in the log, in order.
pub fn ids(journal: &Journal) -> Vec<String> {
    let records = journal.reader().read(1, usize::MAX).unwrap();
    records.into_iter().map(|record| record.entry.id).collect()
}

/// Copies a journal's files as they are now, as a crash would leave them.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// The real file system with errors injected.
#[derive(Clone)]
pub struct FaultyDisk {
    /// Bytes that may still be written; a write beyond fails after writing what fits.
    pub room: Arc<AtomicI64>,
    /// How it fails.
    pub full_error: Arc<Mutex<io::ErrorKind>>,
    /// The sync with this number (from 1) and all later ones fail; 0: none.
    pub sync_fails_at: Arc<AtomicU64>,
    /// How they fail.
    pub sync_error: Arc<Mutex<io::ErrorKind>>,
    /// Whether every sync of a file that has only a temporary name fails.
    pub spare_syncs_fail: Arc<AtomicBool>,
    /// Syncs of files so far.
    pub syncs: Arc<AtomicU64>,
}

impl FaultyDisk {
    pub fn new() -> Self {
        Self {
            room: Arc::new(AtomicI64::new(i64::MAX)),
            full_error: Arc::new(Mutex::new(io::ErrorKind::StorageFull)),
            sync_fails_at: Arc::default(),
            sync_error: Arc::new(Mutex::new(io::ErrorKind::Other)),
            spare_syncs_fail: Arc::default(),
            syncs: Arc::default(),
        }
    }

    fn wrap(&self, path: &Path, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(FaultyFile {
            file,
            spare: path.extension().is_some_and(|extension| extension == "tmp"),
            disk: self.clone(),
        })
    }
}

struct FaultyFile {
    file: Arc<dyn DiskFile>,
    spare: bool,
    disk: FaultyDisk,
}

impl Disk for FaultyDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_dir(path)
    }
    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        RealDisk.list(directory)
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        RealDisk.open(path).map(|file| self.wrap(path, file))
    }
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        RealDisk.create(path).map(|file| self.wrap(path, file))
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
        let length = i64::try_from(buffer.len()).unwrap();
        let left = self.disk.room.fetch_sub(length, Ordering::SeqCst);
        if left >= length {
            return self.file.write_at(buffer, offset);
        }
        self.disk.room.store(0, Ordering::SeqCst);
        let fits = usize::try_from(left.max(0)).unwrap();
        self.file.write_at(&buffer[..fits], offset)?;
        Err((*self.disk.full_error.lock().unwrap()).into())
    }

    fn sync_data(&self) -> io::Result<()> {
        let number = self.disk.syncs.fetch_add(1, Ordering::SeqCst) + 1;
        let fails_at = self.disk.sync_fails_at.load(Ordering::SeqCst);
        let spare_fails = self.spare && self.disk.spare_syncs_fail.load(Ordering::SeqCst);
        if spare_fails || (fails_at != 0 && number >= fails_at) {
            return Err((*self.disk.sync_error.lock().unwrap()).into());
        }
        self.file.sync_data()
    }

    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }
}
