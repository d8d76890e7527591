//! Looking at a journal's directory without changing it.

use std::{io, path::Path};

use crate::{
    Disk, Epoch, OpenError, Position, Reader, RecordView,
    facts::Shown,
    floor::{Floor, FloorFound, Part},
    found::{Found, Trust},
    open::{find_segments, lock},
    remains,
    watermark::Watermark,
};

/// What a directory holds.
pub struct Survey {
    /// Its segments, in order.
    pub segments: Vec<SegmentSurvey>,
    /// Where the log ends.
    pub end: Position,
    /// The last sequence number that the watermark vouches for.
    pub watermark: u64,
    /// Which generations wrote what.
    pub epochs: Vec<Epoch>,
    /// Records that can be read.
    pub records: u64,
    /// Frames that were damaged after they had been synced.
    pub flaws: Vec<Flaw>,
    /// A write at the end that was never acknowledged; opening the log cuts it off.
    pub torn: Option<Flaw>,
    /// Sequence numbers that were acknowledged and cannot be read.
    pub missing: Vec<std::ops::RangeInclusive<u64>>,
    /// A suffix was being cut off; opening the log finishes that.
    pub cut_under_way: bool,
    /// Everything up to here was trimmed.
    pub floor: Position,
    /// What is left of it.
    pub parts: Vec<Part>,
    /// Records that were parked and can be read.
    pub parked: u64,
    /// Records that were parked and can no longer be read.
    pub parked_lost: u64,
    /// Stretches of which not even the keys can be read.
    pub keys_lost: Vec<std::ops::RangeInclusive<u64>>,
    /// Reads the records.
    pub reader: Reader,
}

/// One segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentSurvey {
    /// Its number.
    pub ordinal: u64,
    /// Size of its file.
    pub bytes: u64,
    /// First sequence number in it; 0: it holds none.
    pub first: u64,
    /// Last sequence number in it; 0: it holds none.
    pub last: u64,
}

/// Bytes that decode as nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// In which segment.
    pub segment: u64,
    /// Where.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
}

impl Survey {
    /// Whether everything that was acknowledged is intact.
    pub const fn is_sound(&self) -> bool {
        self.flaws.is_empty() && self.missing.is_empty() && self.keys_lost.is_empty() && self.parked_lost == 0
    }
}

/// Reads every byte of the journal in `directory` and shows every readable record to `each`, parked ones first.
///
/// Nothing is changed, but the lock is held meanwhile.
///
/// # Errors
/// [`OpenError`]; damage is none.
pub fn survey(
    disk: &dyn Disk,
    directory: &Path,
    mut each: impl FnMut(&RecordView<'_>),
) -> Result<Survey, OpenError> {
    let failed = |doing: &'static str| {
        let path = directory.to_owned();
        move |source: io::Error| OpenError::Disk { doing, path, source }
    };
    let ordinals = find_segments(disk, directory)?;
    if ordinals.is_empty() && !Watermark::exists(disk, directory).map_err(failed("list"))? {
        return Err(OpenError::NotAJournal {
            path: directory.to_owned(),
        });
    }
    let _lock = lock(disk, directory)?;
    let (_, marked) = Watermark::read(disk, directory).map_err(failed("read the watermark in"))?;
    let FloorFound { floor, .. } = Floor::find(disk, directory).map_err(failed("read the floor in"))?;
    let remains = remains::read(disk, directory, &floor, &mut |_| ());
    let remains = remains.map_err(failed("read what is left of trimmed segments in"))?;
    // Opening the log finishes what was begun.
    let ordinals: Vec<u64> = ordinals.into_iter().filter(|one| *one >= floor.segment).collect();
    let mut found = Found::new(marked, &floor);
    found.index.parked = remains.parked;
    for (sequence, place) in &found.index.parked {
        // It was read a moment ago.
        if let Ok(record) = place.record(*sequence) {
            found.recovery.records += 1;
            each(&record.view());
        }
    }
    found.read(
        disk,
        directory,
        &ordinals,
        Trust::Nothing,
        &mut |shown| match shown {
            Shown::Record(view) => each(view),
            // Nothing is taken from sidecars here.
            Shown::Facts(_) => {}
        },
    )?;
    let flaw = |(segment, offset, to): (u64, u64, u64)| Flaw {
        segment,
        offset,
        bytes: to - offset,
    };
    let torn_bytes = found.recovery.torn.as_ref().map_or(0, |torn| torn.bytes);
    let torn = found
        .torn_at
        .map(|(segment, offset)| flaw((segment, offset, offset + torn_bytes)));
    let (end, flaws) = (
        found.end_position(),
        found.bad.iter().copied().map(flaw).collect(),
    );
    let mut segments = Vec::new();
    for (ordinal, file) in &found.index.segments {
        let inside = || {
            found
                .index
                .extents
                .iter()
                .filter(|extent| extent.segment == *ordinal)
        };
        segments.push(SegmentSurvey {
            ordinal: *ordinal,
            bytes: file.length().map_err(failed("measure a segment in"))?,
            first: inside().map(|extent| extent.first).min().unwrap_or(0),
            last: inside().map(|extent| extent.last).max().unwrap_or(0),
        });
    }
    found.index.end = end.sequence;
    let reader = Reader::over(found.index);
    Ok(Survey {
        segments,
        end,
        watermark: marked.sequence,
        epochs: reader.epochs(),
        records: found.recovery.records,
        flaws,
        torn,
        missing: found.recovery.missing,
        cut_under_way: marked.cut_segment != 0 && marked.cut_segment >= floor.segment,
        floor: floor.position,
        parts: floor.parts,
        parked: reader.parked(),
        parked_lost: remains.parked_lost,
        keys_lost: remains.keys_lost,
        reader,
    })
}
