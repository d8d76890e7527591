//! Opening: finding what is there, telling a torn tail from damage, and going on behind it.

use std::{
    any::Any,
    io,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
};

use crate::{
    Disk, DiskFile, Journal, Options, Position, RecordView,
    diverge::finish_cut,
    frame,
    gather::Gather,
    index::{Extent, Index},
    journal::Tail,
    scan::{self, Piece},
    segment::{self, HEADER_LEN, Maker},
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
    /// Segments read.
    pub segments: u64,
    /// Records read.
    pub records: u64,
    /// The tail of a write that was never acknowledged.
    pub torn: Option<Torn>,
    /// Frames that were damaged after they had been synced.
    pub damage: Vec<Damage>,
    /// Sequence numbers that were acknowledged and cannot be read.
    pub missing: Vec<RangeInclusive<u64>>,
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
    /// # Errors
    /// [`OpenError`]. Damage is no error: see [`Recovery`].
    pub fn open(
        disk: Arc<dyn Disk>,
        directory: &Path,
        options: Options,
        mut each: impl FnMut(&RecordView<'_>),
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
        finish_cut(&*disk, directory, &mut watermark).map_err(failed("finish a cut in", directory))?;

        let mut found = Found::new(watermark.marked());
        let ordinals = find_segments(&*disk, directory)?;
        found.read(&*disk, directory, &ordinals, &mut each)?;
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
                segment: tail.as_ref().map_or(0, |tail| tail.ordinal),
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
            end,
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

/// What was found so far.
pub(crate) struct Found {
    /// What the watermark vouches for.
    marked: Marked,
    pub(crate) index: Index,
    pub(crate) recovery: Recovery,
    /// Everything before this was synced: the last valid mark, or the watermark.
    proven: (u64, u64),
    /// The highest sequence number that a mark or the watermark vouches for, with its chain.
    vouched: (u64, u32),
    /// Bad bytes: segment, from, to.
    pub(crate) bad: Vec<(u64, u64, u64)>,
    /// The end of the last intact batch; `None` behind bad bytes, where it is unknown what must follow.
    last: Option<(u64, u32)>,
    /// Extents behind the last mark of their segment, which were not shown yet.
    unshown: Vec<Extent>,
    /// Where the torn tail begins: segment, offset.
    pub(crate) torn_at: Option<(u64, u64)>,
    /// Where the data of the last segment ends.
    data_end: u64,
}

impl Found {
    pub(crate) fn new(marked: Marked) -> Self {
        Self {
            marked,
            index: Index::default(),
            recovery: Recovery::default(),
            proven: (marked.segment, marked.offset),
            vouched: (marked.sequence, marked.chain),
            bad: Vec::new(),
            last: Some((0, 0)),
            unshown: Vec::new(),
            torn_at: None,
            data_end: HEADER_LEN,
        }
    }

    /// Reads all segments, and tells what is damaged from what is torn.
    pub(crate) fn read(
        &mut self,
        disk: &dyn Disk,
        directory: &Path,
        ordinals: &[u64],
        each: &mut impl FnMut(&RecordView<'_>),
    ) -> Result<(), OpenError> {
        let failed = |doing: &'static str, path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::Disk { doing, path, source }
        };
        for ordinal in ordinals {
            let path = segment::path(directory, *ordinal);
            let file = disk.open(&path).map_err(failed("open", &path))?;
            self.segment(*ordinal, file, each)
                .map_err(failed("read", &path))?;
        }
        self.judge(each)
            .map_err(failed("read damaged parts of", directory))
    }

    fn segment(
        &mut self,
        ordinal: u64,
        file: Arc<dyn DiskFile>,
        each: &mut impl FnMut(&RecordView<'_>),
    ) -> io::Result<()> {
        let mut bytes = vec![0; usize::try_from(file.length()?).unwrap_or(usize::MAX)];
        file.read_at(&mut bytes, 0)?;
        self.recovery.segments += 1;
        self.data_end = HEADER_LEN;
        let before = self.index.segments.last_key_value().map_or(0, |(last, _)| *last);
        if before + 1 != ordinal {
            // A whole segment is gone; what must follow is unknown.
            self.last = None;
        }
        if segment::is_header(&bytes, ordinal) {
            // A segment is begun only after the last write to the one before was synced.
            self.proven = self.proven.max((ordinal, 0));
        } else {
            self.bad.push((ordinal, 0, HEADER_LEN));
        }
        let from = self.index.extents.len();
        for piece in scan::pieces(&bytes, HEADER_LEN as usize) {
            self.piece(ordinal, piece);
        }
        for extent in &self.index.extents[from..] {
            if (extent.segment, extent.offset) < self.proven {
                let start = extent.offset as usize;
                show(
                    &bytes[start..start + extent.length as usize],
                    &mut self.recovery,
                    each,
                );
            } else {
                self.unshown.push(*extent);
            }
        }
        self.index.segments.insert(ordinal, file);
        Ok(())
    }

    fn piece(&mut self, ordinal: u64, piece: Piece) {
        match piece {
            Piece::Mark {
                offset,
                sequence,
                chain,
            } => {
                self.proven = self.proven.max((ordinal, offset as u64));
                self.vouched = self.vouched.max((sequence, chain));
                self.data_end = (offset + frame::MARK_LEN) as u64;
            }
            Piece::Batch { offset, header } => {
                let continues = self
                    .last
                    .is_none_or(|(last, chain)| header.first == last + 1 && header.previous == chain);
                let newer = self
                    .index
                    .extents
                    .last()
                    .is_none_or(|extent| header.first > extent.last);
                self.data_end = (offset + header.len()) as u64;
                if continues && newer {
                    self.index
                        .extents
                        .push(Extent::of(&header, ordinal, offset as u64));
                    self.last = Some((header.last(), header.chain));
                } else {
                    self.bad.push((ordinal, offset as u64, self.data_end));
                    self.last = None;
                }
            }
            Piece::Bad { offset, end } => {
                self.bad.push((ordinal, offset as u64, end as u64));
                self.data_end = end as u64;
                self.last = None;
            }
        }
    }

    /// Divides bad bytes into damage and torn tail, and reads what can still be read in the damaged ones.
    fn judge(&mut self, each: &mut impl FnMut(&RecordView<'_>)) -> io::Result<()> {
        let (mut damaged, mut salvaged, mut torn) = (Vec::new(), Vec::new(), None);
        for (ordinal, from, to) in std::mem::take(&mut self.bad) {
            // Damage may run into a torn tail without a frame between; the watermark then says where it ends.
            let split = if self.proven.0 == ordinal {
                to.min(self.proven.1)
            } else {
                to
            };
            if (ordinal, from) < self.proven {
                damaged.extend(self.damaged(ordinal, from, split, &mut salvaged, each)?);
                self.bad.push((ordinal, from, split));
            }
            if (ordinal, to) > self.proven {
                let from = if (ordinal, from) < self.proven {
                    split
                } else {
                    from
                };
                torn = torn.or(Some((ordinal, from)));
            }
        }
        if let Some(cut) = torn {
            // One write holds several batches; those behind the torn one belong to the same unacknowledged write.
            self.index
                .extents
                .retain(|extent| (extent.segment, extent.offset) < cut);
            self.unshown
                .retain(|extent| (extent.segment, extent.offset) < cut);
            self.recovery.torn = Some(Torn {
                bytes: self.data_end.saturating_sub(cut.1),
                kept_at: PathBuf::new(),
            });
            self.torn_at = Some(cut);
        }
        for extent in std::mem::take(&mut self.unshown) {
            let bytes = self.bytes(extent.segment, extent.offset, extent.offset + extent.length)?;
            show(&bytes, &mut self.recovery, each);
        }
        self.recovery.missing = self.missing(salvaged);
        self.index.extents.extend(damaged);
        self.index.extents.sort_by_key(|extent| extent.first);
        Ok(())
    }

    /// What can be read of damaged bytes.
    fn damaged(
        &mut self,
        ordinal: u64,
        from: u64,
        to: u64,
        salvaged: &mut Vec<u64>,
        each: &mut impl FnMut(&RecordView<'_>),
    ) -> io::Result<Option<Extent>> {
        let bytes = self.bytes(ordinal, from, to)?;
        let mut found: Option<Extent> = None;
        for view in frame::records_in(&bytes) {
            let at = self.index.find(view.sequence);
            let known = self
                .index
                .extents
                .get(at)
                .is_some_and(|extent| extent.first <= view.sequence);
            if known || salvaged.contains(&view.sequence) {
                continue;
            }
            self.recovery.records += 1;
            salvaged.push(view.sequence);
            each(&view);
            found = Some(Extent {
                first: found.map_or(view.sequence, |extent| extent.first.min(view.sequence)),
                last: found.map_or(view.sequence, |extent| extent.last.max(view.sequence)),
                generation: view.generation,
                segment: ordinal,
                offset: from,
                length: to - from,
                chain: None,
            });
        }
        Ok(found)
    }

    /// Sequence numbers that were synced once and are in no readable record.
    fn missing(&self, salvaged: Vec<u64>) -> Vec<RangeInclusive<u64>> {
        let whole = self
            .index
            .extents
            .iter()
            .map(|extent| (extent.first, extent.last));
        let mut present: Vec<_> = whole.chain(salvaged.into_iter().map(|one| (one, one))).collect();
        present.sort_unstable();
        let (mut missing, mut expected) = (Vec::new(), 1);
        for (first, last) in present {
            if first > expected {
                missing.push(expected..=first - 1);
            }
            expected = expected.max(last + 1);
        }
        if expected <= self.vouched.0 {
            missing.push(expected..=self.vouched.0);
        }
        missing
    }

    /// Copies bad bytes away. Names say what the bytes are, so that every open finds the same files.
    fn keep(&mut self, disk: &dyn Disk, quarantine: &Path) -> io::Result<()> {
        let known = disk.list(quarantine)?;
        let copy = |bytes: &[u8], kind: &str, segment: u64, offset: u64| -> io::Result<PathBuf> {
            let name = format!("{kind}-{segment:012}-{offset:012}-{:08x}", crc32c::crc32c(bytes));
            let path = quarantine.join(name);
            if !known.contains(&path) {
                let file = disk.create(&path)?;
                file.write_at(bytes, 0)?;
                file.sync_data()?;
            }
            Ok(path)
        };
        for (segment, offset, to) in std::mem::take(&mut self.bad) {
            let kept_at = copy(&self.bytes(segment, offset, to)?, "damaged", segment, offset)?;
            let bytes = to - offset;
            self.recovery.damage.push(Damage {
                segment,
                offset,
                bytes,
                kept_at,
            });
        }
        if let (Some(mut torn), Some((segment, offset))) = (self.recovery.torn.take(), self.torn_at) {
            let to = offset + torn.bytes;
            torn.kept_at = copy(&self.bytes(segment, offset, to)?, "torn", segment, offset)?;
            self.recovery.torn = Some(torn);
        }
        disk.sync_directory(quarantine)
    }

    /// Where the log ends, readable or not.
    pub(crate) fn end_position(&self) -> Position {
        let last = self.index.extents.last().copied();
        let mut end = Position {
            sequence: last.map_or(0, |extent| extent.last),
            chain: last.and_then(|extent| extent.chain).unwrap_or(0),
            generation: last.map_or(0, |extent| extent.generation),
        };
        if self.vouched.0 > end.sequence || (self.vouched.0 == end.sequence && end.chain == 0) {
            // The last batch is damaged or gone: its number is never given to another message.
            (end.sequence, end.chain) = self.vouched;
        }
        end
    }

    /// Erases the torn tail; says where the log ends and where the next write goes.
    fn end(&mut self) -> io::Result<(Position, Option<Tail>)> {
        let end = self.end_position();
        let Some((ordinal, file)) = self.index.segments.last_key_value() else {
            return Ok((end, None));
        };
        let mut offset = self.data_end;
        if let Some((segment, from)) = self.torn_at.filter(|(segment, _)| segment == ordinal) {
            debug_assert_eq!(segment, *ordinal, "only the last write can be torn");
            segment::erase(&**file, from, self.data_end.max(from))?;
            offset = from;
        }
        self.write_unproven_again(*ordinal, &**file, offset)?;
        if self.marked.segment == *ordinal {
            offset = offset.max(self.marked.offset);
        }
        let tail = Tail {
            ordinal: *ordinal,
            file: Arc::clone(file),
            offset: offset.max(HEADER_LEN),
        };
        Ok((end, Some(tail)))
    }

    /// The last write may have been read from the page cache after its sync had failed: the medium need not have it,
    /// and another sync would not bring it there. From now on it counts as stored, so it is written once more.
    fn write_unproven_again(&self, ordinal: u64, file: &dyn DiskFile, to: u64) -> io::Result<()> {
        let from = if self.proven.0 == ordinal {
            self.proven.1
        } else {
            0
        };
        if from >= to {
            return Ok(());
        }
        file.write_at(&self.bytes(ordinal, from, to)?, from)?;
        file.sync_data()
    }

    fn bytes(&self, segment: u64, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let file = self.index.segments.get(&segment).ok_or(io::ErrorKind::NotFound)?;
        // A segment may have been truncated in the middle of what is wanted.
        let to = to.min(file.length()?);
        let mut bytes = vec![0; usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX)];
        file.read_at(&mut bytes, from)?;
        Ok(bytes)
    }
}

fn show(batch: &[u8], recovery: &mut Recovery, each: &mut impl FnMut(&RecordView<'_>)) {
    for view in frame::records_in(&batch[frame::BATCH_LEN..]) {
        recovery.records += 1;
        each(&view);
    }
}
