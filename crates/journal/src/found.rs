//! What is in the segments: intact batches, damage, and a torn tail told apart.

use std::{
    io,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    Damage, Disk, DiskFile, OpenError, Position, Recovery, Torn,
    facts::Shown,
    floor::Floor,
    frame,
    index::{Extent, Index},
    journal::Tail,
    scan::{self, Piece},
    segment::{self, HEADER_LEN},
    sidecar::{self, Collector, Sidecar},
    watermark::Marked,
};

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
    /// What the sidecar of the last segment that was read will say; `None`: it holds bad bytes.
    pub(crate) collected: Option<Collector>,
}

/// What is believed of a segment that is no longer written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// What its sidecar says.
    Sidecars,
    /// Only its own bytes.
    Nothing,
}

impl Found {
    pub(crate) fn new(marked: Marked, floor: &Floor) -> Self {
        // Of a log that was begun anew behind another floor the watermark says nothing.
        let marked = if marked.segment < floor.segment {
            Marked {
                sequence: floor.position.sequence,
                chain: floor.position.chain,
                segment: floor.segment,
                ..Marked::default()
            }
        } else {
            marked
        };
        let index = Index {
            floor: floor.position,
            floor_segment: floor.segment,
            parts: floor.parts.clone(),
            ..Index::default()
        };
        Self {
            marked,
            index,
            recovery: Recovery::default(),
            proven: (marked.segment, marked.offset),
            vouched: (marked.sequence, marked.chain),
            bad: Vec::new(),
            last: Some((floor.position.sequence, floor.position.chain)),
            unshown: Vec::new(),
            torn_at: None,
            data_end: HEADER_LEN,
            collected: None,
        }
    }

    /// Reads all segments, and tells what is damaged from what is torn.
    pub(crate) fn read(
        &mut self,
        disk: &dyn Disk,
        directory: &Path,
        ordinals: &[u64],
        trust: Trust,
        each: &mut impl FnMut(Shown<'_>),
    ) -> Result<(), OpenError> {
        let failed = |doing: &'static str, path: &Path| {
            let path = path.to_owned();
            move |source| OpenError::Disk { doing, path, source }
        };
        for (at, ordinal) in ordinals.iter().enumerate() {
            let path = segment::path(directory, *ordinal);
            let file = disk.open(&path).map_err(failed("open", &path))?;
            let expected = at.checked_sub(1).map(|before| ordinals[before] + 1);
            if expected.unwrap_or(self.index.floor_segment.max(1)) != *ordinal {
                // A whole segment is gone; what must follow is unknown.
                self.last = None;
            }
            let next = ordinals.get(at + 1);
            if trust == Trust::Sidecars
                && let Some(next) = next
                && let Some(sidecar) = Sidecar::read(disk, directory, *ordinal, &*file)
                && self.continues(&sidecar)
                && first_of(disk, directory, *next) == sidecar.extents.last().map(|extent| extent.last + 1)
            {
                self.sidecar(*ordinal, file, &sidecar, each);
                continue;
            }
            self.segment(*ordinal, Arc::clone(&file), each)
                .map_err(failed("read", &path))?;
            if trust == Trust::Sidecars {
                self.renew_sidecar(disk, directory, *ordinal, next.is_some())
                    .map_err(failed("remove the sidecar of", &path))?;
            }
        }
        self.judge(each)
            .map_err(failed("read damaged parts of", directory))
    }

    /// Makes the sidecar of a segment that was read whole; one that is written still, or holds bad bytes, must have none.
    fn renew_sidecar(
        &mut self,
        disk: &dyn Disk,
        directory: &Path,
        ordinal: u64,
        sealed: bool,
    ) -> io::Result<()> {
        let length = self
            .index
            .segments
            .get(&ordinal)
            .map_or(Ok(0), |file| file.length())?;
        match self.collected.take_if(|_| sealed) {
            Some(collected) => {
                // Without it this segment is read whole again at the next start.
                let _ = collected.write(disk, directory, ordinal, length);
                Ok(())
            }
            None => sidecar::remove(disk, directory, ordinal),
        }
    }

    /// Whether what a sidecar says follows what was found before it.
    fn continues(&self, sidecar: &Sidecar) -> bool {
        let Some(first) = sidecar.extents.first().map(|extent| extent.first) else {
            return false;
        };
        let before = self.index.extents.last();
        let newer = first > before.map_or(self.index.floor.sequence, |extent| extent.last);
        newer
            && self
                .last
                .is_none_or(|(last, chain)| first == last + 1 && sidecar.previous == chain)
    }

    /// Takes over what a sidecar says of a segment, instead of reading it.
    fn sidecar(
        &mut self,
        ordinal: u64,
        file: Arc<dyn DiskFile>,
        sidecar: &Sidecar,
        each: &mut impl FnMut(Shown<'_>),
    ) {
        self.recovery.segments += 1;
        self.recovery.by_sidecar += 1;
        if let Some(last) = sidecar.extents.last() {
            // It was made after everything in the segment had been synced.
            self.data_end = last.offset + last.length;
            self.proven = self.proven.max((ordinal, self.data_end));
            let end = (last.last, last.chain.unwrap_or(0));
            self.vouched = self.vouched.max(end);
            self.last = Some(end);
        }
        self.index.extents.extend_from_slice(&sidecar.extents);
        self.index.segments.insert(ordinal, file);
        self.index.unchecked.insert(ordinal);
        for facts in sidecar.facts() {
            self.recovery.records += 1;
            each(Shown::Facts(facts));
        }
    }

    fn segment(
        &mut self,
        ordinal: u64,
        file: Arc<dyn DiskFile>,
        each: &mut impl FnMut(Shown<'_>),
    ) -> io::Result<()> {
        let mut bytes = vec![0; usize::try_from(file.length()?).unwrap_or(usize::MAX)];
        file.read_at(&mut bytes, 0)?;
        self.recovery.segments += 1;
        self.data_end = HEADER_LEN;
        let whole = segment::is_header(&bytes, ordinal);
        if whole {
            // A segment is begun only after the last write to the one before was synced.
            self.proven = self.proven.max((ordinal, 0));
        } else {
            self.bad.push((ordinal, 0, HEADER_LEN));
        }
        let (from, bad) = (self.index.extents.len(), self.bad.len());
        let pieces = scan::pieces(&bytes, HEADER_LEN as usize);
        for piece in &pieces {
            self.piece(ordinal, *piece);
        }
        let clean = self.bad.len() == bad && whole;
        self.collected = clean.then(|| collect(&pieces, &bytes));
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
                let before = self.index.extents.last();
                let newer = header.first > before.map_or(self.index.floor.sequence, |extent| extent.last);
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
    fn judge(&mut self, each: &mut impl FnMut(Shown<'_>)) -> io::Result<()> {
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
        each: &mut impl FnMut(Shown<'_>),
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
            each(Shown::Record(&view));
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
        let (mut missing, mut expected) = (Vec::new(), self.index.floor.sequence + 1);
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

    /// Copies bad bytes away.
    pub(crate) fn keep(&mut self, disk: &dyn Disk, quarantine: &Path) -> io::Result<()> {
        let known = disk.list(quarantine)?;
        let copy = |bytes: &[u8], kind: &str, segment: u64, offset: u64| -> io::Result<PathBuf> {
            let path = quarantine.join(kept_name(kind, segment, offset, bytes));
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
        let (last, floor) = (self.index.extents.last().copied(), self.index.floor);
        let mut end = Position {
            sequence: last.map_or(floor.sequence, |extent| extent.last),
            chain: last.map_or(floor.chain, |extent| extent.chain.unwrap_or(0)),
            generation: last.map_or(floor.generation, |extent| extent.generation),
        };
        if self.vouched.0 > end.sequence || (self.vouched.0 == end.sequence && end.chain == 0) {
            // The last batch is damaged or gone: its number is never given to another message.
            (end.sequence, end.chain) = self.vouched;
        }
        end
    }

    /// Erases the torn tail; says where the log ends and where the next write goes.
    pub(crate) fn end(&mut self) -> io::Result<(Position, Option<Tail>)> {
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

/// What the header of a segment says is its first sequence number, if it is intact.
fn first_of(disk: &dyn Disk, directory: &Path, ordinal: u64) -> Option<u64> {
    let file = disk.open(&segment::path(directory, ordinal)).ok()?;
    segment::first_of(&*file, ordinal)
}

/// Name of a copy of bad bytes: it says what they are, so that every open finds the same files.
pub(crate) fn kept_name(kind: &str, segment: u64, offset: u64, bytes: &[u8]) -> String {
    format!("{kind}-{segment:012}-{offset:012}-{:08x}", crc32c::crc32c(bytes))
}

fn collect(pieces: &[Piece], bytes: &[u8]) -> Collector {
    let mut collected = Collector::default();
    for piece in pieces {
        if let Piece::Batch { offset, header } = piece {
            collected.add(header, *offset as u64, &bytes[*offset..*offset + header.len()]);
        }
    }
    collected
}

fn show(batch: &[u8], recovery: &mut Recovery, each: &mut impl FnMut(Shown<'_>)) {
    for view in frame::records_in(&batch[frame::BATCH_LEN..]) {
        recovery.records += 1;
        each(Shown::Record(&view));
    }
}
