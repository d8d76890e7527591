//! A copy of a journal that is in use, made beside its writer and without its help.
//!
//! Everything up to the watermark was synced. So: read the watermark, link what is sealed before it, copy the segment
//! that it lies in up to it, and write its own watermark. Whatever the writer did meanwhile that matters (a cut, a trim)
//! shows when the copy is read whole, and then it is made anew. Links cost no room; a writer that changes a segment in
//! place gives itself a copy first ([`crate::Disk::detach`]).

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use crate::{
    Disk as _, OpenError, Position, RealDisk, Survey,
    floor::Floor,
    open::find_segments,
    segment, survey,
    watermark::{Marked, Watermark},
};

/// A writer that cuts or trims all the time is not there.
const TRIES_MAX: u32 = 5;

/// What was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Where it ends.
    pub end: Position,
    /// Everything up to here had been trimmed before.
    pub floor: Position,
    /// Records in it.
    pub records: u64,
    /// Files that are links: they take no room as long as the journal has them.
    pub linked: u64,
    /// Bytes that were copied.
    pub copied_bytes: u64,
}

/// Why no copy was made.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// There is something already.
    #[error("{} is not an empty directory", .0.display())]
    NotEmpty(PathBuf),
    /// Nothing in the directory belongs to a journal.
    #[error("{} holds no journal", .0.display())]
    NotAJournal(PathBuf),
    /// A file operation failed.
    #[error("cannot {doing} {}", path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The copy cannot be read.
    #[error("the copy cannot be read")]
    Open(#[from] OpenError),
    /// The journal is damaged, and so is its copy; or it changed each time.
    #[error("the copy is not whole: {why}")]
    NotWhole {
        /// What is wrong with it.
        why: String,
    },
}

/// One try.
struct Copy<'a> {
    from: &'a Path,
    to: &'a Path,
    linked: u64,
    copied_bytes: u64,
}

/// Makes a copy of the journal in `from`, which may be in use, in the empty or new directory `to`, and reads it whole.
///
/// # Errors
/// [`SnapshotError`]; what was made so far is removed.
pub fn snapshot(from: &Path, to: &Path) -> Result<Snapshot, SnapshotError> {
    let failed = |doing: &'static str, path: &Path| {
        let path = path.to_owned();
        move |source| SnapshotError::File { doing, path, source }
    };
    if !Watermark::exists(&RealDisk, from).map_err(failed("list", from))? {
        return Err(SnapshotError::NotAJournal(from.to_owned()));
    }
    fs::create_dir_all(to).map_err(failed("create", to))?;
    if fs::read_dir(to).map_err(failed("list", to))?.next().is_some() {
        return Err(SnapshotError::NotEmpty(to.to_owned()));
    }
    let mut why = String::new();
    for _ in 0..TRIES_MAX {
        let mut copy = Copy {
            from,
            to,
            linked: 0,
            copied_bytes: 0,
        };
        let checked = match copy.make() {
            Ok(marked) => check(to, marked)?,
            // A segment went while it was to be linked.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error.to_string()),
            Err(error) => {
                clear(to);
                return Err(failed("copy the journal to", to)(error));
            }
        };
        match checked {
            Ok(found) => {
                return Ok(Snapshot {
                    end: found.end,
                    floor: found.floor,
                    records: found.records,
                    linked: copy.linked,
                    copied_bytes: copy.copied_bytes,
                });
            }
            Err(what) => why = what,
        }
        clear(to);
    }
    Err(SnapshotError::NotWhole { why })
}

/// The copy is what was promised, or why it is not.
fn check(to: &Path, marked: Marked) -> Result<Result<Survey, String>, OpenError> {
    let found = survey(&RealDisk, to, |_| ())?;
    let end = (found.end.sequence, found.end.chain);
    let whole = if marked.cut_segment != 0 {
        Err("a suffix was being cut off".to_owned())
    } else if !found.is_sound() {
        Err(format!(
            "{} damaged places, {} stretches that cannot be read",
            found.flaws.len(),
            found.missing.len()
        ))
    } else if end != (marked.sequence, marked.chain) {
        Err(format!("it ends at {}, not at {}", end.0, marked.sequence))
    } else {
        Ok(())
    };
    Ok(whole.map(|()| found))
}

/// Removes what a try has left; nothing else is in there.
fn clear(to: &Path) {
    for file in fs::read_dir(to).into_iter().flatten().flatten() {
        // What stays is told by the next try.
        let _ = fs::remove_file(file.path());
    }
}

// === impl Copy ===

impl Copy<'_> {
    fn make(&mut self) -> io::Result<Marked> {
        let (_, marked) = Watermark::read(&RealDisk, self.from)?;
        let floor = Floor::find(&RealDisk, self.from)?.floor;
        let ordinals = find_segments(&RealDisk, self.from).map_err(io::Error::other)?;
        for part in &floor.parts {
            let path = part.path(self.from);
            self.link(&path)?;
        }
        for ordinal in ordinals.into_iter().filter(|one| *one >= floor.segment) {
            let path = segment::path(self.from, ordinal);
            if ordinal < marked.segment {
                self.link(&path)?;
            } else if ordinal == marked.segment {
                self.copy_up_to(&path, marked.offset)?;
            }
        }
        if floor.revision > 0 {
            floor.stage(&RealDisk, self.to)?.put()?;
        }
        let mut watermark = Watermark::open(&RealDisk, self.to)?;
        watermark.write(marked)?;
        watermark.settle()?;
        RealDisk.sync_directory(self.to)?;
        Ok(marked)
    }

    fn place(&self, path: &Path) -> PathBuf {
        self.to.join(path.file_name().unwrap_or_default())
    }

    /// On another file system it is copied.
    fn link(&mut self, path: &Path) -> io::Result<()> {
        let to = self.place(path);
        match fs::hard_link(path, &to) {
            Ok(()) => self.linked += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
            Err(_) => {
                self.copied_bytes += fs::copy(path, &to)?;
                File::open(&to)?.sync_all()?;
            }
        }
        Ok(())
    }

    /// The same bytes up to an offset, and zeros behind.
    fn copy_up_to(&mut self, path: &Path, offset: u64) -> io::Result<()> {
        let from = File::open(path)?;
        let length = from.metadata()?.len();
        let mut to = File::create_new(self.place(path))?;
        let offset = offset.max(segment::HEADER_LEN).min(length);
        let copied = io::copy(&mut (&from).take(offset), &mut to)?;
        to.set_len(length)?;
        to.sync_all()?;
        self.copied_bytes += copied;
        Ok(())
    }
}
