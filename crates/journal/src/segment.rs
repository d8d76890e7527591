//! Segments: zero-filled files of a fixed size, one made ahead so that appends don't wait for it.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
};

use rustix::io::Errno;

use crate::{Disk, DiskFile, Preparation, frame, gather::Gather};

/// Length of a segment's header.
pub(crate) const HEADER_LEN: u64 = 64;
const MAGIC: [u8; 8] = *b"PLIMSEG1";
/// Zeros are written in pieces of this size.
const ZEROS: usize = 1 << 20;

/// File name of a segment.
pub(crate) fn path(directory: &Path, ordinal: u64) -> PathBuf {
    directory.join(format!("seg-{ordinal:012}.log"))
}

/// The ordinal in a file name, if it is one of a segment.
pub(crate) fn ordinal_of(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    name.strip_prefix("seg-")?.strip_suffix(".log")?.parse().ok()
}

/// Whether a segment begins with the header of that ordinal.
pub(crate) fn is_header(bytes: &[u8], ordinal: u64) -> bool {
    let length = HEADER_LEN as usize;
    bytes.len() >= length
        && bytes[..8] == MAGIC
        && frame::check(bytes, length).is_some()
        && frame::u64_at(bytes, 16) == ordinal
}

/// What the header of a segment says is its first sequence number, if it is intact.
pub(crate) fn first_of(file: &dyn DiskFile, ordinal: u64) -> Option<u64> {
    let mut head = [0; HEADER_LEN as usize];
    file.read_at(&mut head, 0).ok()?;
    is_header(&head, ordinal).then(|| frame::u64_at(&head, 24))
}

/// Writes a segment's header, without syncing it.
pub(crate) fn write_header(file: &dyn DiskFile, ordinal: u64, first: u64) -> io::Result<()> {
    file.write_at(&header(ordinal, first), 0)
}

fn header(ordinal: u64, first: u64) -> [u8; HEADER_LEN as usize] {
    let mut bytes = [0; HEADER_LEN as usize];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[12] = frame::VERSION;
    bytes[16..24].copy_from_slice(&ordinal.to_le_bytes());
    bytes[24..32].copy_from_slice(&first.to_le_bytes());
    frame::seal(&mut bytes);
    bytes
}

/// Why there is no new segment.
#[derive(Debug)]
pub(crate) enum MakeError {
    /// There is no room now, and nothing was promised about the file that was being made: trying again may help.
    NoRoom(io::Error),
    /// Anything else. After a failed sync, whatever it says, it is unknown what the medium holds; the disk that failed
    /// is the one that holds the log.
    Disk(io::Error),
}

impl MakeError {
    /// What an error of anything but a sync means, as long as the segment does not have its name.
    fn of(source: io::Error) -> Self {
        let no_room = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => true,
            // Files that are open now are closed at some time.
            _ => matches!(Errno::from_io_error(&source), Some(Errno::MFILE | Errno::NFILE)),
        };
        if no_room {
            Self::NoRoom(source)
        } else {
            Self::Disk(source)
        }
    }
}

/// Makes segments, one ahead of need.
pub(crate) struct Maker {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    size: u64,
    preparation: Preparation,
    ahead: Option<JoinHandle<Result<(), MakeError>>>,
}

impl Maker {
    pub(crate) fn new(disk: Arc<dyn Disk>, directory: PathBuf, size: u64, preparation: Preparation) -> Self {
        Self {
            disk,
            directory,
            size,
            preparation,
            ahead: None,
        }
    }

    /// Begins to fill the next segment with zeros on a thread of its own.
    pub(crate) fn prepare(&mut self) {
        if self.preparation == Preparation::OnDemand || self.ahead.is_some() {
            return;
        }
        let (disk, spare, size) = (Arc::clone(&self.disk), self.spare(), self.size);
        let filling = std::thread::Builder::new()
            .name("journal-spare".to_owned())
            .spawn(move || fill(&*disk, &spare, size));
        // Without a thread the segment is made when it is needed.
        self.ahead = filling.ok();
    }

    /// Makes the segment durable under its name and opens it.
    pub(crate) fn make(&mut self, ordinal: u64, first: u64) -> Result<Arc<dyn DiskFile>, MakeError> {
        let spare = self.spare();
        match self.ahead.take().map(JoinHandle::join) {
            Some(Ok(Ok(()))) => {}
            Some(Ok(Err(error @ MakeError::Disk(_)))) => return Err(error),
            // There may be room by now.
            Some(Ok(Err(MakeError::NoRoom(_))) | Err(_)) | None => fill(&*self.disk, &spare, self.size)?,
        }
        let path = path(&self.directory, ordinal);
        let file = self.disk.open_direct(&spare).map_err(MakeError::of)?;
        self.write_header_of(&*file, ordinal, first)
            .map_err(MakeError::of)?;
        file.sync_data().map_err(MakeError::Disk)?;
        self.disk.rename(&spare, &path).map_err(MakeError::of)?;
        self.disk
            .sync_directory(&self.directory)
            .map_err(MakeError::Disk)?;
        self.prepare();
        Ok(file)
    }

    fn write_header_of(&self, file: &dyn DiskFile, ordinal: u64, first: u64) -> io::Result<()> {
        let mut gather = Gather::default();
        gather.begin(file, (ordinal, 0), HEADER_LEN as usize, self.size)?;
        gather.push(&header(ordinal, first));
        gather.write(file, (ordinal, 0))
    }

    fn spare(&self) -> PathBuf {
        self.directory.join("spare.tmp")
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        // So that nobody writes to the directory after the journal was closed.
        if let Some(ahead) = self.ahead.take() {
            let _ = ahead.join();
        }
    }
}

/// Real zeros, not `fallocate`: turning an unwritten extent into a written one would put metadata into every sync.
///
/// Past the page cache where that is possible: the log is appended to while its next segment is filled, and a sync that
/// had to wait for 64 MiB of somebody else's pages would be felt.
fn fill(disk: &dyn Disk, path: &Path, size: u64) -> Result<(), MakeError> {
    let write = || {
        disk.create(path)?;
        let file = disk.open_direct(path)?;
        let mut gather = Gather::default();
        let mut offset = 0;
        while offset < size {
            let length = (size - offset).min(ZEROS as u64) as usize;
            gather.begin(&*file, (0, offset), length, size)?;
            gather.push_zeros(length);
            gather.write(&*file, (0, offset))?;
            offset += length as u64;
        }
        Ok(file)
    };
    let file = write().map_err(MakeError::of)?;
    file.sync_data().map_err(MakeError::Disk)
}

/// Overwrites a range with zeros.
pub(crate) fn erase(file: &dyn DiskFile, from: u64, to: u64) -> io::Result<()> {
    let zeros = vec![0; ZEROS];
    let mut offset = from;
    while offset < to {
        let length = (to - offset).min(ZEROS as u64);
        file.write_at(&zeros[..length as usize], offset)?;
        offset += length;
    }
    file.sync_data()
}
