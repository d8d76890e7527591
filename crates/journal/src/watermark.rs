//! The small file that says how far the log was synced, and which cut is under way.

use std::{io, path::Path, sync::Arc};

use crate::{Disk, DiskFile, frame};

const NAME: &str = "watermark";
const MAGIC: [u8; 4] = *b"PLJW";
const SLOT_LEN: usize = 64;
/// The slots lie in different sectors, so that a write torn by a power cut leaves the other one whole.
const SLOT_OFFSETS: [u64; 2] = [0, 4096];

/// What one slot says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marked {
    /// Last sequence number synced; 0: none.
    pub(crate) sequence: u64,
    /// Chain of the batch that ends there.
    pub(crate) chain: u32,
    /// Segment in which that batch lies.
    pub(crate) segment: u64,
    /// Offset at which it ends.
    pub(crate) offset: u64,
    /// Everything from this segment and offset on is being cut off; segment 0: nothing is.
    pub(crate) cut_segment: u64,
    /// See `cut_segment`.
    pub(crate) cut_offset: u64,
}

/// The file, open.
pub(crate) struct Watermark {
    file: Arc<dyn DiskFile>,
    counter: u64,
    marked: Marked,
    settled: bool,
}

impl Watermark {
    /// Opens the file, creating it if there is none. A slot that cannot be read counts as absent: the marks in the
    /// segments still prove everything but the last write.
    pub(crate) fn open(disk: &dyn Disk, directory: &Path) -> io::Result<Self> {
        let path = directory.join(NAME);
        if !Self::exists(disk, directory)? {
            let file = disk.create(&path)?;
            file.write_at(&[0; SLOT_OFFSETS[1] as usize + SLOT_LEN], 0)?;
            file.sync_data()?;
            disk.sync_directory(directory)?;
        }
        let (counter, marked) = Self::read(disk, directory)?;
        Ok(Self {
            file: disk.open(&path)?,
            counter,
            marked,
            settled: true,
        })
    }

    /// Whether there is one.
    pub(crate) fn exists(disk: &dyn Disk, directory: &Path) -> io::Result<bool> {
        Ok(disk.list(directory)?.contains(&directory.join(NAME)))
    }

    /// What it says, with the number of the slot's write; nothing when there is none.
    pub(crate) fn read(disk: &dyn Disk, directory: &Path) -> io::Result<(u64, Marked)> {
        let mut newest = (0, Marked::default());
        if !Self::exists(disk, directory)? {
            return Ok(newest);
        }
        let file = disk.open(&directory.join(NAME))?;
        for offset in SLOT_OFFSETS {
            let mut slot = [0; SLOT_LEN];
            match file.read_at(&mut slot, offset) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => continue,
                Err(error) => return Err(error),
            }
            if let Some(read) = decode(&slot).filter(|(number, _)| *number > newest.0) {
                newest = read;
            }
        }
        Ok(newest)
    }

    pub(crate) const fn marked(&self) -> Marked {
        self.marked
    }

    /// Writes without syncing: it survives the death of the process, not yet that of the machine.
    pub(crate) fn write(&mut self, marked: Marked) -> io::Result<()> {
        self.counter += 1;
        let slot = SLOT_OFFSETS[usize::from(self.counter % 2 == 1)];
        self.file.write_at(&encode(self.counter, marked), slot)?;
        self.marked = marked;
        self.settled = false;
        Ok(())
    }

    /// Makes it durable, if it is not yet.
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        if !self.settled {
            self.file.sync_data()?;
            self.settled = true;
        }
        Ok(())
    }
}

fn encode(counter: u64, marked: Marked) -> [u8; SLOT_LEN] {
    let mut slot = [0; SLOT_LEN];
    slot[..4].copy_from_slice(&MAGIC);
    slot[4] = frame::VERSION;
    slot[12..16].copy_from_slice(&marked.chain.to_le_bytes());
    let numbers = [
        counter,
        marked.sequence,
        marked.segment,
        marked.offset,
        marked.cut_segment,
        marked.cut_offset,
    ];
    for (number, field) in numbers.iter().zip(slot[16..].chunks_exact_mut(8)) {
        field.copy_from_slice(&number.to_le_bytes());
    }
    frame::seal(&mut slot);
    slot
}

fn decode(slot: &[u8]) -> Option<(u64, Marked)> {
    if slot[..4] != MAGIC || slot[4] != frame::VERSION {
        return None;
    }
    frame::check(slot, SLOT_LEN)?;
    let number = |index: usize| frame::u64_at(slot, 16 + 8 * index);
    let marked = Marked {
        chain: frame::u32_at(slot, 12),
        sequence: number(1),
        segment: number(2),
        offset: number(3),
        cut_segment: number(4),
        cut_offset: number(5),
    };
    Some((number(0), marked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RealDisk;

    #[test]
    fn the_newest_readable_slot_counts() {
        let directory = tempfile::tempdir().unwrap();
        let mark = |sequence| Marked {
            sequence,
            ..Marked::default()
        };
        let mut watermark = Watermark::open(&RealDisk, directory.path()).unwrap();
        watermark.write(mark(1)).unwrap();
        watermark.write(mark(2)).unwrap();
        watermark.settle().unwrap();
        assert_eq!(
            Watermark::open(&RealDisk, directory.path()).unwrap().marked(),
            mark(2)
        );
        // The second write went to the first slot; as if it had been torn:
        let path = directory.path().join("watermark");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[20] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(
            Watermark::open(&RealDisk, directory.path()).unwrap().marked(),
            mark(1)
        );
    }
}
