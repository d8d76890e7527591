//! What is left of segments that were trimmed: up to where they are gone, and which files hold their keys and what was
//! parked of them.
//!
//! One value, written whole: first the files that it names, then this, then what it makes superfluous is removed. A
//! crash on the way is finished at the next open. It lies in two files with the same content, so that one that rots
//! costs nothing; while one of them cannot be read no file is removed for not being named.
//!
//! ```text
//! floor  │ header 64 │ part 40 │ part … │
//! ```
//!
//! | frame | fields (offset: meaning) |
//! | --- | --- |
//! | header | 0 `PLIMFLR1`, 8 crc32c over everything, 12 version, 16 revision, 24 last sequence that is gone, 32 generation of its batch, 40 chain of that batch, 44 number of parts, 48 oldest segment that is kept, 56 zeros |
//! | part | 0 first sequence, 8 last, 16 number of records, 24 length of the file, 32 crc32c of the file, 36 kind (1 stub, 2 parked), 37 zeros |

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{Disk, Position, frame, segment, sidecar};

const NAMES: [&str; 2] = ["floor", "floor.twin"];
const MAGIC: [u8; 8] = *b"PLIMFLR1";
const HEADER_LEN: usize = 64;
const PART_LEN: usize = 40;

/// What a file that outlives its segment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartKind {
    /// Of each record everything but id and body: enough to know a message that comes again.
    Stub,
    /// Whole records that are still needed.
    Parked,
}

/// A file that outlives its segment. It never changes; what replaces it has another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it holds.
    pub kind: PartKind,
    /// First sequence number.
    pub first: u64,
    /// Last sequence number.
    pub last: u64,
    /// How many records.
    pub records: u64,
    /// Size of the file.
    pub bytes: u64,
    /// Checksum of the file.
    pub crc: u32,
}

impl Part {
    /// Name of its file.
    pub(crate) fn path(&self, directory: &Path) -> PathBuf {
        let kind = match self.kind {
            PartKind::Stub => "stub",
            PartKind::Parked => "parked",
        };
        directory.join(format!("{kind}-{:020}-{:08x}", self.first, self.crc))
    }

    /// The bytes of its file, if they are what was written.
    pub(crate) fn read(&self, disk: &dyn Disk, directory: &Path) -> io::Result<Option<Vec<u8>>> {
        let file = match disk.open(&self.path(directory)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let length = file.length()?;
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        file.read_at(&mut bytes, 0)?;
        Ok((length == self.bytes && crc32c::crc32c(&bytes) == self.crc).then_some(bytes))
    }
}

/// See the module's documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Floor {
    /// Grows with every write.
    pub(crate) revision: u64,
    /// Everything up to here is gone from the segments.
    pub(crate) position: Position,
    /// The oldest segment that is kept; 0: nothing was ever trimmed.
    pub(crate) segment: u64,
    /// In order of their first sequence numbers.
    pub(crate) parts: Vec<Part>,
}

/// What a directory says.
pub(crate) struct FloorFound {
    pub(crate) floor: Floor,
    /// Every file of it could be read: what is not named may be removed.
    pub(crate) whole: bool,
    /// Both files say the same.
    pub(crate) twice: bool,
}

/// A floor that is on disk, and does not count yet.
pub(crate) struct Staged<'a> {
    disk: &'a dyn Disk,
    directory: &'a Path,
}

impl Staged<'_> {
    /// Makes it count, durably. After an error it is unknown which one does; both are right.
    pub(crate) fn put(self) -> io::Result<()> {
        for name in NAMES {
            self.disk
                .rename(&beside(self.directory, name), &self.directory.join(name))?;
            self.disk.sync_directory(self.directory)?;
        }
        Ok(())
    }
}

fn beside(directory: &Path, name: &str) -> PathBuf {
    directory.join(format!("{name}.tmp"))
}

impl Floor {
    pub(crate) fn find(disk: &dyn Disk, directory: &Path) -> io::Result<FloorFound> {
        let (mut floor, mut whole, mut read_twice) = (Self::default(), true, Vec::new());
        let there = disk.list(directory)?;
        for path in NAMES.map(|name| directory.join(name)) {
            if !there.contains(&path) {
                continue;
            }
            let file = disk.open(&path)?;
            let mut bytes = vec![0; usize::try_from(file.length()?).unwrap_or(usize::MAX)];
            file.read_at(&mut bytes, 0)?;
            match Self::decode(&bytes) {
                Some(read) => {
                    read_twice.push(read.revision);
                    if read.revision > floor.revision {
                        floor = read;
                    }
                }
                None => whole = false,
            }
        }
        let twice = read_twice == [floor.revision; 2];
        Ok(FloorFound { floor, whole, twice })
    }

    /// Writes it beside the one that counts: what needs room happens here.
    pub(crate) fn stage<'a>(&self, disk: &'a dyn Disk, directory: &'a Path) -> io::Result<Staged<'a>> {
        let bytes = self.encode();
        for name in NAMES {
            let file = disk.create(&beside(directory, name))?;
            file.write_at(&bytes, 0)?;
            file.sync_data()?;
        }
        Ok(Staged { disk, directory })
    }

    /// Removes the segments that it says are gone, oldest first, and, if it is `whole`, every part that it does not name.
    pub(crate) fn clean_up(&self, disk: &dyn Disk, directory: &Path, whole: bool) -> io::Result<()> {
        let named: Vec<_> = self.parts.iter().map(|part| part.path(directory)).collect();
        let is_gone = |path: &PathBuf| {
            let ordinal = segment::ordinal_of(path).or_else(|| sidecar::ordinal_of(path));
            let left_over = whole && is_part(path) && !named.contains(path);
            ordinal.is_some_and(|ordinal| ordinal < self.segment) || left_over
        };
        let mut gone: Vec<_> = disk.list(directory)?.into_iter().filter(is_gone).collect();
        gone.sort();
        for path in &gone {
            disk.remove(path)?;
        }
        if gone.is_empty() {
            Ok(())
        } else {
            disk.sync_directory(directory)
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; HEADER_LEN];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[12] = frame::VERSION;
        let Position {
            sequence,
            chain,
            generation,
        } = self.position;
        for (at, number) in [
            (16, self.revision),
            (24, sequence),
            (32, generation),
            (48, self.segment),
        ] {
            bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
        }
        bytes[40..44].copy_from_slice(&chain.to_le_bytes());
        bytes[44..48].copy_from_slice(&(self.parts.len() as u32).to_le_bytes());
        for part in &self.parts {
            for number in [part.first, part.last, part.records, part.bytes] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
            bytes.extend_from_slice(&part.crc.to_le_bytes());
            let kind = match part.kind {
                PartKind::Stub => 1,
                PartKind::Parked => 2,
            };
            bytes.extend_from_slice(&[kind, 0, 0, 0]);
        }
        frame::seal(&mut bytes);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let head = bytes.get(..HEADER_LEN)?;
        if head[..8] != MAGIC || head[12] != frame::VERSION {
            return None;
        }
        frame::check(bytes, bytes.len())?;
        let parts = &bytes[HEADER_LEN..];
        if parts.len() != frame::u32_at(head, 44) as usize * PART_LEN {
            return None;
        }
        let part = |bytes: &[u8]| {
            let kind = match bytes[36] {
                1 => PartKind::Stub,
                2 => PartKind::Parked,
                _ => return None,
            };
            Some(Part {
                kind,
                first: frame::u64_at(bytes, 0),
                last: frame::u64_at(bytes, 8),
                records: frame::u64_at(bytes, 16),
                bytes: frame::u64_at(bytes, 24),
                crc: frame::u32_at(bytes, 32),
            })
        };
        Some(Self {
            revision: frame::u64_at(head, 16),
            position: Position {
                sequence: frame::u64_at(head, 24),
                chain: frame::u32_at(head, 40),
                generation: frame::u64_at(head, 32),
            },
            segment: frame::u64_at(head, 48),
            parts: parts.chunks_exact(PART_LEN).map(part).collect::<Option<_>>()?,
        })
    }
}

/// Whether a name is one of a part.
fn is_part(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with("stub-") || name.starts_with("parked-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RealDisk;

    #[test]
    fn one_of_the_two_files_is_enough_and_the_newer_one_counts() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let part = Part {
            kind: PartKind::Parked,
            first: 3,
            last: 9,
            records: 2,
            bytes: 700,
            crc: 7,
        };
        let mut floor = Floor {
            revision: 1,
            position: Position {
                sequence: 9,
                chain: 5,
                generation: 2,
            },
            segment: 4,
            parts: vec![part],
        };
        floor.stage(&RealDisk, path).unwrap().put().unwrap();
        let older = std::fs::read(path.join("floor")).unwrap();
        floor.revision = 2;
        floor.stage(&RealDisk, path).unwrap().put().unwrap();
        for broken in NAMES {
            let bytes = std::fs::read(path.join(broken)).unwrap();
            std::fs::write(path.join(broken), &bytes[..bytes.len() - 1]).unwrap();
            let found = Floor::find(&RealDisk, path).unwrap();
            assert_eq!((found.floor, found.whole), (floor.clone(), false));
            std::fs::write(path.join(broken), &older).unwrap();
            let found = Floor::find(&RealDisk, path).unwrap();
            assert_eq!((found.floor, found.whole), (floor.clone(), true));
            std::fs::write(path.join(broken), bytes).unwrap();
        }
    }
}
