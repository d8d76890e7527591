//! Opening: finding what is there, telling a torn tail from damage, and going on behind it.

use std::{
    any::Any,
    io,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
};

use crate::{
    Disk, Facts, Journal, Options,
    diverge::finish_cut,
    floor::{Floor, FloorFound},
    found::{Found, Trust},
    gather::Gather,
    journal::Scribe,
    remains,
    segment::{self, Maker},
    watermark::{Marked, Watermark},
};

/// Why a journal cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// Nothing in the directory belongs to a journal.
    #[error("{} holds no journal", path.display())]
    NotAJournal {
        /// The directory.
        path: PathBuf,
    },
    /// A segment this small could not hold one message.
    #[error("a segment of {bytes} bytes is smaller than {SEGMENT_BYTES_MIN}")]
    SegmentTooSmall {
        /// The size asked for.
        bytes: u64,
    },
    /// A file operation failed.
    #[error("cannot {doing} {}", path.display())]
    Disk {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Smaller segments are refused.
const SEGMENT_BYTES_MIN: u64 = 4096;

/// What opening found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Segments found.
    pub segments: u64,
    /// Of those, segments of which the sidecar was read instead.
    pub by_sidecar: u64,
    /// Records read.
    pub records: u64,
    /// The tail of a write that was never acknowledged.
    pub torn: Option<Torn>,
    /// Frames that were damaged after they had been synced.
    pub damage: Vec<Damage>,
    /// Sequence numbers that were acknowledged and cannot be read.
    pub missing: Vec<RangeInclusive<u64>>,
    /// Everything up to here was trimmed.
    pub trimmed: u64,
    /// Records of it that were parked, and can be read.
    pub parked: u64,
    /// Records that were parked, and can no longer be read; the other region may have them.
    pub parked_lost: u64,
    /// Of these a message that comes again is taken for a new one.
    pub keys_lost: Vec<RangeInclusive<u64>>,
}

/// A torn tail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// Its size.
    pub bytes: u64,
    /// Where its bytes were copied to.
    pub kept_at: PathBuf,
}

/// Damaged bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// In which segment.
    pub segment: u64,
    /// Where.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
    /// Where they were copied to.
    pub kept_at: PathBuf,
}

impl Journal {
    /// Opens the journal in `directory`, creating it if there is none, and shows every readable record to `each`, in
    /// order within every stretch without damage.
    ///
    /// Segments with a sidecar are not read: [`Reader::unchecked`] says which.
    ///
    /// [`Reader::unchecked`]: crate::Reader::unchecked
    ///
    /// # Errors
    /// [`OpenError`]. Damage is no error: see [`Recovery`].
    pub fn open(
        disk: Arc<dyn Disk>,
        directory: &Path,
        options: Options,
        mut each: impl FnMut(&Facts<'_>),
    ) -> Result<(Self, Recovery), OpenError> {
        if options.segment_bytes < SEGMENT_BYTES_MIN {
            return Err(OpenError::SegmentTooSmall {
                bytes: options.segment_bytes,
            });
        }
        let failed = |doing: &'static str, path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::Disk { doing, path, source }
        };
        for part in [
            directory.to_owned(),
            directory.join("quarantine"),
            directory.join("set-aside"),
        ] {
            disk.create_dir(&part).map_err(failed("create", &part))?;
        }
        let lock = lock(&*disk, directory)?;
        // After a sync of the directory that failed, names may be here that the medium has not.
        disk.sync_directory(directory)
            .map_err(failed("sync", directory))?;
        let mut watermark =
            Watermark::open(&*disk, directory).map_err(failed("read the watermark in", directory))?;
        let FloorFound { floor, whole, twice } =
            Floor::find(&*disk, directory).map_err(failed("read the floor in", directory))?;
        finish_cut(&*disk, directory, &mut watermark, floor.segment)
            .map_err(failed("finish a cut in", directory))?;
        if floor.revision > 0 {
            floor
                .clean_up(&*disk, directory, whole)
                .and_then(|()| match twice {
                    true => Ok(()),
                    // A crash came between the two, or one of them rotted.
                    false => floor.stage(&*disk, directory)?.put(),
                })
                .map_err(failed("finish trimming", directory))?;
        }

        let mut found = Found::new(watermark.marked(), &floor);
        let remains = remains::read(&*disk, directory, &floor, &mut each)
            .map_err(failed("read what is left of trimmed segments in", directory))?;
        found.index.parked = remains.parked;
        found.recovery.trimmed = floor.position.sequence;
        found.recovery.parked = found.index.parked.len() as u64;
        found.recovery.parked_lost = remains.parked_lost;
        found.recovery.keys_lost = remains.keys_lost;
        let ordinals = find_segments(&*disk, directory)?;
        found.read(&*disk, directory, &ordinals, Trust::Sidecars, &mut |shown| {
            each(&shown.facts())
        })?;
        let quarantine = directory.join("quarantine");
        found
            .keep(&*disk, &quarantine)
            .map_err(failed("copy bad bytes to", &quarantine))?;
        let (end, tail) = found.end().map_err(failed("cut the torn tail in", directory))?;
        found.index.end = end.sequence;
        watermark
            .write(Marked {
                sequence: end.sequence,
                chain: end.chain,
                // Before the floor's segment it would say nothing.
                segment: tail.as_ref().map_or(floor.segment, |tail| tail.ordinal),
                offset: tail.as_ref().map_or(0, |tail| tail.offset),
                cut_segment: 0,
                cut_offset: 0,
            })
            .and_then(|()| watermark.settle())
            .map_err(failed("write the watermark in", directory))?;

        let directory = directory.to_owned();
        let mut maker = Maker::new(
            Arc::clone(&disk),
            directory.clone(),
            options.segment_bytes,
            options.preparation,
        );
        maker.prepare();
        let recovery = found.recovery;
        let journal = Self {
            disk,
            directory,
            options,
            maker,
            watermark,
            gather: Gather::default(),
            index: Arc::new(RwLock::new(found.index)),
            tail,
            collected: found.collected,
            scribe: Scribe::default(),
            end,
            floor_revision: floor.revision,
            poison: None,
            _lock: lock,
        };
        Ok((journal, recovery))
    }
}

/// Takes the lock of a journal's directory.
pub(crate) fn lock(disk: &dyn Disk, directory: &Path) -> Result<Box<dyn Any + Send + Sync>, OpenError> {
    let path = directory.join("lock");
    disk.lock(&path).map_err(|source| match source.kind() {
        io::ErrorKind::WouldBlock => OpenError::InUse {
            path: directory.to_owned(),
        },
        _ => OpenError::Disk {
            doing: "lock",
            path: directory.to_owned(),
            source,
        },
    })
}

/// The ordinals of the segments in a directory, in order.
pub(crate) fn find_segments(disk: &dyn Disk, directory: &Path) -> Result<Vec<u64>, OpenError> {
    let paths = disk.list(directory).map_err(|source| OpenError::Disk {
        doing: "list",
        path: directory.to_owned(),
        source,
    })?;
    let mut ordinals: Vec<u64> = paths
        .iter()
        .filter_map(|path| segment::ordinal_of(path))
        .collect();
    ordinals.sort_unstable();
    Ok(ordinals)
}
