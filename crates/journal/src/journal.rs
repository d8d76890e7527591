//! The journal itself: its options, its state, and what it says about itself.

use std::{
    any::Any,
    path::PathBuf,
    sync::{Arc, RwLock},
    thread::JoinHandle,
};

use crate::{
    Disk, DiskFile, Position, Reader, append::AppendError, gather::Gather, index::Index, segment::Maker,
    sidecar::Collector, watermark::Watermark,
};

/// How a journal is kept. There is no default: the size of a segment bounds the size of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Size of one segment.
    pub segment_bytes: u64,
    /// When the next segment is made.
    pub preparation: Preparation,
}

/// When the next segment is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preparation {
    /// Ahead of need, on a thread of its own, so that no append waits for zeros to be written.
    Ahead,
    /// When it is needed; every file operation then happens in the order of the calls.
    OnDemand,
}

/// A log open for appending. One writer; readers come from [`Journal::reader`].
pub struct Journal {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) directory: PathBuf,
    pub(crate) options: Options,
    pub(crate) maker: Maker,
    pub(crate) watermark: Watermark,
    pub(crate) gather: Gather,
    pub(crate) index: Arc<RwLock<Index>>,
    /// Open segment, its ordinal, and where the next write goes; `None` before the first append.
    pub(crate) tail: Option<Tail>,
    /// What the sidecar of the open segment will say; `None`: it is made at the next start.
    pub(crate) collected: Option<Collector>,
    pub(crate) scribe: Scribe,
    /// End of the log as the next batch must continue it.
    pub(crate) end: Position,
    /// Of the last floor that was written, or may have been.
    pub(crate) floor_revision: u64,
    pub(crate) poison: Option<String>,
    pub(crate) _lock: Box<dyn Any + Send + Sync>,
}

/// The segment that is being written.
pub(crate) struct Tail {
    pub(crate) ordinal: u64,
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) offset: u64,
}

/// Writes sidecars, on a thread of its own where segments are made ahead of need.
#[derive(Default)]
pub(crate) struct Scribe(Option<JoinHandle<()>>);

impl Scribe {
    fn write(&mut self, preparation: Preparation, write: impl FnOnce() + Send + 'static) {
        self.wait();
        match preparation {
            Preparation::OnDemand => write(),
            Preparation::Ahead => {
                let thread = std::thread::Builder::new().name("journal-facts".to_owned());
                // Without a thread there is no sidecar, and the next start makes it.
                self.0 = thread.spawn(write).ok();
            }
        }
    }

    /// Returns when no sidecar is being written: a late one would lie beside a segment that was changed meanwhile.
    pub(crate) fn wait(&mut self) {
        if let Some(writing) = self.0.take() {
            let _ = writing.join();
        }
    }
}

impl Drop for Scribe {
    fn drop(&mut self) {
        // So that nobody writes to the directory after the journal was closed.
        self.wait();
    }
}

impl Journal {
    /// The open segment is sealed: everything in it is synced, and nothing more goes into it.
    pub(crate) fn seal(&mut self, ordinal: u64) {
        let Some(collected) = self.collected.take() else {
            return;
        };
        let (disk, directory) = (Arc::clone(&self.disk), self.directory.clone());
        let segment_bytes = self.options.segment_bytes;
        self.scribe.write(self.options.preparation, move || {
            // A start without it reads the segment and makes it.
            let _ = collected.write(&*disk, &directory, ordinal, segment_bytes);
        });
    }

    /// Reads beside this writer.
    pub fn reader(&self) -> Reader {
        Reader {
            index: Arc::clone(&self.index),
        }
    }

    /// The end of the log, everything up to which is synced.
    pub const fn position(&self) -> Position {
        self.end
    }

    /// Bytes of all segments on disk, and of what is left of those that were trimmed.
    pub fn bytes(&self) -> u64 {
        let reader = self.reader();
        let index = reader.index();
        let parts: u64 = index.parts.iter().map(|part| part.bytes).sum();
        index.segments.len() as u64 * self.options.segment_bytes + parts
    }

    /// Why nothing can be appended any more.
    pub fn poison(&self) -> Option<&str> {
        self.poison.as_deref()
    }

    /// Makes the watermark durable; call it in quiet moments.
    ///
    /// # Errors
    /// When the sync fails, which poisons the journal.
    pub fn settle(&mut self) -> Result<(), AppendError> {
        self.check_poison()?;
        let settled = self.watermark.settle();
        settled.map_err(|source| self.poisoned_by("sync the watermark", source))
    }
}
